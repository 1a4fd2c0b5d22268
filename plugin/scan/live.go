package scan

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// Key names one object of a target.
type Key struct{ Kind, Namespace, Name string }

// Live is what a cluster has.
type Live map[Key]*unstructured.Unstructured

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

// ReadLive lists Traefik's objects of a namespace (empty: all). Objects that are
// not ours are among them: they can have a name that we want.
func ReadLive(ctx context.Context, client dynamic.Interface, target emit.Target, namespace string) (Live, error) {
	live := Live{}
	// Routes first: a cluster without them has nothing to compare.
	for _, kind := range slices.Backward(emit.Kinds()) {
		err := live.list(ctx, client, target.APIVersion(), kind, namespace)
		if apierrors.IsNotFound(err) {
			if kind == emit.RouteKind {
				return nil, missingCRDs(ctx, client, target, namespace)
			}
			// An older Traefik without this kind: nothing of it exists.
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing %s objects: %w", kind, err)
		}
	}
	return live, nil
}

func (l Live) list(ctx context.Context, client dynamic.Interface, apiVersion, kind, namespace string) error {
	resource, err := Resource(apiVersion, kind)
	if err != nil {
		return err
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return client.Resource(resource).Namespace(namespace).List(ctx, options)
	})
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		if u, ok := object.(*unstructured.Unstructured); ok {
			l[Key{kind, u.GetNamespace(), u.GetName()}] = u
		}
		return nil
	})
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
	if err := (Live{}).list(ctx, client, other.APIVersion(), emit.RouteKind, namespace); err == nil {
		missing.Other = other.APIVersion()
	}
	return missing
}
