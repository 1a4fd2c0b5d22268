package traefikv1

import (
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// defaultFrontend is the key of the one default backend of the cluster. The
// blank keeps it apart from any host and path.
const defaultFrontend = " global-default-frontend"

// loadDefaultBackend finds the one spec.defaultBackend that is served. Traefik
// 1.7 takes any one and drops every other Ingress that has one, with its rules;
// here the oldest Ingress has it, so that nobody can take it from somebody.
func (t *translator) loadDefaultBackend() {
	var claims []*source
	for _, s := range t.served() {
		if s.Spec.DefaultBackend != nil {
			claims = append(claims, s)
		}
	}
	if len(claims) == 0 {
		return
	}
	slices.SortStableFunc(claims, compareAge)
	first := claims[0]
	t.dropLater(claims)
	if problem := t.brokenDefault(first); problem != "" {
		t.loseAll(first, finding{code: diag.EMultiDefault, field: "spec.defaultBackend", text: problem + "; Traefik 1.7 drops the whole Ingress, and every later one with a default backend"})
		return
	}
	if len(claims) > 1 {
		first.say(diag.EMultiDefault, "spec.defaultBackend",
			strconv.Itoa(len(claims))+" Ingresses have a default backend; Traefik 1.7 serves any one, the output the one of the oldest Ingress, which is this")
	}
	f := t.defaultFrontend(first)
	t.wire(f)
	t.frontends = append(t.frontends, f)
}

// dropLater drops all claims but the first.
func (t *translator) dropLater(claims []*source) {
	for _, s := range claims[1:] {
		whose := "of another namespace"
		if s.Namespace == claims[0].Namespace {
			whose = claims[0].Name
		}
		t.loseAll(s, blocked(diag.EMultiDefault, "spec.defaultBackend",
			"the older Ingress "+whose+" has a default backend too; Traefik 1.7 serves any one of them and drops the other Ingresses, rules included"))
	}
}

// brokenDefault says why Traefik 1.7 refuses a default backend; empty when it does not.
func (t *translator) brokenDefault(s *source) string {
	service := s.Spec.DefaultBackend.Service
	if service == nil {
		return "the default backend is a resource and not a Service"
	}
	found, known := t.service(s.Namespace, service.Name)
	switch {
	case found == nil && known:
		return "Service " + strconv.Quote(service.Name) + " of the default backend does not exist"
	case found == nil || found.Spec.ExternalName != "" || !t.in.EndpointsKnown || findPort(found, service.Port) == nil:
		return ""
	}
	if endpoints := t.endpoints[name{s.Namespace, service.Name}]; endpoints == nil || len(endpoints.Subsets) == 0 {
		return "Service " + strconv.Quote(service.Name) + " of the default backend has no endpoints"
	}
	return ""
}

// defaultFrontend is the frontend of spec.defaultBackend: every request that
// nothing else takes, without authentication.
func (t *translator) defaultFrontend(s *source) *frontend {
	if s.ann.str("auth-type", "") != "" {
		s.sayOf(diag.EAuthDefaultBack, "auth-type", "the default backend is served without authentication by Traefik 1.7, and so it is in the output")
	}
	at := place{src: s, rule: -1}
	s.loaded = true
	f := &frontend{
		key: defaultFrontend, namespace: s.Namespace, first: s, last: s,
		places: []place{at}, config: t.settingsOf(s).withoutAuth(),
		backend: &backend{namespace: s.Namespace, key: "global-default-backend"},
		parts:   []rulePart{{"/", anyPathRule}},
	}
	f.redirect = redirectOf(s, "global-default-frontend", "/")
	if f.redirect != nil && f.redirect.appRoot {
		f.redirect = nil
		s.sayOf(diag.WAppRootDead, "app-root", "app-root never fires for the default backend of Traefik 1.7, and hides its other redirects")
	}
	wanted := s.Spec.DefaultBackend.Service
	service, _ := t.service(s.Namespace, wanted.Name)
	m := &member{at: at, name: wanted.Name, port: normalPort(wanted.Port), service: service}
	f.backend.last, f.backend.lastAt, f.backend.members = service, at, []*member{m}
	if service == nil {
		if s.unchecked.First(wanted.Name) {
			s.say(diag.INotChecked, at.field(), "Service "+wanted.Name+" is not part of the input and taken to exist")
		}
		m.https = wanted.Port.Number == 443
	}
	t.defaultServers(m, wanted)
	return f
}

// defaultServers lists the servers of the default backend. https is detected from
// the port of the endpoints or a port name of the Ingress, not from the Service.
func (t *translator) defaultServers(m *member, wanted *networkingv1.IngressServiceBackend) {
	m.https = m.https || strings.HasPrefix(wanted.Port.Name, "https")
	if m.service == nil {
		return
	}
	port := findPort(m.service, wanted.Port)
	if port == nil {
		m.noServers = true
		m.at.src.say(diag.W503, m.at.field(), "Service "+m.name+" has no port "+portText(wanted.Port)+": Traefik 1.7 answers 503, the target 404")
		return
	}
	m.countPods(t, port)
	if m.service.Spec.ExternalName != "" {
		m.https = port.Port == 443 || strings.HasPrefix(port.Name, "https")
		return
	}
	number := port.TargetPort.IntVal
	if endpoints := t.endpoints[name{m.service.Namespace, m.service.Name}]; endpoints != nil {
		for _, subset := range endpoints.Subsets {
			number = endpointPort(*port, subset.Ports)
		}
	}
	m.https = m.https || number == 443
}
