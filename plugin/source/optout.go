package source

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// ReadOptedOut finds the namespaces of scope that desired.NamespaceLabel takes out.
// Without the right to see namespaces none is, and a note says so.
func (l *Loaded) ReadOptedOut(ctx context.Context, client kubernetes.Interface, scope Scope) error {
	l.OptedOut = map[string]bool{}
	add := func(namespace *corev1.Namespace) {
		if namespace.Labels[desired.NamespaceLabel] == desired.NamespaceDisabled {
			l.OptedOut[namespace.Name] = true
		}
	}
	var err error
	if scope.Namespace != "" {
		// Whoever works in one namespace may often read that one and no list.
		var namespace *corev1.Namespace
		if namespace, err = client.CoreV1().Namespaces().Get(ctx, scope.Namespace, metav1.GetOptions{}); err == nil {
			add(namespace)
		}
	} else {
		err = pages(ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = desired.NamespaceLabel + "=" + desired.NamespaceDisabled
			return client.CoreV1().Namespaces().List(ctx, options)
		}, add)
	}
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		which := "namespaces"
		if scope.Namespace != "" {
			which = "namespace " + scope.Namespace
		}
		l.Notes = append(l.Notes, "not allowed to read "+which+": whether the label "+desired.NamespaceLabel+" opts out is not checked")
		return nil
	}
	return fmt.Errorf("reading namespaces: %w", err)
}
