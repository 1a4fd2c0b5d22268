package traefikv1

import (
	"cmp"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// loadFrontends replays the loading of the provider, one namespace at a time so
// that no namespace can reach into a frontend of another one.
func (t *translator) loadFrontends() {
	served := t.served()
	for start := 0; start < len(served); {
		end := start
		l := loader{t: t, namespace: served[start].Namespace, frontends: map[string]*frontend{}, backends: map[string]*backend{}}
		for ; end < len(served) && served[end].Namespace == l.namespace; end++ {
			l.ingress(served[end])
		}
		t.frontends = append(t.frontends, l.finish()...)
		start = end
	}
}

// loader is the table that the provider fills, for one namespace.
type loader struct {
	t         *translator
	namespace string
	frontends map[string]*frontend
	backends  map[string]*backend
}

// ingress loads the rules of one Ingress.
func (l *loader) ingress(s *source) {
	if !l.t.readShares(s) {
		s.dropped = true
		return
	}
	for r, rule := range s.Spec.Rules {
		if rule.HTTP == nil {
			s.say(diag.WNoHTTP, place{src: s, rule: r}.ruleField(), "a rule without paths is skipped")
			continue
		}
		for p := range rule.HTTP.Paths {
			l.path(place{s, r, p}, &rule.HTTP.Paths[p])
		}
	}
}

// path loads one path: the checks are in the order of the provider, because the
// first one that fails decides what else the path has already changed.
func (l *loader) path(at place, path *networkingv1.HTTPIngressPath) {
	s, host := at.src, at.host()
	if !quotable(host) || !quotable(path.Path) {
		l.t.lose(at, dropped(at.field(), "host or path cannot be quoted (a double quote, a lone backslash or a line break)"))
		return
	}
	serviceName, port := backendOf(path)
	key := frontendKey(host, path.Path, serviceName, s.ann.list("frontend-entry-points"), s.ann.integer("priority", 0))
	if l.backends[key] == nil {
		l.backends[key] = &backend{namespace: l.namespace, key: key}
	}
	lose := func(f finding) {
		l.t.lose(at, f)
		l.t.emptyBackend(l.namespace, key)
	}
	if realm := s.ann.str("auth-realm", ""); realm != "" && realm != defaultRealm {
		delete(l.backends, key) // and with it the frontend that another path made, as in Traefik 1.7
		l.t.lose(at, s.of("auth-realm", dropped("", "only realm traefik is supported; any other takes the path away")))
		l.t.chances = append(l.t.chances, chance{key, l.namespace, at, "takes the backend away from paths loaded before it"})
		return
	}
	if _, err := tomlString(key); err != nil {
		// The backend is printed whatever becomes of the path.
		lose(brokenTOML(at.field(), "host or path", err))
		return
	}
	f := l.frontends[key]
	if f == nil {
		config := l.t.withAuth(s)
		if config.authFailure != nil {
			lose(*config.authFailure)
			l.t.chances = append(l.t.chances, chance{key, l.namespace, at, "is dropped when it is loaded first, and else served with the annotations of the other one"})
			return
		}
		f = &frontend{key: key, namespace: l.namespace, first: s, config: config}
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
	f.takePath(at, path, rule)
	l.frontends[key] = f
	l.backends[key].take(l.t, at, service, serviceName, port)
}

// finish joins frontends with their backends, sorted by key.
func (l *loader) finish() []*frontend {
	frontends := make([]*frontend, 0, len(l.frontends))
	for key, f := range l.frontends {
		f.backend = l.backends[key]
		frontends = append(frontends, f)
	}
	slices.SortFunc(frontends, func(a, b *frontend) int { return cmp.Compare(a.key, b.key) })
	for _, f := range frontends {
		f.reportMerge()
	}
	return frontends
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
	return finding{code: diag.WNoService, field: at.field() + ".backend", value: serviceName, text: "the Service does not exist"}
}

func (p place) ruleField() string {
	full := p.field()
	return full[:len(full)-len(".http.paths[0]")]
}
