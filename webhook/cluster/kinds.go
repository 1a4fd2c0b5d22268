// Package cluster is what the webhook knows of the cluster: a cache with the
// indexes that conversion and reconciler ask for. It never writes.
package cluster

import "k8s.io/apimachinery/pkg/runtime/schema"

// Kinds returns the Traefik kinds that the conversion emits, in the order in
// which they are written: what routes refer to first, routes last, so that
// Traefik never sees a route whose middleware (which may be its authentication)
// does not exist yet.
func Kinds(apiGroup string) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	for _, kind := range [...]string{"Middleware", "ServersTransport", "TLSOption", "TLSStore", "TraefikService", "IngressRoute"} {
		kinds = append(kinds, schema.GroupVersionKind{Group: apiGroup, Version: "v1alpha1", Kind: kind})
	}
	return kinds
}

// Route returns the kind of routes.
func Route(apiGroup string) schema.GroupVersionKind {
	kinds := Kinds(apiGroup)
	return kinds[len(kinds)-1]
}
