// Package traefikv1 is the dialect of Traefik 1.7's Kubernetes provider: what
// that controller does with a set of Ingresses, said in the words of package ir.
//
// Traefik 1.7 has no per-Ingress meaning: Ingresses meet in one table of
// frontends, keyed by host and path, the first writer deciding some things and
// the last one others, and many mistakes silently take a route away. So this
// package replays the loading of the provider on the raw strings (load.go),
// then the wiring of the server (frontend.go), and only then writes routes
// (route.go). What 1.7 does not serve is not emitted, and said; what 1.7 serves
// and the target cannot express is withheld when it protects something, and said.
//
// Three decisions differ from 1.7 on purpose, for the safety of tenants:
//
//   - Paths of two namespaces are never merged, even where 1.7 mixes their pods.
//     The namespace of the Ingress with the older creation timestamp keeps the
//     route, the newcomer's is withheld (E-MERGE-XNS).
//   - Of several default backends the oldest Ingress' one is served (E-MULTI-DEFAULT).
//   - Among routes of equal priority the order is by kind of host, then by key;
//     1.7's is undefined beyond a handful of routes (W-PRIO-TIE).
//
// All of it depends only on Ingresses that can meet the same request (the same
// host, a wildcard over it, or no host), so that translating one Ingress with
// those peers gives the same routes as translating the whole cluster.
package traefikv1
