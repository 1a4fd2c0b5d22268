package emit

import (
	"cmp"
	"iter"
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

// Output is one emitted object and the Ingress it belongs to. The objects of one
// Ingress share labels, Services and Middlewares: whoever changes those copies them first.
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
	known := assign(t, target)
	for _, o := range known.list {
		o.write()
	}
	known.clashes.rename()
	out := make([]Output, 0, 2*len(known.list))
	var problems, more []diag.Diagnostic
	for _, o := range known.list {
		out, more = o.finish(out)
		problems = append(problems, more...)
	}
	return out, problems
}

// Each is Emit for those who look at the objects of one Ingress after the other:
// no others are held. Ingresses without objects are passed over. The findings are
// complete unless yield returns false, which ends it.
func Each(t ir.Translation, target Target, yield func([]Output) bool) []diag.Diagnostic {
	if mayClash(t, target) {
		out, problems := Emit(t, target)
		for objects := range byOwner(out, func(o Output) ir.Ref { return o.Owner }) {
			if !yield(objects) {
				break
			}
		}
		return problems
	}
	known := assign(t, target)
	known.clashes.onlyIdentities = true
	var problems []diag.Diagnostic
	for _, o := range known.list {
		o.write()
		out, more := o.finish(nil)
		problems = append(problems, more...)
		o.forget()
		if len(out) > 0 && !yield(out) {
			break
		}
	}
	return problems
}

// mayClash writes everything once to see whether two IngressRoutes have one
// identity, which can be said only when all names are known.
func mayClash(t ir.Translation, target Target) bool {
	known := assign(t, target)
	known.clashes.onlyIdentities = true
	for _, o := range known.list {
		o.write()
		o.forget()
	}
	return known.clashes.found()
}

// assign hands every part of t to its owner, and sorts the owners.
func assign(t ir.Translation, target Target) *owners {
	target = target.withDefaults()
	known := newOwners(t, target)
	routes := expand(known.tlsOptions(t.Routes), target, known)
	if !slices.IsSortedFunc(routes, compareOwners) {
		slices.SortStableFunc(routes, compareOwners)
	}
	for own := range byOwner(routes, ownerOf) {
		slices.SortStableFunc(own, compareGroups)
	}
	routes = mergeRedirects(routes, fewest)
	for own := range byOwner(routes, ownerOf) {
		known.of(own[0].Owner).todo.routes = own
	}
	for i := range t.Certificates {
		todo := &known.of(t.Certificates[i].Owner).todo
		todo.certificates = append(todo.certificates, &t.Certificates[i])
	}
	for i := range t.Passthroughs {
		todo := &known.of(t.Passthroughs[i].Owner).todo
		todo.passthroughs = append(todo.passthroughs, &t.Passthroughs[i])
	}
	byName := func(a, b *owner) int { return CompareRefs(a.ref, b.ref) }
	if !slices.IsSortedFunc(known.list, byName) {
		slices.SortStableFunc(known.list, byName)
	}
	return known
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

func compareOwners(a, b *ir.Route) int { return CompareRefs(a.Owner, b.Owner) }

func ownerOf(r *ir.Route) ir.Ref { return r.Owner }

// byOwner yields the items of one owner after the other; they are sorted so.
func byOwner[T any](items []T, owner func(T) ir.Ref) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for start := 0; start < len(items); {
			end := start + 1
			for end < len(items) && owner(items[end]) == owner(items[start]) {
				end++
			}
			if !yield(items[start:end:end]) {
				return
			}
			start = end
		}
	}
}

// compareRoutes puts together what goes into one IngressRoute: same owner, TLS
// section and entry points. The plain-text ones come first.
func compareRoutes(a, b *ir.Route) int {
	if c := compareOwners(a, b); c != 0 {
		return c
	}
	return compareGroups(a, b)
}

// compareGroups puts the group with most entry points first: it gets the plain
// name, also when single routes are split off because of a limit.
func compareGroups(a, b *ir.Route) int {
	if c := compareTLS(a.TLS, b.TLS); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(len(b.EntryPoints), len(a.EntryPoints)), slices.Compare(a.EntryPoints, b.EntryPoints))
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
