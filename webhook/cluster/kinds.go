// Package cluster is what the webhook knows of the cluster: a cache with the
// indexes that conversion and reconciler ask for. It never writes.
package cluster

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// Kinds returns the Traefik kinds that the conversion emits, in the order in
// which they are written, see emit.Kinds.
func Kinds(apiGroup string) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	for _, kind := range emit.Kinds() {
		kinds = append(kinds, schema.GroupVersionKind{Group: apiGroup, Version: "v1alpha1", Kind: kind})
	}
	return kinds
}
