package scan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// Key names one object of a target.
type Key struct{ Kind, Namespace, Name string }

// Live is what a cluster has.
type Live map[Key]Packed

// Add puts an object in.
func (l Live) Add(u *unstructured.Unstructured) error {
	packed, err := Pack(u)
	if err != nil {
		return err
	}
	l[keyOf(u)] = packed
	return nil
}

func keyOf(u *unstructured.Unstructured) Key {
	return Key{u.GetKind(), u.GetNamespace(), u.GetName()}
}

// MissingCRDsError says that the cluster does not know Traefik's resources.
type MissingCRDsError struct {
	APIVersion string
	// Other is the API version of Traefik's other group when that one is there.
	Other string
}

func (e *MissingCRDsError) Error() string {
	if e.Other != "" {
		return fmt.Sprintf("the cluster has no IngressRoute of %s, but of %s: use --api-group %s, or install the CRDs of a newer Traefik", e.APIVersion, e.Other, groupOf(e.Other))
	}
	return fmt.Sprintf("the cluster has no IngressRoute of %s: install Traefik's CRDs first (kubernetes-crd-definition-v1.yml of the Traefik you move to)", e.APIVersion)
}

func groupOf(apiVersion string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return apiVersion
	}
	return gv.Group
}

// Resource returns where objects of a kind are kept.
func Resource(apiVersion, kind string) (schema.GroupVersionResource, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return schema.GroupVersionResource{}, err
	}
	resource, _ := meta.UnsafeGuessKindToResource(gv.WithKind(kind))
	return resource, nil
}

// listsAtOnce is how many kinds are listed at a time: while the server prepares the
// next page of one, pages of others are decoded.
const listsAtOnce = 3

// ReadLive lists Traefik's objects of a namespace (empty: all). Objects that are
// not ours are among them: they can have a name that we want. Specs that are as they
// were applied are left out, see Whole.
func ReadLive(ctx context.Context, client dynamic.Interface, target emit.Target, namespace string) (Live, error) {
	// Routes first: a cluster without them has nothing to compare.
	kinds := emit.Kinds()
	slices.Reverse(kinds)
	lists, failed := make([]Live, len(kinds)), make([]error, len(kinds))
	var group errgroup.Group
	group.SetLimit(listsAtOnce)
	for i, kind := range kinds {
		group.Go(func() error {
			lists[i] = Live{}
			failed[i] = list(ctx, client, target.APIVersion(), kind, namespace, func(u *unstructured.Unstructured) error {
				dropOwnFields(u)
				desired.LeaveSpecOut(u)
				return lists[i].Add(u)
			})
			return nil
		})
	}
	_ = group.Wait() // none returns an error: what is told is that of the first kind
	for i, kind := range kinds {
		switch err := failed[i]; {
		case apierrors.IsNotFound(err) && kind == emit.RouteKind:
			return nil, missingCRDs(ctx, client, target, namespace)
		case apierrors.IsNotFound(err): // an older Traefik without this kind: nothing of it exists
		case err != nil:
			return nil, fmt.Errorf("listing %s objects: %w", kind, err)
		}
	}
	live := lists[0]
	for _, more := range lists[1:] {
		maps.Copy(live, more)
	}
	return live, nil
}

// routesAreThere asks for one route: a cluster without them has nothing to compare, and
// who may not list them cannot.
func routesAreThere(ctx context.Context, client dynamic.Interface, target emit.Target, namespace string) error {
	resource, err := Resource(target.APIVersion(), emit.RouteKind)
	if err != nil {
		return err
	}
	_, err = client.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: 1})
	switch {
	case apierrors.IsNotFound(err):
		return missingCRDs(ctx, client, target, namespace)
	case err != nil:
		return fmt.Errorf("listing %s objects: %w", emit.RouteKind, err)
	}
	return nil
}

// list hands the objects of a kind to keep, one after the other.
func list(ctx context.Context, client dynamic.Interface, apiVersion, kind, namespace string, keep func(*unstructured.Unstructured) error) error {
	resource, err := Resource(apiVersion, kind)
	if err != nil {
		return err
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return client.Resource(resource).Namespace(namespace).List(ctx, options)
	})
	pages.PageBufferSize = 1 // what waits here is in memory, next to what is kept
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		if u, ok := object.(*unstructured.Unstructured); ok {
			return keep(u)
		}
		return nil
	})
}

// dropOwnFields removes managedFields, half of an object, where they tell of nobody
// but us: they are for naming whoever else changed it.
func dropOwnFields(u *unstructured.Unstructured) {
	metadata, _ := u.Object["metadata"].(map[string]any)
	entries, _ := metadata["managedFields"].([]any)
	for _, entry := range entries {
		if fields, ok := entry.(map[string]any); !ok || fields["manager"] != desired.FieldManager || fields["operation"] != string(metav1.ManagedFieldsOperationApply) {
			return
		}
	}
	delete(metadata, "managedFields")
}

// manyNamespaces is from where on one list of the whole cluster is cheaper than
// a list per namespace.
const manyNamespaces = 20

// readWhole lists objects with their specs.
func readWhole(ctx context.Context, client dynamic.Interface, target emit.Target, namespace string) Whole {
	return func(keys map[Key]bool) (Live, error) {
		places := map[Key]bool{} // without a name
		for key := range keys {
			places[Key{Kind: key.Kind, Namespace: key.Namespace}] = true
		}
		if len(places) > manyNamespaces {
			every := map[Key]bool{}
			for place := range places {
				every[Key{Kind: place.Kind, Namespace: namespace}] = true
			}
			places = every
		}
		live := Live{}
		for place := range places {
			err := list(ctx, client, target.APIVersion(), place.Kind, place.Namespace, func(u *unstructured.Unstructured) error {
				if !keys[keyOf(u)] {
					return nil
				}
				dropOwnFields(u)
				return live.Add(u)
			})
			if err != nil && !apierrors.IsNotFound(err) {
				return nil, fmt.Errorf("listing %s objects: %w", place.Kind, err)
			}
		}
		return live, nil
	}
}

func missingCRDs(ctx context.Context, client dynamic.Interface, target emit.Target, namespace string) error {
	missing := &MissingCRDsError{APIVersion: target.APIVersion()}
	other := emit.Target{Version: emit.V2, APIGroup: emit.LegacyGroup}
	if target.APIGroup == emit.LegacyGroup {
		other.APIGroup = emit.Group
	}
	if target.Version == emit.V3 {
		return missing
	}
	if err := list(ctx, client, other.APIVersion(), emit.RouteKind, namespace, func(*unstructured.Unstructured) error { return nil }); err == nil {
		missing.Other = other.APIVersion()
	}
	return missing
}
