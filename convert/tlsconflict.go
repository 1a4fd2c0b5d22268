package convert

import (
	"fmt"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// tlsOptions finds TLS routes of one host that ask for different TLS options:
// Traefik then takes the default ones for the host, without a client certificate
// (pkg/server/router/tcp of v2.11 and v3). A route without options is withheld
// beside one of another dialect that has some; two with different ones both deny
// everybody.
func (m *mixture) tlsOptions(host string, routes []contender, withheld map[*ir.Route]bool) {
	for i := range routes {
		for j := range routes {
			mine, other := &routes[i], &routes[j]
			if mine.dialect == other.dialect || mine.route.TLS == nil || other.route.TLS == nil {
				continue
			}
			own, theirs := optionsOf(mine.route), optionsOf(other.route)
			if theirs == "" || own == theirs {
				continue
			}
			text := fmt.Sprintf("%s of %s asks for TLS options for host %s, which Traefik would drop beside this route", other.route.Owner, other.dialect.Controller(), host)
			for _, origin := range mine.route.Origins {
				m.say(origin, diag.New(diag.EDialectCollision, diag.Object{}, origin.Field, text).Block())
			}
			if own == "" {
				withheld[mine.route] = true
			} else {
				mine.route.Filters = []ir.Filter{ir.DenyAll()}
			}
		}
	}
}

// optionsOf is a text that is equal for routes with the same TLS options; empty:
// the default ones.
func optionsOf(r *ir.Route) string {
	switch t := r.TLS; {
	case t.Options != nil:
		return fmt.Sprintf("%+v", *t.Options)
	case t.OptionsName != "":
		return t.OptionsNamespace + "/" + t.OptionsName
	}
	return ""
}

// passthroughs report hosts whose TLS connections another dialect's passthrough
// takes before any route sees a request.
func (m *mixture) passthroughs(shared map[string][]contender) {
	for _, p := range m.all.parts {
		for _, pass := range p.translation.Passthroughs {
			for _, host := range pass.Hosts {
				for _, c := range shared[hostKey(ir.Host{Value: host})] {
					if c.dialect == p.dialect || c.route.TLS == nil {
						continue
					}
					for _, origin := range c.route.Origins {
						m.say(origin, diag.New(diag.WDialectCollision, diag.Object{}, origin.Field, fmt.Sprintf(
							"%s of %s passes TLS connections for %s on: from now on that one answers them", pass.Owner, p.dialect.Controller(), host)))
					}
					for _, origin := range slices.Clone(pass.Origins) {
						m.say(origin, diag.New(diag.WDialectCollision, diag.Object{}, origin.Field, fmt.Sprintf(
							"%s of %s claims %s as well: from now on this one answers", c.route.Owner, c.dialect.Controller(), host)))
					}
				}
			}
		}
	}
}
