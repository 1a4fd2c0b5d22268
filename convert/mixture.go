package convert

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// mixture is what becomes of the routes of several controllers when one Traefik
// has them all. Before, each controller answered at an address of its own; after,
// a request can match routes of both.
//
//	a host that one dialect names       kept away from routes of the others that
//	                                    match any host, a wildcard or an expression
//	a host that several dialects name   every pair of routes that one request can
//	                                    match is reported, and where the one that
//	                                    answers protects less, it is withheld
type mixture struct {
	all *translated
	// claims are the dialects that name a host, see hostKey.
	claims map[string][]Dialect
	index  map[ir.Ref]int
	seen   map[diag.Diagnostic]bool
}

func newMixture(in Input, all *translated) *mixture {
	m := &mixture{all: all, claims: map[string][]Dialect{}, index: make(map[ir.Ref]int, len(in.Ingresses)), seen: map[diag.Diagnostic]bool{}}
	for i, ing := range in.Ingresses {
		m.index[ir.Ref{Namespace: ing.Namespace, Name: ing.Name}] = i
		for r := range ing.Spec.Rules {
			m.claim(strings.ToLower(ing.Spec.Rules[r].Host), all.dialects[i])
		}
	}
	for _, p := range all.parts {
		for i := range p.translation.Routes {
			for _, host := range p.translation.Routes[i].Match.Hosts {
				m.claim(hostKey(host), p.dialect)
			}
		}
		for _, pass := range p.translation.Passthroughs {
			for _, host := range pass.Hosts {
				m.claim(strings.ToLower(host), p.dialect)
			}
		}
	}
	return m
}

func (m *mixture) claim(host string, dialect Dialect) {
	if host == "" || dialect == "" || strings.HasPrefix(host, "~") {
		return
	}
	if !slices.Contains(m.claims[host], dialect) {
		m.claims[host] = append(m.claims[host], dialect)
	}
}

// hostKey files a host: exact ones and wildcards by name, expressions by their text.
func hostKey(h ir.Host) string {
	if h.Kind == ir.HostRegexp {
		return "~" + h.Value
	}
	return strings.ToLower(h.Value)
}

func (m *mixture) reconcile() {
	m.fence()
	m.collide()
	for i := range m.all.Ingresses {
		diag.Sort(m.all.Ingresses[i].Diagnostics)
	}
}

// fence excludes the hosts of other dialects from routes that would take them.
func (m *mixture) fence() {
	hosts := slices.Sorted(maps.Keys(m.claims))
	for p := range m.all.parts {
		part := &m.all.parts[p]
		for i := range part.translation.Routes {
			r := &part.translation.Routes[i]
			takes := taker(r.Match)
			if takes == nil {
				continue
			}
			var not []ir.Host
			for _, host := range hosts {
				if slices.Contains(m.claims[host], part.dialect) || !takes(host) {
					continue
				}
				not = append(not, asHost(host))
			}
			not = slices.DeleteFunc(not, func(h ir.Host) bool { return slices.Contains(r.Match.NotHosts, h) })
			if len(not) == 0 {
				continue
			}
			r.Match.NotHosts = slices.Concat(r.Match.NotHosts, not)
			for _, origin := range r.Origins {
				m.say(origin, diag.New(diag.WDialectFence, diag.Object{}, origin.Field, "hosts of other controllers are excluded: "+few(not)))
			}
		}
	}
}

func asHost(host string) ir.Host {
	if strings.HasPrefix(host, "*.") {
		return ir.Host{Kind: ir.HostWildcard, Value: host}
	}
	return ir.Host{Kind: ir.HostExact, Value: host}
}

// few names the first hosts of a list.
func few(hosts []ir.Host) string {
	const most = 3
	var names []string
	for i, h := range hosts {
		if i == most {
			return strings.Join(names, ", ") + " and others"
		}
		names = append(names, h.Value)
	}
	return strings.Join(names, ", ")
}

// taker tells which hosts a route takes beside those it names; nil: none.
func taker(match ir.Match) func(host string) bool {
	if len(match.Hosts) == 0 {
		return func(string) bool { return true }
	}
	var tests []func(string) bool
	for _, h := range match.Hosts {
		switch h.Kind {
		case ir.HostExact:
		case ir.HostWildcard:
			suffix := strings.ToLower(strings.TrimPrefix(h.Value, "*"))
			tests = append(tests, func(host string) bool {
				label, ok := strings.CutSuffix(host, suffix)
				return ok && label != "" && !strings.ContainsAny(label, ".*")
			})
		case ir.HostRegexp:
			if expression, err := regexp.Compile("(?i)" + h.Value); err == nil {
				tests = append(tests, func(host string) bool { return !strings.HasPrefix(host, "*") && expression.MatchString(host) })
			}
		}
	}
	if len(tests) == 0 {
		return nil
	}
	return func(host string) bool {
		return slices.ContainsFunc(tests, func(test func(string) bool) bool { return test(host) })
	}
}

// say adds a finding about an Ingress, once.
func (m *mixture) say(at ir.Origin, d diag.Diagnostic) {
	i, ok := m.index[at.Ingress]
	if !ok {
		return
	}
	outcome := &m.all.Ingresses[i]
	d.Object = diag.Object{Kind: "Ingress", Namespace: at.Ingress.Namespace, Name: at.Ingress.Name, File: outcome.File}
	if m.seen[d] {
		return
	}
	m.seen[d] = true
	outcome.Diagnostics = append(outcome.Diagnostics, d)
}
