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

// Emitter writes the objects of one translation after the other. No request may
// match routes of two of them.
type Emitter struct {
	all     owners
	clashes clashes
}

// NewEmitter returns an Emitter for a target.
func NewEmitter(target Target) *Emitter {
	target = target.withDefaults()
	return &Emitter{all: owners{target: target, apiGroup: target.APIVersion()}}
}

// Emit appends the objects for t to out, sorted by owner, within one owner in the
// order in which they have to exist: what is referred to comes before what refers to
// it, so the IngressRoutes come last. Every finding names the owner.
//
// The objects of one Ingress depend on its own routes, certificates and labels;
// on those of others only where two routers would get one identity in Traefik,
// and then they have a match in common (see clash.go).
func (e *Emitter) Emit(out []Output, t ir.Translation) ([]Output, []diag.Diagnostic) {
	out = slices.Grow(out, 2*len(t.Ingresses))
	var problems []diag.Diagnostic
	e.clashes.forget()
	e.all.assign(t)
	for o := range e.all.each {
		first := len(out)
		out = o.appendTo(out)
		e.clashes.note(out, first)
		problems = append(problems, o.problems...)
	}
	e.clashes.rename(out)
	return out, problems
}

// Each is Emit for those who look at the objects of one Ingress after the other:
// many others are not held. Ingresses without objects are passed over. The findings
// are complete unless yield returns false, which ends it.
func (e *Emitter) Each(t ir.Translation, yield func([]Output) bool) []diag.Diagnostic {
	const many = 1024
	if len(t.Ingresses) > many && !mayClash(t, e.all.target) {
		return e.stream(t, yield)
	}
	out, problems := e.Emit(nil, t)
	for objects := range byOwner(out, func(o Output) ir.Ref { return o.Owner }) {
		if !yield(objects) {
			break
		}
	}
	return problems
}

// stream is Each for objects of which none has to be renamed.
func (e *Emitter) stream(t ir.Translation, yield func([]Output) bool) (problems []diag.Diagnostic) {
	e.all.assign(t)
	for o := range e.all.each {
		problems = append(problems, o.problems...)
		if out := o.appendTo(nil); len(out) > 0 && !yield(out) {
			break
		}
	}
	return problems
}

// Findings are those about objects of several translations.
func (e *Emitter) Findings() []diag.Diagnostic { return e.all.shared.findings() }

// mayClash writes everything once to see whether two IngressRoutes have one
// identity, which can be said only when all names are known.
func mayClash(t ir.Translation, target Target) bool {
	e := NewEmitter(target)
	var out []Output
	e.all.assign(t)
	for o := range e.all.each {
		out = o.appendTo(out[:0])
		e.clashes.note(out, 0)
	}
	return e.clashes.found()
}

// assign sorts every part of t by owner and group, and merges what can be one route.
func (all *owners) assign(t ir.Translation) {
	all.parts, all.begun = newParts(t), nil
	routes := sorted(all.expand(all.tlsOptions(t.Routes)), routeOwner)
	for own := range byOwner(routes, ownerOf) {
		slices.SortStableFunc(own, compareGroups)
	}
	all.parts.routes = mergeRedirects(routes, fewest)
}

// expand replaces the routes that need more than one router: one per entry point
// when a limit counts per router and Traefik 1.7 counts per entry point, and the
// routes that emulate what a version of Traefik lacks.
func (all *owners) expand(in []ir.Route) []*ir.Route {
	out := slices.Grow(all.expanded[:0], len(in))
	for i := range in {
		r := &in[i]
		if all.target.Version == V3 && len(r.Filters) > 0 {
			if r.TLS != nil && rewritesLocation(r.Filters) {
				all.begin(r.Owner).sslRedirect = true
			}
			if replaced, emulated := sslRedirectV3(*r); emulated {
				all.begin(r.Owner).sslRedirect = true
				for j := range replaced {
					out = perEntryPoint(out, &replaced[j])
				}
				continue
			}
		}
		out = perEntryPoint(out, r)
	}
	all.expanded = out
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

// compareGroups puts together what goes into one IngressRoute of an owner: same TLS
// section and entry points. The plain-text ones come first. Of them, the group with
// most entry points does: it gets the plain name, also when single routes are split
// off because of a limit.
func compareGroups(a, b *ir.Route) int {
	if c := compareTLS(a.TLS, b.TLS); c != 0 {
		return c
	}
	if c := cmp.Compare(len(b.EntryPoints), len(a.EntryPoints)); c != 0 {
		return c
	}
	return slices.Compare(a.EntryPoints, b.EntryPoints)
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
