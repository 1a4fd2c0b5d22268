package nginx

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// canarySettings say which requests a canary gets.
type canarySettings struct {
	header, value, pattern string
	cookie                 string
	weight, total          int
}

var canaryNames = []string{
	"canary-by-cookie", "canary-by-header", "canary-by-header-pattern", "canary-by-header-value", "canary-weight", "canary-weight-total",
}

// readCanary returns nil for an ordinary Ingress.
func (t *translator) readCanary(s *source) *canarySettings {
	if !s.ann.boolean("canary", false) {
		for _, name := range canaryNames {
			if s.ann.has(name) {
				s.sayOf(diag.ENginxCanary, name, "without canary: \"true\" this is an ordinary Ingress")
			}
		}
		return nil
	}
	c := &canarySettings{
		header: s.ann.str("canary-by-header", ""), value: s.ann.str("canary-by-header-value", ""),
		pattern: s.ann.str("canary-by-header-pattern", ""), cookie: s.ann.str("canary-by-cookie", ""),
		weight: s.ann.number("canary-weight", 0), total: max(s.ann.number("canary-weight-total", 100), 100),
	}
	c.weight = min(max(c.weight, 0), c.total)
	if c.header == "" {
		s.ann.ignoreIfPresent("canary-by-header-value", "read only with canary-by-header")
		s.ann.ignoreIfPresent("canary-by-header-pattern", "read only with canary-by-header")
		c.value, c.pattern = "", ""
	}
	if why := badCanaryHeader(c.header); why != "" {
		s.ann.ignore("canary-by-header", why)
		s.ann.ignoreIfPresent("canary-by-header-value", why)
		s.ann.ignoreIfPresent("canary-by-header-pattern", why)
		c.header, c.value, c.pattern = "", "", ""
	}
	if c.value != "" {
		s.ann.ignoreIfPresent("canary-by-header-pattern", "canary-by-header-value wins")
		c.pattern = ""
	}
	if c.pattern != "" {
		if _, err := regexp.Compile(c.pattern); err != nil {
			s.sayOf(diag.ENginxPCRE, "canary-by-header-pattern", "the pattern is not one that Traefik can compile; the header does not choose the canary")
			c.header, c.pattern = "", ""
		}
	}
	if c.cookie != "" && !headerName.MatchString(c.cookie) {
		s.ann.ignore("canary-by-cookie", "not the name of a cookie")
		c.cookie = ""
	}
	return c
}

// badCanaryHeader says why a header never chooses the canary: nginx drops headers
// with underscores before anybody looks at them.
func badCanaryHeader(header string) string {
	switch {
	case header == "":
	case !headerName.MatchString(header):
		return "not the name of a header"
	case strings.Contains(header, "_"):
		return "nginx drops headers with underscores, so the header never chooses the canary"
	}
	return ""
}

// canary is one canary of one location.
type canary struct {
	at      place
	service ir.Service
}

// attachCanaries does what the controller does after all servers are built: each
// path of a canary Ingress looks for the location of the same host, path and path
// type, and joins the Service found there. Every location of the host with that
// Service then has the canary; those of other hosts are reported.
func (t *translator) attachCanaries() {
	for _, s := range t.ordered {
		if !s.served() || s.settings.canary == nil {
			continue
		}
		for r := range s.Spec.Rules {
			if s.Spec.Rules[r].HTTP == nil { // mergeAlternativeBackends, controller.go
				s.add(finding{code: diag.ENginxNotServed, field: place{s, r, -1}.field(), text: "a rule without paths in a canary makes the controller panic: it serves nothing new as long as it is there"}.diagnostic(s))
			}
		}
		attached := false
		for at, path := range s.paths() {
			attached = t.attachCanary(at, path) || attached
		}
		if attached {
			s.sayOf(diag.WNginxCanary, "canary", "")
		}
	}
}

func (t *translator) attachCanary(at place, path ingressPath) bool {
	s := at.src
	drop := func(text string) bool {
		s.add(finding{code: diag.ENginxCanary, field: at.field(), text: text}.diagnostic(s))
		return false
	}
	if t.owners.ordinary[hostUpstream{path.host, path.upstream(s)}] != nil {
		return false // said by addCanaryLocations
	}
	foreign := t.reportForeignOwner(at, path)
	server := t.servers[path.host]
	switch {
	case server == nil && foreign:
		return drop("no other Ingress has this host: the controller serves the path for all hosts without routes, the target for none")
	case server == nil:
		return drop("no other Ingress has this host")
	}
	for _, l := range server.locations {
		if l.backend == nil {
			continue
		}
		if l.upstream() == path.upstream(s) {
			return drop("its Service is the primary's of " + l.path)
		}
		if l.path != path.path || l.exact != path.exact || l.implicit && !l.overrides {
			continue
		}
		switch {
		case l.canary != nil:
			return drop("another canary was attached first")
		case l.at.src.Namespace != s.Namespace:
			s.add(finding{code: diag.EXNS, field: at.field(), text: "the primary is in namespace " + l.at.src.Namespace + ": the canary gets nothing"}.diagnostic(s))
			return false
		}
		service, ok := t.resolveService(at, path.backend)
		if !ok {
			return false
		}
		scheme, transport := l.settings().backend.scheme(true)
		service.Scheme, service.Transport = scheme, transport
		c := &canary{at: at, service: service}
		for _, other := range server.locations {
			if other.backend != nil && other.upstream() == l.upstream() && other.canary == nil && other.at.src.Namespace == s.Namespace {
				other.canary = c
			}
		}
		t.reportElsewhere(l, s)
		s.routed++
		return true
	}
	return drop("no location of another Ingress has this host, path and path type")
}

// reportElsewhere reports the locations of other hosts with the Service of a primary:
// nginx gives the first canary of the Service its share of their requests too.
func (t *translator) reportElsewhere(primary *location, canary *source) {
	if t.byUpstream == nil {
		t.byUpstream = map[string][]*location{}
		for _, v := range t.hosts {
			for _, l := range v.locations {
				if l.backend != nil {
					t.byUpstream[l.upstream()] = append(t.byUpstream[l.upstream()], l)
				}
			}
		}
	}
	locations := t.byUpstream[primary.upstream()]
	delete(t.byUpstream, primary.upstream())
	for _, l := range locations {
		if l.server == primary.server {
			continue
		}
		l.at.src.add(finding{
			code: diag.WNginxCanary, field: l.at.field(), value: l.path,
			text: "canary " + canary.ref().String() + " gets its share of these requests in nginx, since the Service is its primary's; in the target it does not",
		}.diagnostic(l.at.src))
	}
}

// variant is one way in which requests of a location part.
type variant struct {
	headers []ir.HeaderMatch
	// bump is added to the priority of the location.
	bump    int
	backend ir.Backend
}

// The order in which the controller decides: header, cookie, weight.
const (
	headerBump = 4
	cookieBump = 2
)

// canaryVariants are the routes of a location with a canary: requests that the
// header or the cookie sends to one side, and the rest by weight.
func (l *location) canaryVariants(primary ir.Service, second ir.Service, cookie *ir.Sticky) []variant {
	c := l.canary.at.src.settings.canary
	one := func(s ir.Service) ir.Backend {
		s.Sticky = cookie
		return ir.Backend{Services: []ir.Service{s}, Mirror: l.settings().mirror}
	}
	var out []variant
	if c.header != "" {
		always := ir.HeaderMatch{Name: c.header, Value: "always"}
		switch {
		case c.value != "":
			always.Value = c.value
		case c.pattern != "":
			always.Value, always.Regexp = c.pattern, true
		default:
			never := ir.HeaderMatch{Name: c.header, Value: "never"}
			out = append(out, variant{headers: []ir.HeaderMatch{never}, bump: headerBump, backend: one(primary)})
		}
		out = append(out, variant{headers: []ir.HeaderMatch{always}, bump: headerBump, backend: one(second)})
	}
	if c.cookie != "" {
		for _, side := range []struct {
			value   string
			service ir.Service
		}{{"always", second}, {"never", primary}} {
			match := ir.HeaderMatch{Name: "Cookie", Regexp: true, Value: `(^|;\s*)` + regexp.QuoteMeta(c.cookie) + `=` + side.value + `(;|$)`}
			out = append(out, variant{headers: []ir.HeaderMatch{match}, bump: cookieBump, backend: one(side.service)})
		}
	}
	switch c.weight {
	case 0:
		return append(out, variant{backend: one(primary)})
	case c.total:
		return append(out, variant{backend: one(second)})
	}
	rest := c.total - c.weight
	primary.Weight, second.Weight = &rest, &c.weight
	primary.Sticky, second.Sticky = cookie, cookie
	both := ir.Backend{Services: []ir.Service{primary, second}, Mirror: l.settings().mirror}
	if cookie != nil && !l.settings().sticky.legacy {
		group := *cookie
		group.CookieName += "_canary"
		both.Sticky = &group
	}
	return append(out, variant{backend: both})
}
