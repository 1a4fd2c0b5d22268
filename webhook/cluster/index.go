package cluster

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

const (
	hostKeyIndex = "ingress-migrate.hostkey"
	madeForIndex = "ingress-migrate.madefor"
)

// AddIndexes prepares a cache for New; it must run before the cache starts.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer, apiGroup string, hostKeys func(*networkingv1.Ingress) []string) error {
	byHostKey := func(o client.Object) []string {
		ingress, ok := o.(*networkingv1.Ingress)
		if !ok {
			return nil
		}
		return hostKeys(ingress)
	}
	if err := indexer.IndexField(ctx, &networkingv1.Ingress{}, hostKeyIndex, byHostKey); err != nil {
		return fmt.Errorf("index Ingresses by host: %w", err)
	}
	for _, kind := range Kinds(apiGroup) {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(kind)
		if err := indexer.IndexField(ctx, object, madeForIndex, madeFor); err != nil {
			return fmt.Errorf("index %s objects by Ingress: %w", kind.Kind, err)
		}
	}
	return nil
}

func madeFor(o client.Object) []string {
	if !desired.IsOurs(o) {
		return nil
	}
	return []string{o.GetAnnotations()[desired.IngressAnnotation]}
}

// Slim drops what nobody here reads before an object is cached: managedFields
// are often larger than the rest of the object.
func Slim(object any) (any, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		// Not an object (a tombstone): the cache deals with it.
		return object, nil
	}
	accessor.SetManagedFields(nil)
	return object, nil
}
