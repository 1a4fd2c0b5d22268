// Package traefikingress is the dialect of the Kubernetes Ingress provider of
// Traefik 2.11 and 3: what that provider does with a set of Ingresses and the
// annotations of their Services, said in the words of package ir.
//
// The provider makes one router of each rule and path, and leaves the order of
// routers to the length of their rule texts, which differs between its versions.
// So this package writes the text of the source version, byte for byte as far as
// its length goes, and gives every route that length as its priority: whatever
// the target's text looks like, the order stays.
//
// What the provider refuses is refused here: an annotation that it cannot read
// takes the whole Ingress away, one on a Service every path that leads there.
// Nothing of that is emitted, and all of it is said. Facts come from the sources
// of Traefik 2.11.50, 3.6.12 and 3.7.13: pkg/provider/kubernetes/ingress for what
// is read, pkg/muxer/http for what a rule matches.
//
// The routes of an Ingress depend on itself, its Services, Secrets and what it
// refers to; on other Ingresses only when it is a default backend, of which
// Traefik serves one. Of several the oldest is converted. What two Ingresses do
// to each other otherwise (ties, names that collide) is reported and not changed.
package traefikingress
