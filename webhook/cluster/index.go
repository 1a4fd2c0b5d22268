package cluster

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
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
	if !isOurs(o) {
		return nil
	}
	return []string{OwnerOf(o)}
}
