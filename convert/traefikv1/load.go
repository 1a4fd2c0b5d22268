package traefikv1

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// loadFrontends replays the loading of the provider, one namespace at a time so
// that no namespace can reach into a frontend of another one.
func (t *translator) loadFrontends() {
	served := t.served()
	paths := 0
	for _, s := range served {
		for r := range s.Spec.Rules {
			if http := s.Spec.Rules[r].HTTP; http != nil {
				paths += len(http.Paths)
			}
		}
	}
	if t.claims = t.made.work.byKey; t.claims == nil {
		t.claims = make(map[string]*claim, paths)
	}
	t.frontends = append(t.made.work.list.Room(len(t.frontends)+paths), t.frontends...)
	parts := t.made.work.parts // nobody needs them any more once a namespace is wired
	for start := 0; start < len(served); {
		end := start
		l := loader{t: t, namespace: served[start].Namespace, parts: parts[:0]}
		first := len(t.frontends)
		for ; end < len(served) && served[end].Namespace == l.namespace; end++ {
			l.ingress(served[end])
		}
		for _, f := range t.frontends[first:] {
			f.backend, f.claim = f.claim.backend, nil
			f.reportMerge()
			t.wire(f)
		}
		start, parts = end, l.parts
	}
	t.made.work.byKey, t.made.work.parts, t.claims = t.claims, parts, nil
}

// claim is what the paths with one key have made so far, in one namespace.
type claim struct {
	namespace string
	frontend  *frontend // nil: no path was loaded
	backend   *backend  // nil: it was taken away
}

// loader is the table that the provider fills, for one namespace.
type loader struct {
	t         *translator
	namespace string
	// host and its rule are those of the last path: paths of a host follow each other.
	host, rule string
	looked     bool
	// parts are those of the frontends.
	parts []rulePart
}

// roomForParts has room for the rules of a host and of a path.
func (l *loader) roomForParts() []rulePart {
	const usual = 2
	n := len(l.parts)
	l.parts = slices.Grow(l.parts, usual)[:n+usual]
	return l.parts[n : n : n+usual]
}

// hostRule returns the rule for a host; false when the host cannot be quoted.
func (l *loader) hostRule(host string) (rule string, quoted bool) {
	if !l.looked || l.host != host {
		l.looked, l.host, l.rule = true, host, ""
		if quotable(host) {
			l.rule = hostRule(host)
		}
	}
	return l.rule, l.rule != ""
}

// claim returns the entry of the table for a key.
func (l *loader) claim(key string) *claim {
	c := l.t.claims[key]
	if c == nil || c.namespace != l.namespace {
		l.t.contested = l.t.contested || c != nil
		c = l.t.made.work.claims.New()
		c.namespace = l.namespace
		l.t.claims[key] = c
	}
	return c
}

// ingress loads the rules of one Ingress.
func (l *loader) ingress(s *source) {
	if !l.t.readShares(s) {
		s.dropped = true
		return
	}
	first := len(l.t.frontends)
	for r := range s.Spec.Rules {
		rule := &s.Spec.Rules[r]
		if rule.HTTP == nil {
			s.say(diag.WNoHTTP, place{src: s, rule: r}.ruleField(), "a rule without paths is skipped")
			continue
		}
		for p := range rule.HTTP.Paths {
			l.path(place{s, r, p}, &rule.HTTP.Paths[p])
		}
	}
	slices.SortFunc(l.t.frontends[first:], func(a, b *frontend) int { return strings.Compare(a.key, b.key) })
}

// path loads one path: the checks are in the order of the provider, because the
// first one that fails decides what else the path has already changed.
func (l *loader) path(at place, path *networkingv1.HTTPIngressPath) {
	s, host := at.src, at.host()
	ofHost, quoted := l.hostRule(host)
	if !quoted || !quotable(path.Path) {
		l.t.lose(at, dropped(at.field(), "host or path cannot be quoted (a double quote, a lone backslash or a line break)"))
		return
	}
	serviceName, port := backendOf(path)
	key := frontendKey(host, path.Path, serviceName, s.ann.list("frontend-entry-points"), s.ann.integer("priority", 0))
	c := l.claim(key)
	if c.backend == nil {
		c.backend = l.t.made.work.backends.New()
		c.backend.namespace, c.backend.key = l.namespace, key
	}
	lose := func(f finding) {
		l.t.lose(at, f)
		l.t.emptyBackend(l.namespace, key)
	}
	if realm := s.ann.str("auth-realm", ""); realm != "" && realm != defaultRealm {
		c.backend = nil // and with it the frontend that another path made, as in Traefik 1.7
		l.t.lose(at, s.of("auth-realm", dropped("", "only realm traefik is supported; any other takes the path away")))
		l.t.chances = append(l.t.chances, chance{key, l.namespace, at, "takes the backend away from paths loaded before it"})
		return
	}
	if _, err := tomlString(key); err != nil {
		// The backend is printed whatever becomes of the path.
		lose(brokenTOML(at.field(), "host or path", err))
		return
	}
	f := c.frontend
	if f == nil {
		config := l.t.withAuth(s)
		if config.authFailure != nil {
			lose(*config.authFailure)
			l.t.chances = append(l.t.chances, chance{key, l.namespace, at, "is dropped when it is loaded first, and else served with the annotations of the other one"})
			return
		}
		f = l.t.made.work.frontends.New()
		f.parts = l.roomForParts()
		f.key, f.namespace, f.claim, f.first, f.config = key, l.namespace, c, s, config
		f.redirect = redirectOf(s, key, path.Path)
	}
	service, known := l.t.service(l.namespace, serviceName)
	if service == nil && known {
		lose(missingService(at, path, serviceName))
		return
	}
	rule, problem := pathRule(s, path.Path)
	if problem != nil {
		lose(*problem)
		return
	}
	f.takePath(at, path, ofHost, rule)
	if c.frontend == nil {
		c.frontend = f
		l.t.frontends = append(l.t.frontends, f)
	}
	c.backend.take(l.t, at, service, serviceName, port)
}

func backendOf(path *networkingv1.HTTPIngressPath) (string, networkingv1.ServiceBackendPort) {
	if path.Backend.Service == nil {
		return "", networkingv1.ServiceBackendPort{}
	}
	return path.Backend.Service.Name, path.Backend.Service.Port
}

func missingService(at place, path *networkingv1.HTTPIngressPath, serviceName string) finding {
	if path.Backend.Resource != nil {
		return finding{code: diag.EResourceBackend, field: at.field() + ".backend.resource", text: "a resource backend is not read by Traefik 1.7"}
	}
	return finding{code: diag.WNoService, field: at.backendField(), value: serviceName, text: "the Service does not exist"}
}

func (p place) ruleField() string {
	full := p.field()
	return full[:len(full)-len(".http.paths[0]")]
}
