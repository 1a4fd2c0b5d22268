package traefikingress

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// inError notes a place whose router Traefik has and does not build.
func (t *translator) inError(at place) {
	if tls := at.src.shape.tls; tls != nil && at.host() != "" && !strings.HasPrefix(at.host(), "*.") {
		t.errors = append(t.errors, at)
	}
}

// tlsHosts are routes that match nothing, in the place of routers in error: those
// have a say in the TLS options of their hosts as well (pkg/server/router/tcp of
// Traefik 2.11 and 3).
func (t *translator) tlsHosts() []ir.Route {
	var out []ir.Route
	var done []place
	for _, at := range t.errors {
		host := strings.ToLower(at.host())
		tls := at.src.shape.tls
		said := slices.ContainsFunc(done, func(other place) bool { return other.src == at.src && strings.ToLower(other.host()) == host })
		// Options of another namespace cannot be named, and the default ones count
		// beside others alone.
		if said || tls.OptionsNamespace != "" && !t.facts.AllowCrossNamespace || tls.OptionsName == "" && !t.asksForOptions(host) {
			continue
		}
		done = append(done, at)
		at.src.say(diag.ITraefikTLSHost, at.field(), "the TLS options of "+host+" stay as they are")
		out = append(out, ir.Route{
			Owner: at.src.ref(), Origins: []ir.Origin{at.origin()}, EntryPoints: at.src.shape.entryPoints, TLS: tls,
			Match:    ir.Match{Hosts: []ir.Host{{Kind: ir.HostExact, Value: host}}, ClientIPs: []string{ir.Nobody}},
			Priority: 1, Filters: []ir.Filter{ir.DenyAll()},
		})
	}
	return out
}

// asksForOptions tells whether a route of a host names TLS options.
func (t *translator) asksForOptions(host string) bool {
	return t.asks(host, func(options string) bool { return options != "" })
}

// disagree tells whether another route of a host asks for other TLS options than r.
func (t *translator) disagree(host string, r *router) bool {
	return t.asks(host, func(options string) bool { return options != optionsOf(r) })
}

// asks tells whether a route of a host, also one in error, has such TLS options.
func (t *translator) asks(host string, such func(options string) bool) bool {
	return slices.ContainsFunc(t.routers, func(r router) bool {
		return strings.EqualFold(r.text.host, host) && r.route.TLS != nil && such(optionsOf(&r))
	}) || slices.ContainsFunc(t.errors, func(at place) bool {
		return strings.EqualFold(at.host(), host) && at.src.shape.tls != nil && such(optionsIn(at.src.Namespace, at.src.shape.tls))
	})
}
