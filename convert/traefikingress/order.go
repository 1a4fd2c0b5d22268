package traefikingress

import (
	"iter"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// reportOrder reports what the order of routers decides against expectation: a
// prefix that takes an exact path over, and a wildcard that takes a host over.
// The output keeps all of it by its priorities.
func (t *translator) reportOrder() {
	hosts := make(map[string]*hostRouters, len(t.sources))
	var made ir.Slab[hostRouters]
	for i := range t.routers {
		r := &t.routers[i]
		if r.at.rule < 0 || r.pattern() {
			continue // what patterns take cannot be told
		}
		host := strings.ToLower(r.text.host)
		of := hosts[host]
		if of == nil {
			of = made.New()
			of.list = of.usual[:0]
			hosts[host] = of
		}
		of.list = append(of.list, r)
	}
	var rivals []*hostRouters
	for host, of := range hosts { // findings are sorted in the end
		rivals = append(rivals[:0], of)
		for wider := range widerHosts(host) {
			if other := hosts[wider]; other != nil {
				rivals = append(rivals, other)
			}
		}
		for _, r := range of.list {
			for _, rival := range rivals {
				rival.covering(r, func(c *router) { reportShadow(r, c) })
			}
		}
	}
}

// pattern tells whether the path is a template or a regular expression.
func (r *router) pattern() bool {
	for _, p := range r.route.Match.Paths {
		if p.Kind != ir.PathExact && p.Kind != ir.PathPrefix {
			return true
		}
	}
	return false
}

// widerHosts are the other hosts whose rules take requests for host.
func widerHosts(host string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if host == "" {
			return
		}
		if _, parent, ok := strings.Cut(host, "."); ok && !strings.HasPrefix(host, "*.") && !yield("*."+parent) {
			return
		}
		yield("")
	}
}

// hostRouters are the routers of one host.
type hostRouters struct {
	list   []*router
	usual  [4]*router // room for them
	byPath map[string][]*router
}

// covering visits the routers that take every request of r as far as the path goes.
func (h *hostRouters) covering(r *router, visit func(*router)) {
	const few = 32
	if len(h.list) <= few {
		for _, c := range h.list {
			if c != r && covers(c, r) {
				visit(c)
			}
		}
		return
	}
	if h.byPath == nil {
		h.byPath = make(map[string][]*router, len(h.list))
		for _, c := range h.list {
			h.byPath[c.text.path] = append(h.byPath[c.text.path], c)
		}
	}
	for end := 0; end <= len(r.text.path); end++ {
		for _, c := range h.byPath[r.text.path[:end]] {
			if c != r && covers(c, r) {
				visit(c)
			}
		}
	}
}

// covers tells whether the path of c takes every path that r takes.
func covers(c, r *router) bool {
	if c.text.path == "" {
		return true
	}
	if c.text.matcher == pathExact {
		return r.text.matcher == pathExact && r.text.path == c.text.path
	}
	rest, ok := strings.CutPrefix(r.text.path, c.text.path)
	if !ok || r.text.path == "" {
		return false
	}
	strict := len(c.route.Match.Paths) > 1 // Path and PathPrefix with a slash
	return !strict || rest == "" || rest[0] == '/'
}

// reportShadow reports a router r whose requests all go to c before.
func reportShadow(r, c *router) {
	if c.route.Priority <= r.route.Priority || !compete(&r.route, &c.route) || sameAnswer(r, c) {
		return
	}
	takes := c.at.url() + " of Ingress " + c.at.src.ref().String() + " takes every request for " + r.at.url()
	switch {
	case c.text.host != r.text.host && strings.HasPrefix(c.text.host, "*."):
		r.at.src.say(diag.WTraefikWildcard, r.at.field(), takes)
	case r.text.matcher == pathExact:
		r.at.src.say(diag.WTraefikShadow, r.at.field(), "the prefix "+takes)
	}
}

// compete tells whether two routes can be asked for the same connection.
func compete(a, b *ir.Route) bool {
	if (a.TLS == nil) != (b.TLS == nil) {
		return false
	}
	return len(a.EntryPoints) == 0 || len(b.EntryPoints) == 0 ||
		slices.ContainsFunc(a.EntryPoints, func(e string) bool { return slices.Contains(b.EntryPoints, e) })
}

// sameAnswer tells whether it makes no difference which of two routers is asked.
func sameAnswer(a, b *router) bool {
	return sameService(a, b) && slices.Equal(a.route.Filters, b.route.Filters)
}

// reportTLSConflicts reports hosts whose routers ask for different TLS options,
// for which Traefik takes the default ones.
func (t *translator) reportTLSConflicts() {
	asked := false
	for i := range t.routers {
		route := &t.routers[i].route
		asked = asked || route.TLS != nil && route.TLS.OptionsName != ""
	}
	if !asked {
		return
	}
	hosts := map[string][]*router{}
	for i := range t.routers {
		r := &t.routers[i]
		if r.route.TLS == nil || r.text.host == "" || strings.HasPrefix(r.text.host, "*.") && (t.source.before(v3_7) || t.language(r.at.src).v2) {
			continue
		}
		host := strings.ToLower(r.text.host)
		hosts[host] = append(hosts[host], r)
	}
	for host, routers := range hosts { // findings are sorted in the end
		for _, r := range routers {
			if slices.ContainsFunc(routers, func(other *router) bool {
				return compete(&r.route, &other.route) && optionsOf(r) != optionsOf(other)
			}) {
				r.at.src.say(diag.WTraefikConflict, r.at.field(), "the routes of "+host+" ask for different TLS options, so the default ones hold")
			}
		}
	}
}

// optionsOf names the TLS options of a route from any namespace.
func optionsOf(r *router) string { return optionsIn(r.at.src.Namespace, r.route.TLS) }

// optionsIn is optionsOf for a TLS section of a namespace.
func optionsIn(namespace string, tls *ir.TLS) string {
	switch {
	case tls.OptionsName == "", strings.Contains(tls.OptionsName, "@"):
		return tls.OptionsName
	case tls.OptionsNamespace == "":
		return namespace + "-" + tls.OptionsName
	}
	return tls.OptionsNamespace + "-" + tls.OptionsName
}
