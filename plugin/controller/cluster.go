package controller

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// FromCluster lists the workloads of a cluster. What may not be listed is in the
// notes; only a cluster that does not answer is an error.
func FromCluster(ctx context.Context, client kubernetes.Interface) (workloads []source.Workload, notes []string, err error) {
	var forbidden []string
	for _, kind := range []struct {
		resource string
		list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	}{
		{"daemonsets", func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.AppsV1().DaemonSets("").List(ctx, options)
		}},
		{"deployments", func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.AppsV1().Deployments("").List(ctx, options)
		}},
	} {
		err := pager.New(kind.list).EachListItem(ctx, metav1.ListOptions{LabelSelector: "!" + fleet.PrePullLabel}, func(object runtime.Object) error {
			switch o := object.(type) {
			case *appsv1.DaemonSet:
				workloads = append(workloads, source.Workload{Kind: "DaemonSet", Namespace: o.Namespace, Name: o.Name, Pod: o.Spec.Template.Spec})
			case *appsv1.Deployment:
				workloads = append(workloads, source.Workload{Kind: "Deployment", Namespace: o.Namespace, Name: o.Name, Pod: o.Spec.Template.Spec})
			}
			return nil
		})
		switch {
		case apierrors.IsForbidden(err):
			forbidden = append(forbidden, kind.resource)
		case err != nil && !apierrors.IsNotFound(err):
			return nil, nil, fmt.Errorf("listing %s: %w", kind.resource, err)
		}
	}
	if len(forbidden) > 0 {
		notes = []string{"not allowed to list " + strings.Join(forbidden, " and ") + ": what is to know of the old controllers is not read from them, say it with --source-args"}
	}
	return workloads, notes, nil
}

// ConfigMaps reads those of a cluster.
func ConfigMaps(ctx context.Context, client kubernetes.Interface) ConfigMap {
	return func(namespace, name string) (map[string]string, bool) {
		found, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, false
		}
		return found.Data, true
	}
}
