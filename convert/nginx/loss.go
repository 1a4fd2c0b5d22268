package nginx

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// lose notes why the location has no route.
func (l *location) lose(f finding) { l.lost = append(l.lost, f) }

// loseSettings notes what the settings of its Ingress say against a route.
func (l *location) loseSettings() {
	x := l.settings()
	if x.denied != nil {
		l.lose(*x.denied)
		return
	}
	if l.shadowed() {
		l.lose(finding{code: diag.ENginxNotServed, value: l.path, text: "on a host of expressions the controller's default backend takes every request that would match"})
	}
	for _, f := range x.withheld {
		l.lose(f)
	}
}

// shadowed tells whether the implicit location / comes first: it and an Exact /
// are one expression on a regex host.
func (l *location) shadowed() bool {
	return l.server.regex && l.exact && l.path == "/" && slices.ContainsFunc(l.server.locations, func(other *location) bool {
		return other.implicit && other.backend == nil
	})
}

// willLose tells whether the location will have no route.
func (l *location) willLose() bool {
	x := l.settings()
	if x.denied != nil || len(x.withheld) > 0 || l.shadowed() {
		return true
	}
	_, problem := l.paths()
	return problem != nil
}

// loseTLS notes, once per location, that routes over TLS are withheld.
func (t *translator) loseTLS(v *server, f finding) {
	if v.tlsLosses {
		return
	}
	v.tlsLosses = true
	for _, l := range v.locations {
		if l.backend == nil {
			continue
		}
		s := l.at.src
		d := f
		if s != v.clientCert.owner {
			d.field, d.value = l.at.field(), ""
		}
		if v.clientCert.plainToo {
			d.text += "; no route for host " + quoteHost(v.host)
		} else {
			d.text += "; no route over TLS for host " + quoteHost(v.host)
		}
		s.add(d.diagnostic(s))
	}
}

func quoteHost(host string) string {
	if host == "" {
		return "any host"
	}
	return host
}

// guard reports a location without route, and stands in its place when a wider
// location of the host would take its requests: what is protected today must not
// be reachable through the neighbour.
func (t *translator) guard(l *location, paths []ir.Path) []ir.Route {
	s := l.at.src
	neighbour := l.neighbour()
	for _, f := range l.lost {
		if f.field == "" {
			f.field = l.at.field()
		}
		f.text += "; no route for " + quoteHost(l.server.host) + " " + l.path
		s.add(f.diagnostic(s))
	}
	if neighbour == nil {
		return nil
	}
	if len(paths) == 0 {
		if !l.settings().protected {
			return nil
		}
		paths = []ir.Path{{Kind: ir.PathPrefix, Value: "/"}}
		if prefix := literalPrefix(l.path); strings.HasPrefix(prefix, "/") && len(prefix) > 1 {
			paths = []ir.Path{{Kind: ir.PathRegexp, Value: "(?i)^" + prefix}}
		}
	}
	s.add(finding{
		code: diag.WNginxGuard, field: l.at.field(), value: l.path,
		text: "requests for " + l.path + " are answered 403, or path " + neighbour.path + " would take them",
	}.diagnostic(s))
	closed := t.onBoth(l.at, l.server, func(r *ir.Route) {
		r.Match.Paths = paths
		r.Priority += step * l.rank
		r.Filters = []ir.Filter{ir.DenyAll()}
		t.withHSTS(r)
	})
	if l.settings().denied != nil {
		return closed // nginx adds a slash only in front of what it hands on
	}
	return append(closed, t.slashRoutes(l)...)
}

// neighbour is a location with routes that could take requests of this one.
func (l *location) neighbour() *location {
	for _, other := range l.server.locations {
		if other == l || other.backend == nil || other.rank > l.rank || other.willLose() {
			continue
		}
		if l.server.regex || !other.exact && strings.HasPrefix(l.path, strings.TrimSuffix(other.path, "/")) {
			return other
		}
	}
	return nil
}
