package install

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/capability"
)

// Uninstall removes objects (of Objects): first what stops admission, then what
// writes, and what tells how routes were made only when nothing asks for it any more.
// Each step can be done again, so a run that was killed is finished by the next one.
// Routes stay; with keepRoutes they also stay when their Ingress is deleted later.
func (i *Installer) Uninstall(ctx context.Context, objects []*unstructured.Unstructured, keepRoutes bool) error {
	if err := i.removeKinds(ctx, objects, "MutatingWebhookConfiguration"); err != nil {
		return err
	}
	if err := i.flagAsRemoved(ctx, false); err != nil {
		return err
	}
	if err := i.removeKinds(ctx, objects, "Deployment"); err != nil {
		return err
	}
	// A replica that still runs would write what is taken away below.
	if err := i.waitGone(ctx); err != nil {
		return err
	}
	if keepRoutes {
		if err := i.detachAll(ctx); err != nil {
			return err
		}
	}
	if err := i.removeOtherRoles(ctx, nil); err != nil {
		return err
	}
	for _, o := range slices.Backward(objects) {
		var err error
		switch o.GetKind() {
		case "MutatingWebhookConfiguration", "Deployment":
		case "Namespace":
			err = i.removeNamespace(ctx, o)
		default:
			err = i.remove(ctx, o)
		}
		if err != nil {
			return err
		}
	}
	return i.flagAsRemoved(ctx, true)
}

func (i *Installer) removeKinds(ctx context.Context, objects []*unstructured.Unstructured, kind string) error {
	for _, o := range slices.Backward(objects) {
		if o.GetKind() != kind {
			continue
		}
		if err := i.remove(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (i *Installer) waitGone(ctx context.Context) error {
	if i.ServerDryRun {
		return nil
	}
	said := false
	return wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		pods, err := i.pods(ctx)
		if err != nil {
			return false, err
		}
		if len(pods) > 0 && !said {
			said = true
			i.Observer.Progress(fmt.Sprintf("webhook pods: %d to end", len(pods)))
		}
		return len(pods) == 0, nil
	})
}

// detachAll takes our marks and the owning Ingress off every object that we made, in
// both API groups: an installation of earlier may have written the other one.
func (i *Installer) detachAll(ctx context.Context) error {
	for _, group := range []string{emit.Group, emit.LegacyGroup} {
		for _, kind := range emit.Kinds() {
			resource, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: group, Version: "v1alpha1", Kind: kind})
			list, err := i.Dynamic.Resource(resource).List(ctx, metav1.ListOptions{LabelSelector: desired.ManagedLabel + "=true"})
			if apierrors.IsNotFound(err) {
				continue
			}
			if err != nil {
				return fmt.Errorf("list our %s: %w", resource.GroupResource(), err)
			}
			for n := range list.Items {
				if !desired.IsOurs(&list.Items[n]) {
					continue
				}
				if err := i.detach(ctx, resource, &list.Items[n]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (i *Installer) detach(ctx context.Context, resource schema.GroupVersionResource, live *unstructured.Unstructured) error {
	kept := live.DeepCopy()
	desired.Detach(kept)
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": live.GetResourceVersion(),
		"labels":          map[string]any{desired.ManagedLabel: nil, desired.IngressUIDLabel: nil},
		"ownerReferences": kept.GetOwnerReferences(),
	}})
	if err != nil {
		return fmt.Errorf("encode the change of %s: %w", describe(live), err)
	}
	_, err = i.Dynamic.Resource(resource).Namespace(live.GetNamespace()).Patch(ctx, live.GetName(), types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: manager, DryRun: i.dryRun()})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("detach %s: %w", describe(live), err)
	}
	i.Observer.Changed(live, "detached")
	return nil
}

// flagAsRemoved tells deploy tooling that it has to make its routes itself; the
// cluster still takes them. Where the webhook is, is said until all of it is gone.
func (i *Installer) flagAsRemoved(ctx context.Context, gone bool) error {
	flag, err := capability.Get(ctx, i.Client)
	if err != nil || flag == nil {
		return err
	}
	changed := *flag
	changed.Webhook = false
	if gone {
		changed.WebhookNamespace = ""
	}
	if changed == *flag {
		return nil
	}
	if err := capability.Set(ctx, i.Client, changed, i.ServerDryRun); err != nil {
		return err
	}
	if !gone {
		i.Observer.Changed(flagObject(), "configured")
	}
	return nil
}

// removeNamespace deletes the Namespace if an installation made it and nothing
// of anybody else is in it.
func (i *Installer) removeNamespace(ctx context.Context, o *unstructured.Unstructured) error {
	live, err := i.Client.CoreV1().Namespaces().Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", describe(o), err)
	}
	// The API server would take the deletion of one that is ending as often as one asks.
	if live.Annotations[createdAnnotation] == "" || live.DeletionTimestamp != nil {
		return nil
	}
	left, err := i.leftIn(ctx, o.GetName())
	if err != nil {
		return err
	}
	if left != "" {
		i.Observer.Warn(fmt.Sprintf("namespace %s stays: %s is in it", o.GetName(), left))
		return nil
	}
	return i.remove(ctx, o)
}

// leftIn names something in a namespace that is not ours; empty: there is nothing.
func (i *Installer) leftIn(ctx context.Context, namespace string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, kind := range []struct {
		resource schema.GroupVersionResource
		ours     func(name string) bool
	}{
		{schema.GroupVersionResource{Version: "v1", Resource: "pods"}, never},
		{schema.GroupVersionResource{Version: "v1", Resource: "services"}, never},
		{schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}, never},
		{schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, func(name string) bool { return name == "kube-root-ca.crt" }},
		{schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, func(name string) bool { return name == CertificateName }},
		{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}, never},
		{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, never},
		{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}, never},
		{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}, never},
	} {
		list, err := i.Dynamic.Resource(kind.resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", fmt.Errorf("list %s of namespace %s: %w", kind.resource.Resource, namespace, err)
		}
		for _, item := range list.Items {
			if !kind.ours(item.GetName()) && item.GetDeletionTimestamp() == nil {
				return item.GetKind() + " " + item.GetName(), nil
			}
		}
	}
	return "", nil
}

func never(string) bool { return false }
