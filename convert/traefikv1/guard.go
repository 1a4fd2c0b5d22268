package traefikv1

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// guard finds the frontends without a route in the target whose requests a wider route
// would take: what is protected today must not be reachable through it. A route that
// denies everybody stands in their place.
func (t *translator) guard() {
	var index *hostIndex
	for _, f := range t.frontends {
		if !f.needsGuard() {
			continue
		}
		if index == nil {
			index = newHostIndex(len(t.frontends))
			for _, other := range t.frontends {
				if other.routed() {
					index.add(other)
				}
			}
		}
		f.guarded = slices.ContainsFunc(index.candidates(f), func(other *frontend) bool {
			return other != f && other.priority <= f.priority && overlap(f, other)
		})
		if f.guarded && f.routed() {
			f.fail(finding{code: diag.W503, text: "no Service has the port that is asked for: Traefik 1.7 answers 503 behind what protects the route"})
		}
	}
}

// needsGuard tells whether Traefik 1.7 answers for a frontend that has no route. It
// does not where something drops the frontend. Where its rule is not known, a guard
// could deny what it has nothing to do with; and of two namespaces with one key, the
// other one has the route.
func (f *frontend) needsGuard() bool {
	if !f.ruled || f.alternative {
		return f.alternative
	}
	protected := f.config.auth != nil || f.config.allowList != nil
	withheld := f.routed() && protected && !f.backend.served() // which the target drops
	for _, p := range f.problems {
		switch {
		case p.code == diag.EMergeXNS:
			return false
		case p.block, p.code == diag.W503 && protected:
			withheld = true
		case p.code != diag.W503:
			return false
		}
	}
	return withheld
}

// inOutput tells whether the frontend has a route or a guard.
func (f *frontend) inOutput() bool { return f.routed() || f.guarded }

// guards are the routes in the place of a guarded frontend.
func (t *translator) guards(f *frontend) []ir.Route {
	if !f.guarded {
		return nil
	}
	var origins []ir.Origin
	for _, at := range f.places {
		origins = append(origins, at.origin())
	}
	var guards []ir.Route
	for _, g := range t.groups(f) {
		guard := ir.Route{
			Owner: f.owner(), Origins: origins, EntryPoints: g.targets, Match: f.matcher.match.conjunction(), Priority: f.scaled(t.facts.PriorityScale),
		}
		for _, page := range g.pages { // which may be for what a guard answers
			guard.Filters = append(guard.Filters, page.filter(t))
		}
		guard.Filters = append(guard.Filters, ir.DenyAll())
		if g.tls {
			guard.TLS = t.tls(f.first)
		}
		guards = append(guards, guard)
	}
	return guards
}
