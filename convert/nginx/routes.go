package nginx

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Priorities inside the room of one location, above its own. A canary's are
// smaller, see canaryVariants.
const (
	denyBump    = 90
	exemptBump  = 20
	satisfyBump = 20
	trustedBump = 10
)

// appendRoutes adds the routes of a location: over plain HTTP and over TLS. A
// canary that none of them leads to is reported on its own Ingress, too.
func (t *translator) appendRoutes(out []ir.Route, l *location) []ir.Route {
	if l.backend == nil && !l.redirectsAll() {
		return out // location / of the controller's default backend: a 404 either way
	}
	before := len(out)
	out = t.locationRoutes(out, l)
	if l.canary != nil && !slices.ContainsFunc(out[before:], func(r ir.Route) bool {
		return slices.Contains(r.Origins, l.canary.at.origin())
	}) {
		s := l.canary.at.src
		s.add(finding{
			code: diag.ENginxCanary, field: l.canary.at.field(),
			text: "path " + l.path + " of Ingress " + l.at.src.ref().String() + " has no route that leads to Services, so the canary gets nothing",
		}.diagnostic(s))
	}
	return out
}

func (t *translator) locationRoutes(out []ir.Route, l *location) []ir.Route {
	paths, problem := l.paths()
	if problem != nil {
		l.lose(*problem)
	}
	l.loseSettings()
	if len(l.lost) > 0 {
		return append(out, t.guard(l, paths)...)
	}
	var service ir.Service // of those that do not redirect
	if l.backend != nil {
		var exists bool
		if service, exists = t.resolveService(l.at, l.backend); !exists && l.redirectOf() == nil && l.settings().protected && l.neighbour() != nil {
			l.lose(finding{code: diag.WNginx503, text: "without a Service the target has no route, and the next path would take what is protected here"})
			return append(out, t.guard(l, paths)...)
		}
	}
	before := len(out)
	origins := []ir.Origin{l.at.origin()}
	for _, https := range []bool{false, true} {
		if https && l.server.passTo != nil {
			continue
		}
		for _, hosts := range l.server.hostSets() {
			if route, ok := t.route(l, https, paths, hosts); ok {
				route.Origins = origins
				out = t.variants(out, l, route, service, https)
			}
		}
	}
	l.at.src.routed += len(out) - before
	return append(out, t.slashRoutes(l)...)
}

// route is the frame of a route; false when there must be none on this scheme.
func (t *translator) route(l *location, https bool, paths []ir.Path, hosts hostSet) (ir.Route, bool) {
	r := ir.Route{
		Owner:       l.at.src.ref(),
		EntryPoints: t.plainEntry,
		Match:       ir.Match{Hosts: hosts.hosts, NotHosts: hosts.not, Paths: paths},
		Priority:    l.priority() - l.server.base() + hosts.base,
	}
	if !l.catchAll() {
		r.Observability = l.settings().observe
	}
	if problem := l.server.checkTLSOptions(); problem != nil {
		t.loseTLS(l.server, *problem)
		if https || l.server.clientCert.plainToo {
			return r, false
		}
	}
	if https {
		r.EntryPoints = t.tlsEntry
		r.TLS = l.server.tlsOf(l.at.src)
		if v := l.server; v.secret != "" && v.certOwner != l.at.src {
			l.at.src.add(finding{code: diag.INginxCertOwner, field: l.at.field(), text: "the certificate of host " + v.host + " is loaded by the routes of Ingress " + v.certOwner.ref().String()}.diagnostic(l.at.src))
		}
	}
	return r, true
}

// variants adds the routes that one frame becomes.
func (t *translator) variants(out []ir.Route, l *location, frame ir.Route, service ir.Service, https bool) []ir.Route {
	if redirect := l.redirectOf(); redirect != nil {
		frame.Filters = append(t.before(l, https), redirect)
		return append(out, frame)
	}
	if !https && t.redirectsToTLS(l) {
		if len(l.server.aliases) > 0 && !l.settings().ssl.force { // configureCertificates, controller/nginx.go
			l.at.src.sayAt(l, diag.WNginxRedirect, "aliases are redirected to https as the host is; nginx does so where the certificate covers them")
		}
		redirect := frame
		redirect.Filters = append(t.before(l, https), l.settings().ssl.filter())
		if !t.config.boolean("use-forwarded-headers", false) {
			return append(out, redirect)
		}
		// Requests that came over TLS to a proxy in front are not redirected.
		frame.Match.Headers = []ir.HeaderMatch{{Name: "X-Forwarded-Proto", Value: "https"}}
		redirect.Match.Headers = []ir.HeaderMatch{{Name: "X-Forwarded-Proto", Value: "https", Not: true}}
		return t.served(append(out, redirect), l, frame, service, https)
	}
	return t.served(out, l, frame, service, https)
}

// served adds the routes that lead to pods: those of all, and those of addresses
// and browsers that are treated differently.
func (t *translator) served(out []ir.Route, l *location, frame ir.Route, service ir.Service, https bool) []ir.Route {
	x := l.settings()
	either := x.access.satisfyAny && len(t.authFilters(l)) > 0
	main := without{}
	if either {
		// An address that is admitted (and not refused) needs no credentials.
		main.allow = true
		if len(x.access.allow) > 0 {
			trusted := frame
			trusted.Match.ClientIPs = x.access.allow
			trusted.Priority += trustedBump
			out = t.parts(out, l, trusted, service, https, without{auth: true, allow: true})
			if len(x.access.deny) > 0 {
				refused := frame
				refused.Match.ClientIPs = x.access.deny
				refused.Priority += satisfyBump
				out = t.parts(out, l, refused, service, https, without{allow: true})
			}
		}
	}
	if len(x.limits.exempt) > 0 && !either {
		exempt := frame
		exempt.Match.ClientIPs = x.limits.exempt
		exempt.Priority += exemptBump
		out = t.parts(out, l, exempt, service, https, without{limits: true})
	}
	return t.denials(t.parts(out, l, frame, service, https, main), l, frame, either, https)
}

// parts divides the requests of a route between primary and canary.
func (t *translator) parts(out []ir.Route, l *location, frame ir.Route, service ir.Service, https bool, leave without) []ir.Route {
	frame.Filters = t.chain(l, https, leave)
	primary := t.serviceOn(l, service, https)
	cookie := t.sticky(l, https)
	if l.canary == nil {
		primary.Sticky = cookie
		frame.Backend = ir.Backend{Services: []ir.Service{primary}, Mirror: l.settings().mirror}
		return append(out, frame)
	}
	second := t.serviceOn(l, l.canary.service, https)
	frame.Origins = append(slices.Clip(frame.Origins), l.canary.at.origin())
	for _, v := range l.canaryVariants(primary, second, cookie) {
		one := frame
		one.Match.Headers = append(slices.Clip(one.Match.Headers), v.headers...)
		one.Priority += v.bump
		one.Backend = v.backend
		out = append(out, one)
	}
	return out
}

// denials adds routes that admit nobody, for what the controller refuses before
// it looks at anything else.
func (t *translator) denials(out []ir.Route, l *location, frame ir.Route, either, https bool) []ir.Route {
	if len(l.settings().access.deny) == 0 && len(t.blocked) == 0 && len(t.blockedRanges) == 0 {
		return out
	}
	frame.Priority += denyBump
	frame.Filters = append(t.headers(l, https), ir.DenyAll())
	if deny := l.settings().access.deny; len(deny) > 0 && !either {
		one := frame
		one.Match.ClientIPs = deny
		out = append(out, one)
	}
	for _, header := range t.blocked {
		one := frame
		one.Match.Headers = append(slices.Clip(frame.Match.Headers), header)
		out = append(out, one)
	}
	if len(t.blockedRanges) > 0 {
		one := frame
		one.Priority++
		one.Match.ClientIPs = t.blockedRanges
		out = append(out, one)
	}
	return out
}

// redirectsToTLS tells whether requests over plain HTTP are redirected, see catchAll.
func (t *translator) redirectsToTLS(l *location) bool {
	ssl := l.settings().ssl
	if l.catchAll() || !ssl.force && !(ssl.onTLS && (l.server.tls || t.wildcardTLS(l.server))) {
		return false
	}
	return !hasPrefixOf(l.path, t.noTLSRedirect)
}

// wildcardTLS tells whether a wildcard host has a certificate for a host that has
// none: nginx looks for one by both names (certificate.lua of the controller).
func (t *translator) wildcardTLS(v *server) bool {
	_, domain, ok := strings.Cut(v.host, ".")
	if !ok || v.wildcard() {
		return false
	}
	wildcard := t.servers["*."+domain]
	return wildcard != nil && wildcard.tls
}

// hasPrefixOf tells whether path begins with one of the prefixes.
func hasPrefixOf(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}
