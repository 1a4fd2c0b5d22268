package emitnginx

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// location is one location of a server.
type location struct {
	owner   *owner
	route   *ir.Route
	pattern pattern
	answer  *answer
	// plain and tls are what Traefik does for each scheme; nil: it has no route.
	plain, tls *side
	// asPlain: the answer is that for plain requests.
	asPlain  bool
	text     string
	pathType string
}

// side is what one route does with requests of one scheme.
type side struct {
	piece
	task *task
	// nth of the pieces of its route.
	nth int
}

// before tells whether Traefik asks a before b.
func before(a, b *side) int {
	return cmp.Or(cmp.Compare(b.task.route.Priority, a.task.route.Priority), cmp.Compare(a.nth, b.nth))
}

// locate makes the locations of a server: the sides of each set of paths
// together, by priority.
func (s *server) locate() {
	byKey := map[string]*location{}
	for _, tls := range [...]bool{false, true} {
		for _, added := range s.sides(tls) {
			key := added.pattern.key()
			l := byKey[key]
			if l == nil {
				l = &location{}
				byKey[key] = l
				s.locations = append(s.locations, l)
			}
			if tls {
				l.tls = added
			} else {
				l.plain = added
			}
		}
	}
	for _, l := range s.locations {
		l.settle()
	}
	slices.SortStableFunc(s.locations, func(a, b *location) int { return before(a.main(), b.main()) })
	s.pairs = s.overlaps()
	for i := range s.locations {
		s.compare(i)
		s.compareOrder(i)
	}
	s.implicit()
}

// sides are what Traefik does with requests of one scheme, in its order, without
// what never gets one because something before it takes all of its paths.
func (s *server) sides(tls bool) []*side {
	var out []*side
	var taken covering
	for _, t := range s.tasks {
		if tls && !t.schemes.tls || !tls && !t.schemes.plain || s.hiddenTwin(t) {
			continue
		}
		if taken.covers(t.on) {
			s.never(t, tls)
			continue
		}
		for i, p := range t.pieces(s.host, tls) {
			if !taken.covers(p.pattern) {
				out = append(out, &side{piece: p, task: t, nth: i})
				taken.add(p.pattern)
			}
		}
	}
	return out
}

// never reports a path that nothing asks for, on the server that it names.
func (s *server) never(t *task, tls bool) {
	if s.host != "" && !slices.ContainsFunc(t.route.Match.Hosts, func(h ir.Host) bool {
		name, _, ok := serverName(h)
		return ok && name == s.host
	}) {
		return
	}
	what := "every plain request for "
	if tls {
		what = "every request over TLS for "
	}
	t.owner.report(diag.IToNginxNever, field(t.route), "another route takes "+what+s.name()+t.on.text+", today as well")
}

// covering is a set of patterns.
type covering struct {
	byText map[string][]pattern
	keys   map[string]bool
}

func (c *covering) add(p pattern) {
	if c.byText == nil {
		c.byText, c.keys = map[string][]pattern{}, map[string]bool{}
	}
	c.keys[p.key()] = true
	if p.shape == prefix || p.shape == segment {
		c.byText[p.text] = append(c.byText[p.text], p)
	}
}

// covers tells whether one of the set takes every path of p.
func (c *covering) covers(p pattern) bool {
	if c.keys[p.key()] {
		return true
	}
	stem := p.stem()
	for end := 1; end <= len(stem); end++ {
		if slices.ContainsFunc(c.byText[stem[:end]], func(wide pattern) bool { return covers(wide, p) }) {
			return true
		}
	}
	return false
}

// pieces are those of one path on one scheme. Where the listener redirects to
// https, nothing else happens there.
func (t *task) pieces(host string, tls bool) []piece {
	pieces := t.owner.pieces(t.route, t.on, host, tls)
	if tls || !t.schemes.toTLS {
		return pieces
	}
	for i := range pieces {
		if !pieces[i].answer.denied {
			redirecting := *pieces[i].answer
			redirecting.toTLS = true
			pieces[i].answer = &redirecting
		}
	}
	t.owner.report(diag.WToNginxSSL, field(t.route), "the redirect to https has status 308")
	return pieces
}

// hiddenTwin tells whether a route is for requests that came over TLS to a load
// balancer, beside one for the others. nginx takes them for TLS by itself when the
// controller trusts the header.
func (s *server) hiddenTwin(t *task) bool {
	h, ok := forwardedTLS(t.route)
	if !ok || h.Not {
		return false
	}
	return slices.ContainsFunc(s.tasks, func(other *task) bool {
		g, ok := forwardedTLS(other.route)
		return ok && g.Not && other.on.key() == t.on.key() && other.route.Owner == t.route.Owner && other.route.Priority == t.route.Priority
	})
}

// forwardedTLS is the condition on X-Forwarded-Proto of a route that has no other.
func forwardedTLS(r *ir.Route) (ir.HeaderMatch, bool) {
	if len(r.Match.Headers) != 1 {
		return ir.HeaderMatch{}, false
	}
	h := r.Match.Headers[0]
	return h, h.Name == "X-Forwarded-Proto" && h.Value == "https" && !h.Regexp
}

// acting are the annotations that change what the implicit / of a host answers.
var acting = [...]string{"auth-type", "auth-url", "denylist-source-range", "whitelist-source-range"}

// implicit reports what unknown paths of a host may get in place of a 404.
func (s *server) implicit() {
	if slices.ContainsFunc(s.locations, func(l *location) bool { return covers(l.pattern, pattern{shape: prefix, text: "/"}) }) {
		return
	}
	for _, l := range s.locations {
		acts := l.answer.toTLS || l.answer.redirects()
		for _, name := range acting {
			acts = acts || l.answer.annotations[name] != ""
		}
		if acts {
			l.report(diag.WToNginxImplicit, "unknown paths of "+strings.TrimSpace(s.name())+" may be answered with this Ingress' redirect or protection in place of a 404")
		}
	}
}
