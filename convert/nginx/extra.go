package nginx

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// slashRoutes are the redirects of /bar to /bar/, before any protection.
func (t *translator) slashRoutes(l *location) []ir.Route {
	path, redirect, ok := l.slashRedirect()
	if !ok {
		return nil
	}
	l.at.src.add(finding{code: diag.WNginxSlash, field: l.at.field(), value: l.path, text: "requests for " + path.Value + " are redirected to " + l.path}.diagnostic(l.at.src))
	return t.onBoth(l.at, l.server, func(r *ir.Route) {
		r.Match.Paths = []ir.Path{path}
		r.Priority += step*l.rank + 1
		r.Filters = []ir.Filter{redirect}
		t.withHSTS(r)
	})
}

// withHSTS adds the header of answers over TLS, for all that nginx answers from a
// location.
func (t *translator) withHSTS(r *ir.Route) {
	if r.TLS != nil {
		r.Filters = append(t.hstsFilter(), r.Filters...)
	}
}

// onBoth makes routes for all hosts of a server on both entry points; their
// priority is the beginning of the server's range.
func (t *translator) onBoth(at place, v *server, change func(r *ir.Route)) []ir.Route {
	var out []ir.Route
	for _, https := range []bool{false, true} {
		if https && v.passTo != nil || v.checkTLSOptions() != nil && (https || v.clientCert.plainToo) {
			continue
		}
		for _, hosts := range v.hostSets() {
			r := ir.Route{
				Owner: at.src.ref(), Origins: []ir.Origin{at.origin()},
				EntryPoints: t.plainEntry,
				Match:       ir.Match{Hosts: hosts.hosts, NotHosts: hosts.not},
				Priority:    hosts.base,
			}
			if https {
				r.EntryPoints, r.TLS = t.tlsEntry, v.tlsOf(at.src)
			}
			change(&r)
			out = append(out, r)
		}
	}
	return out
}

// appRootRoutes redirect / of the whole host, whatever path carries the
// annotation, refused and withheld ones included; of several the first location in
// nginx's order wins.
func (t *translator) appRootRoutes(v *server) []ir.Route {
	var winner *location
	for _, l := range v.locations {
		if l.settings().appRoot == "" || l.catchAll() {
			continue
		}
		if winner == nil || l.rank > winner.rank {
			winner = l
		}
	}
	if winner == nil {
		return nil
	}
	if winner.settings().denied == nil {
		winner.at.src.routed++
	}
	return t.onBoth(winner.at, v, func(r *ir.Route) {
		r.Match.Paths = []ir.Path{{Kind: ir.PathExact, Value: "/"}}
		r.Priority += step * (len(v.locations) + 1)
		r.Filters = []ir.Filter{appRootRedirect(winner.settings().appRoot)}
	})
}

// wwwRoutes redirect www.host to host, or host to www.host, when the other name
// has no server of its own.
func (t *translator) wwwRoutes(v *server) []ir.Route {
	var asked *location
	for _, l := range v.locations {
		if !l.implicit && l.settings().fromToWWW && (asked == nil || l.rank > asked.rank) {
			asked = l
		}
	}
	if asked == nil {
		return nil
	}
	from := counterpart(v.host)
	if from == "" || t.servers[from] != nil || len(asked.lost) > 0 {
		asked.at.src.sayMild(diag.WNginxRedirect, "from-to-www-redirect", "there is no redirect: the other name has routes of its own or does not exist")
		return nil
	}
	asked.at.src.sayOf(diag.WNginxRedirect, "from-to-www-redirect", "the redirect from "+from+" has status 301 (GET) and no port")
	twin := &server{host: from, certOwner: v.certOwner, secret: v.secret, tls: v.tls}
	return t.onBoth(asked.at, twin, func(r *ir.Route) {
		r.Match.Paths = []ir.Path{{Kind: ir.PathPrefix, Value: "/"}}
		r.Priority += step
		r.Filters = []ir.Filter{wwwRedirect(v.host)}
		t.withHSTS(r)
	})
}

// counterpart is the host with or without www; empty where there is none.
func counterpart(host string) string {
	switch rest, www := strings.CutPrefix(host, "www."); {
	case host == "" || strings.HasPrefix(host, "*") || !hostName.MatchString(host):
		return ""
	case www:
		return rest
	}
	return "www." + host
}
