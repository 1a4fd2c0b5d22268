package emit

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Object is one object of the output: an IngressRoute, Middleware, TraefikService, ….
type Object interface {
	metav1.Object
	runtime.Object
}

// Output is one emitted object and the Ingress it belongs to.
type Output struct {
	Owner  ir.Ref
	Object Object
}

// Emit writes the objects for t, sorted by owner, within one owner in the order
// in which they have to exist: what is referred to comes before what refers to
// it, so the IngressRoutes come last. Every finding names the owner.
//
// The objects of one Ingress depend on its own routes, certificates and labels;
// on those of others only where two routers would get one identity in Traefik,
// and then they have a match in common (see clash.go).
func Emit(t ir.Translation, target Target) ([]Output, []diag.Diagnostic) {
	target = target.withDefaults()
	known := newOwners(t, target)
	routes := expand(known.tlsOptions(t.Routes), target, known)
	slices.SortStableFunc(routes, compareRoutes)
	routes = mergeRedirects(routes, fewest)
	for start := 0; start < len(routes); {
		end := start + 1
		for end < len(routes) && routes[end].Owner == routes[start].Owner {
			end++
		}
		known.of(routes[start].Owner).emit(routes[start:end])
		start = end
	}
	for i := range t.Certificates {
		known.of(t.Certificates[i].Owner).certificate(&t.Certificates[i])
	}
	for i := range t.Passthroughs {
		known.of(t.Passthroughs[i].Owner).passthrough(&t.Passthroughs[i])
	}
	return known.finish()
}

// expand replaces the routes that need more than one router: one per entry point
// when a limit counts per router and Traefik 1.7 counts per entry point, and the
// routes that emulate what a version of Traefik lacks.
func expand(in []ir.Route, target Target, known *owners) []*ir.Route {
	out := make([]*ir.Route, 0, len(in))
	for i := range in {
		r := &in[i]
		if target.Version == V3 && len(r.Filters) > 0 {
			if r.TLS != nil && rewritesLocation(r.Filters) {
				known.of(r.Owner).sslRedirect = true
			}
			if replaced, emulated := sslRedirectV3(*r); emulated {
				known.of(r.Owner).sslRedirect = true
				for j := range replaced {
					out = perEntryPoint(out, &replaced[j])
				}
				continue
			}
		}
		out = perEntryPoint(out, r)
	}
	return out
}

func perEntryPoint(out []*ir.Route, r *ir.Route) []*ir.Route {
	if len(r.EntryPoints) < 2 || !slices.ContainsFunc(r.Filters, counts) {
		return append(out, r)
	}
	for _, ep := range r.EntryPoints {
		one := *r
		one.EntryPoints = []string{ep}
		out = append(out, &one)
	}
	return out
}

// counts reports whether f keeps a count or state of requests.
func counts(f ir.Filter) bool {
	switch f.(type) {
	case ir.RateLimit, ir.InFlightReq, ir.CircuitBreaker:
		return true
	}
	return false
}

// compareRoutes puts together what goes into one IngressRoute: same owner, TLS
// section and entry points. The plain-text ones come first.
func compareRoutes(a, b *ir.Route) int {
	if c := CompareRefs(a.Owner, b.Owner); c != 0 {
		return c
	}
	return compareGroups(a, b)
}

// compareGroups puts the group with most entry points first: it gets the plain
// name, also when single routes are split off because of a limit.
func compareGroups(a, b *ir.Route) int {
	return cmp.Or(
		compareTLS(a.TLS, b.TLS),
		cmp.Compare(len(b.EntryPoints), len(a.EntryPoints)),
		slices.Compare(a.EntryPoints, b.EntryPoints),
	)
}

func compareTLS(a, b *ir.TLS) int {
	switch {
	case a == b:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(
		strings.Compare(a.SecretName, b.SecretName),
		strings.Compare(a.OptionsName, b.OptionsName), strings.Compare(a.OptionsNamespace, b.OptionsNamespace),
		strings.Compare(a.CertResolver, b.CertResolver), slices.CompareFunc(a.Domains, b.Domains, compareDomains),
	)
}
