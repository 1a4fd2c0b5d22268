package traefikingress

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// guards stand behind the routes that the target drops because they refer to another
// namespace, and in the place of those that are withheld: what is protected today
// must not be reachable through a wider route. A guard denies everybody. It is one
// below its route, so that the route is asked first as soon as the target allows the
// reference, and so is the router of the Ingress while both are served.
func (t *translator) guards() []ir.Route {
	var guarded []*router
	for i := range t.withheld {
		guarded = append(guarded, &t.withheld[i])
	}
	for i := range t.routers {
		if r := &t.routers[i]; !t.facts.AllowCrossNamespace && crosses(&r.route) {
			guarded = append(guarded, r)
		}
	}
	if len(guarded) == 0 {
		return nil
	}
	ranks := map[int][]*router{}
	for i := range t.routers {
		priority := t.routers[i].route.Priority
		ranks[priority] = append(ranks[priority], &t.routers[i])
	}
	var guards []ir.Route
	for _, r := range guarded {
		guards = append(guards, t.guard(r, ranks))
	}
	return guards
}

// crosses tells whether a route refers to another namespace.
func crosses(r *ir.Route) bool {
	foreign := func(f ir.Filter) bool {
		existing, ok := f.(ir.ExistingMiddleware)
		return ok && existing.Namespace != ""
	}
	return slices.ContainsFunc(r.Filters, foreign) || r.TLS != nil && r.TLS.OptionsNamespace != "" ||
		slices.ContainsFunc(r.Backend.Services, func(s ir.Service) bool { return strings.HasSuffix(s.TransportName, crdSuffix) })
}

func (t *translator) guard(r *router, ranks map[int][]*router) ir.Route {
	guard := ir.Route{
		Owner: r.route.Owner, Origins: r.route.Origins, EntryPoints: r.route.EntryPoints, TLS: r.route.TLS, Match: r.route.Match,
		Priority: r.below(ranks), Filters: []ir.Filter{ir.DenyAll()},
	}
	if guard.TLS == nil || guard.TLS.OptionsNamespace == "" {
		return guard
	}
	// It cannot name the options either. With a Host matcher it has a say for its host:
	// that of the default options, which Traefik takes today where routes disagree. Where
	// they do not it would take the options of other routes away; an expression has none.
	own := *guard.TLS
	own.OptionsName, own.OptionsNamespace = "", ""
	guard.TLS = &own
	guard.Match.Hosts = slices.Clone(guard.Match.Hosts)
	for i := range guard.Match.Hosts {
		if h := &guard.Match.Hosts[i]; h.Kind == ir.HostExact && !t.disagree(h.Value, r) {
			*h = ir.Host{Kind: ir.HostRegexp, Value: "^" + regexp.QuoteMeta(h.Value) + `\.?$`}
		}
	}
	return guard
}

// below is the next lower priority, unless a route that can take the same requests
// has it: Traefik decides by chance between two of one priority. 0 is none.
func (r *router) below(ranks map[int][]*router) int {
	priority := r.route.Priority - 1
	if priority == 0 {
		priority--
	}
	if slices.ContainsFunc(ranks[priority], func(other *router) bool {
		return meetHosts(r, other) && overlap(r, other) && compete(&r.route, &other.route)
	}) {
		return r.route.Priority
	}
	return priority
}

// meetHosts tells whether one request can be for the hosts of both.
func meetHosts(a, b *router) bool {
	x, y := strings.ToLower(a.text.host), strings.ToLower(b.text.host)
	return x == y || slices.Contains(slices.Collect(widerHosts(x)), y) || slices.Contains(slices.Collect(widerHosts(y)), x)
}
