package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// contender is one route for a host that several dialects have routes for.
type contender struct {
	dialect Dialect
	route   *ir.Route
	// protection is what keeps requests out, in an order and form of its own.
	protection string
	// closed: it answers everything itself and exposes nothing.
	closed bool
}

// collide looks at every host that routes of several dialects match.
func (m *mixture) collide() {
	shared := map[string][]contender{}
	for p := range m.all.parts {
		part := &m.all.parts[p]
		for i := range part.translation.Routes {
			r := &part.translation.Routes[i]
			c := contender{dialect: part.dialect, route: r, protection: protection(r), closed: answersItself(r)}
			for _, key := range m.sharedKeys(r) {
				shared[key] = append(shared[key], c)
			}
		}
	}
	withheld := map[*ir.Route]bool{}
	for _, host := range slices.Sorted(maps.Keys(shared)) {
		m.collideOn(host, shared[host], withheld)
		m.tlsOptions(host, shared[host], withheld)
	}
	m.passthroughs(shared)
	for p := range m.all.parts {
		t := &m.all.parts[p].translation
		kept := make([]ir.Route, 0, len(t.Routes))
		for i := range t.Routes {
			if !withheld[&t.Routes[i]] {
				kept = append(kept, t.Routes[i])
			}
		}
		t.Routes = kept
	}
}

// sharedKeys are the hosts of a route that other dialects claim too. Expressions
// meet each other, and those without a host each other, whatever they match.
func (m *mixture) sharedKeys(r *ir.Route) []string {
	if len(r.Match.Hosts) == 0 {
		return []string{AnyHost}
	}
	var keys []string
	for _, h := range r.Match.Hosts {
		if h.Kind == ir.HostRegexp {
			keys = append(keys, "~")
		} else if key := hostKey(h); len(m.claims[key]) > 1 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// collideOn reports the pairs on one host, and decides who is withheld.
//
//	the route that answers   the other      outcome
//	protected alike          -              reported, both as they are
//	anyhow                   unprotected    reported: the stricter one answers
//	unprotected              protected      the one that answers is withheld
//	protected differently    protected      the one that answers denies everybody
func (m *mixture) collideOn(host string, routes []contender, withheld map[*ir.Route]bool) {
	for i := range routes {
		for j := i + 1; j < len(routes); j++ {
			a, b := &routes[i], &routes[j]
			if a.dialect == b.dialect || !meet(a.route, b.route) {
				continue
			}
			winner, loser := a, b
			if before(b, a) {
				winner, loser = b, a
			}
			m.judge(host, winner, loser, withheld)
		}
	}
}

// before tells whether Traefik takes b's route where a's matches as well.
func before(b, a *contender) bool {
	if a.route.Priority != b.route.Priority {
		return b.route.Priority > a.route.Priority
	}
	// Which of equal priority Traefik takes depends on the rules' hashes: the less
	// protected one is taken to win.
	return b.protection == "" && !b.closed
}

func (m *mixture) judge(host string, winner, loser *contender, withheld map[*ir.Route]bool) {
	at := describe(host, winner.route, loser.route)
	unsafe := loser.protection != "" && winner.protection != loser.protection && !winner.closed
	for _, origin := range winner.route.Origins {
		if !unsafe {
			m.say(origin, diag.New(diag.WDialectCollision, diag.Object{}, origin.Field, fmt.Sprintf(
				"%s of %s claims %s as well: from now on this one answers", loser.route.Owner, loser.dialect.Controller(), at)))
			continue
		}
		text := fmt.Sprintf("%s of %s protects %s and this route would answer without that protection: it is withheld", loser.route.Owner, loser.dialect.Controller(), at)
		if winner.protection != "" {
			text = fmt.Sprintf("%s of %s protects %s in another way: this route denies everybody", loser.route.Owner, loser.dialect.Controller(), at)
		}
		m.say(origin, diag.New(diag.EDialectCollision, diag.Object{}, origin.Field, text).Block())
	}
	for _, origin := range loser.route.Origins {
		text := fmt.Sprintf("%s of %s claims %s as well: from now on that one answers", winner.route.Owner, winner.dialect.Controller(), at)
		if unsafe {
			text = fmt.Sprintf("%s of %s claims %s as well, without the same protection", winner.route.Owner, winner.dialect.Controller(), at)
		}
		m.say(origin, diag.New(diag.WDialectCollision, diag.Object{}, origin.Field, text))
	}
	if !unsafe {
		return
	}
	if winner.protection == "" {
		withheld[winner.route] = true
		return
	}
	winner.route.Filters = []ir.Filter{ir.DenyAll()}
}

// describe names what both claim, by the narrower of the two paths.
func describe(host string, a, b *ir.Route) string {
	if host == AnyHost {
		host = "any host"
	} else if host == "~" {
		host = "hosts by an expression"
	}
	path := "every path"
	for _, r := range []*ir.Route{a, b} {
		if len(r.Match.Paths) > 0 && (path == "every path" || len(r.Match.Paths[0].Value) > len(path)) {
			path = r.Match.Paths[0].Value
		}
	}
	return host + " " + path
}

// protection is a text that is equal for routes that keep the same requests out.
func protection(r *ir.Route) string {
	var parts []string
	for _, f := range r.Filters {
		switch f.(type) {
		case ir.BasicAuth, ir.DigestAuth, ir.ForwardAuth, ir.IPAllowList, ir.ExistingMiddleware:
			parts = append(parts, fmt.Sprintf("%T%+v@%s", f, f, r.Owner.Namespace))
		}
	}
	for _, address := range r.Match.ClientIPs {
		parts = append(parts, "from "+address)
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "\n")
}

// answersItself tells whether every request is answered by a redirect to TLS.
func answersItself(r *ir.Route) bool {
	for _, f := range r.Filters {
		if redirect, ok := f.(ir.RedirectScheme); ok {
			return redirect.Scheme == "https" && r.TLS == nil
		}
	}
	return len(r.Backend.Services) == 0
}
