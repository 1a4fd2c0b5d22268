// Package capability is the flag by which a cluster says that it understands
// IngressRoutes: the ConfigMap kube-public/ingress-migrate, which every
// authenticated user may read, so that deploy tooling can ask before it applies:
//
//	kubectl get configmap ingress-migrate -n kube-public -o jsonpath='{.data.ingressRoutes}'
package capability

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Where the flag is.
const (
	Namespace = "kube-public"
	Name      = "ingress-migrate"

	manager = "ingress-migrate-capability"
)

// Flag is what the ConfigMap says.
type Flag struct {
	// IngressRoutes is true when routes may be applied to this cluster.
	IngressRoutes bool
	// APIVersion is that of the routes, such as traefik.io/v1alpha1.
	APIVersion string
	// Webhook is true while the webhook makes the routes by itself.
	Webhook bool
	// WebhookNamespace is where the webhook is installed; empty: nowhere, or by
	// somebody who did not say.
	WebhookNamespace string
	// Since is when the flag was set first, RFC 3339.
	Since string
}

// Get returns the flag, nil when the cluster has none.
func Get(ctx context.Context, client kubernetes.Interface) (*Flag, error) {
	found, err := client.CoreV1().ConfigMaps(Namespace).Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the capability flag %s/%s: %w", Namespace, Name, err)
	}
	return &Flag{
		IngressRoutes: found.Data["ingressRoutes"] == "true",
		APIVersion:    found.Data["apiVersion"],
		Webhook:       found.Data["webhook"] == "true",
		Since:         found.Data["since"],

		WebhookNamespace: found.Data["webhookNamespace"],
	}, nil
}

// Set writes the flag and lets every authenticated user read it. dryRun asks the
// server without changing anything.
func Set(ctx context.Context, client kubernetes.Interface, flag Flag, dryRun bool) error {
	options := metav1.PatchOptions{FieldManager: manager, Force: new(true)}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	word := map[bool]string{true: "true", false: "false"}
	data := map[string]string{
		"ingressRoutes": word[flag.IngressRoutes], "apiVersion": flag.APIVersion,
		"webhook": word[flag.Webhook], "since": flag.Since,
	}
	if flag.WebhookNamespace != "" {
		data["webhookNamespace"] = flag.WebhookNamespace
	}
	objects := []struct {
		object any
		patch  func(name string, raw []byte) error
	}{
		{&corev1.ConfigMap{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
			ObjectMeta: meta(),
			Data:       data,
		}, func(name string, raw []byte) error {
			_, err := client.CoreV1().ConfigMaps(Namespace).Patch(ctx, name, types.ApplyPatchType, raw, options)
			return err
		}},
		{&rbacv1.Role{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
			ObjectMeta: meta(),
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{Name}, Verbs: []string{"get"}}},
		}, func(name string, raw []byte) error {
			_, err := client.RbacV1().Roles(Namespace).Patch(ctx, name, types.ApplyPatchType, raw, options)
			return err
		}},
		{&rbacv1.RoleBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
			ObjectMeta: meta(),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: Name},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:authenticated"}},
		}, func(name string, raw []byte) error {
			_, err := client.RbacV1().RoleBindings(Namespace).Patch(ctx, name, types.ApplyPatchType, raw, options)
			return err
		}},
	}
	for _, o := range objects {
		raw, err := json.Marshal(o.object)
		if err != nil {
			return fmt.Errorf("encode %T: %w", o.object, err)
		}
		if err := o.patch(Name, raw); err != nil {
			return fmt.Errorf("write the capability flag %s/%s: %w", Namespace, Name, err)
		}
	}
	return nil
}

// Remove takes the flag away; a missing one is no error.
func Remove(ctx context.Context, client kubernetes.Interface) error {
	removals := []func() error{
		func() error {
			return client.CoreV1().ConfigMaps(Namespace).Delete(ctx, Name, metav1.DeleteOptions{})
		},
		func() error { return client.RbacV1().RoleBindings(Namespace).Delete(ctx, Name, metav1.DeleteOptions{}) },
		func() error { return client.RbacV1().Roles(Namespace).Delete(ctx, Name, metav1.DeleteOptions{}) },
	}
	for _, remove := range removals {
		if err := remove(); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove the capability flag %s/%s: %w", Namespace, Name, err)
		}
	}
	return nil
}

func meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: Name, Namespace: Namespace, Labels: map[string]string{"app.kubernetes.io/part-of": "ingress-migrate"}}
}
