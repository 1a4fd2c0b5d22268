package traefikv1

import (
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// loss is one place that has no route in the output, and why.
type loss struct {
	at      place
	finding finding
}

// lose notes that a place has no route.
func (t *translator) lose(at place, f finding) {
	t.losses = append(t.losses, loss{at, f})
}

// loseAll notes that no path of an Ingress has a route.
func (t *translator) loseAll(s *source, f finding) {
	s.dropped = true
	lost := false
	for r, rule := range s.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for p := range rule.HTTP.Paths {
			t.lose(place{s, r, p}, f)
			lost = true
		}
	}
	if !lost {
		t.lose(place{src: s, rule: -1}, f)
	}
}

// reportLosses says of every place without a route why, and where its requests
// go instead: a route without the protection of the lost one may catch them.
func (t *translator) reportLosses() {
	for _, f := range t.frontends {
		if f.alternative {
			continue
		}
		for _, problem := range f.problems {
			for _, at := range f.places {
				t.lose(at, problem)
			}
		}
	}
	for _, l := range t.losses {
		field := l.finding.field
		if field == "" {
			field = l.at.field()
		}
		d := diag.New(l.finding.code, l.at.src.object(), field,
			l.finding.text+"; no route for "+l.at.url()+", so the output answers "+t.instead(l.at)).WithValue(l.finding.value)
		if l.finding.block {
			d = d.Block()
		}
		l.at.src.add(d)
	}
}

// instead says how the output answers requests of a place that has no route of its own.
func (t *translator) instead(at place) string {
	path := at.pathText()
	if !strings.HasPrefix(path, "/") {
		path = "/"
	}
	if t.routedHosts == nil {
		t.routedHosts = newHostIndex(len(t.frontends))
		for _, f := range t.frontends {
			if f.inOutput() {
				t.routedHosts.add(f)
			}
		}
	}
	var best *frontend
	for _, f := range t.routedHosts.forHost(strings.ToLower(at.host())) {
		if !f.matcher.match.takes(at.host(), path) {
			continue
		}
		if best == nil || f.outranks(best) {
			best = f
		}
	}
	switch {
	case best == nil:
		return "404"
	case best.guarded:
		return "403"
	case best.namespace != at.src.Namespace:
		return "by a route of another namespace"
	}
	return "by " + best.places[0].url() + " of Ingress " + best.first.Name + best.protection()
}

// protection tells in brackets how a route is protected.
func (f *frontend) protection() string {
	switch {
	case f.config.auth != nil:
		return " (with authentication)"
	case f.config.allowList != nil:
		return " (with an allow list)"
	}
	return " (open to everybody)"
}

// takes tells whether a request for host and path can be taken; a wildcard host
// stands for itself, templates are taken to match.
func (r requests) takes(host, path string) bool {
	hosts := len(r.Hosts) == 0
	lost := ir.Host{Kind: kindOfHost(host), Value: strings.ToLower(host)}
	for _, h := range r.Hosts {
		hosts = hosts || h.Kind >= lost.Kind && hostsOverlap(h, lost)
	}
	paths := len(r.Paths) == 0
	for _, p := range r.Paths {
		paths = paths || pathsOverlap(p, ir.Path{Kind: ir.PathExact, Value: path})
	}
	return hosts && paths
}

func kindOfHost(host string) ir.HostKind {
	if strings.HasPrefix(host, "*.") {
		return ir.HostWildcard
	}
	return ir.HostExact
}

// places names the first of several places in a text.
func places(list []place) string {
	if len(list) == 1 {
		return list[0].url()
	}
	return list[0].url() + " and " + strconv.Itoa(len(list)-1) + " more"
}
