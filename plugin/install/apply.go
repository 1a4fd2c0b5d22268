package install

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// manager is the server-side apply manager of an installation.
const manager = "ingress-migrate-install"

// createdAnnotation marks a Namespace that an installation made, and may remove.
const createdAnnotation = "ingress-migrate.io/created-by"

// Observer is told what happens; Installer prints nothing itself.
type Observer interface {
	// Changed is told what became of an object: "created", "configured",
	// "unchanged", "deleted", or "detached".
	Changed(o *unstructured.Unstructured, verb string)
	// Progress says what is being waited for.
	Progress(text string)
	// Warn says what the user should know although it went on.
	Warn(text string)
}

// Installer works on one cluster.
type Installer struct {
	Client   kubernetes.Interface
	Dynamic  dynamic.Interface
	Mapper   meta.RESTMapper
	Observer Observer
	// Namespace of the webhook.
	Namespace string
	// TestNamespace is where the self-test asks; empty: the default namespace.
	TestNamespace string
	// ServerDryRun asks the API server about every change and makes none.
	ServerDryRun bool
	// ForceConflicts takes fields back that somebody else changed.
	ForceConflicts bool
}

// apply writes one object by server-side apply.
func (i *Installer) apply(ctx context.Context, o *unstructured.Unstructured) error {
	resource, err := i.resource(o)
	if err != nil {
		return err
	}
	before, err := resource.Get(ctx, o.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		before = nil
	case err != nil:
		return fmt.Errorf("read %s: %w", describe(o), err)
	}
	if o.GetKind() == "Namespace" {
		return i.ensureNamespace(ctx, resource, o, before)
	}
	options := metav1.ApplyOptions{FieldManager: manager, Force: i.ForceConflicts, DryRun: i.dryRun()}
	after, err := resource.Apply(ctx, o.GetName(), o, options)
	switch {
	case apierrors.IsConflict(err):
		return fmt.Errorf("apply %s: %w (somebody changed it; --force-conflicts takes the fields back)", describe(o), err)
	case err != nil:
		return fmt.Errorf("apply %s: %w", describe(o), err)
	case before == nil:
		i.Observer.Changed(o, "created")
	case before.GetResourceVersion() == after.GetResourceVersion():
		i.Observer.Changed(o, "unchanged")
	default:
		i.Observer.Changed(o, "configured")
	}
	return nil
}

// ensureNamespace creates a missing Namespace and leaves an existing one alone:
// its labels, such as the Pod Security level, are for everything in it.
func (i *Installer) ensureNamespace(ctx context.Context, resource dynamic.ResourceInterface, o, before *unstructured.Unstructured) error {
	if before != nil {
		i.Observer.Changed(o, "unchanged")
		return nil
	}
	created := o.DeepCopy()
	created.SetAnnotations(map[string]string{createdAnnotation: "webhook-install"})
	if _, err := resource.Create(ctx, created, metav1.CreateOptions{FieldManager: manager, DryRun: i.dryRun()}); err != nil {
		return fmt.Errorf("create %s: %w", describe(o), err)
	}
	i.Observer.Changed(o, "created")
	return nil
}

// remove deletes one object; a missing one is no error.
func (i *Installer) remove(ctx context.Context, o *unstructured.Unstructured) error {
	resource, err := i.resource(o)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	err = resource.Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: &background, DryRun: i.dryRun()})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", describe(o), err)
	}
	i.Observer.Changed(o, "deleted")
	return nil
}

func (i *Installer) resource(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := o.GroupVersionKind()
	mapping, err := i.Mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s: %w", describe(o), err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return i.Dynamic.Resource(mapping.Resource).Namespace(o.GetNamespace()), nil
	}
	return i.Dynamic.Resource(mapping.Resource), nil
}

func (i *Installer) dryRun() []string {
	if i.ServerDryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

func describe(o *unstructured.Unstructured) string {
	if o.GetNamespace() == "" {
		return o.GetKind() + " " + o.GetName()
	}
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}
