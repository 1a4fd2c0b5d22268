package traefikv1

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Translate says what Traefik 1.7 with the given static facts does with the
// Ingresses of in. The order of in.Ingresses does not change the routes.
func Translate(in ir.Input, facts Facts) ir.Translation {
	t := newTranslator(in, facts)
	for _, s := range t.sources {
		t.selectSource(s)
	}
	for _, s := range t.served() {
		if t.facts.CustomTemplate {
			t.loseAll(s, blocked(diag.ECustomTemplate, "", "a configuration template of its own decides what Traefik 1.7 serves"))
			continue
		}
		t.checkTLS(s)
	}
	t.loadDefaultBackend()
	t.loadFrontends()
	t.separateNamespaces()
	t.reportChances()
	for _, f := range t.frontends {
		t.wire(f)
	}
	t.resolveErrorPages()
	t.breakTies()
	out := ir.Translation{Routes: make([]ir.Route, 0, 2*len(t.frontends))}
	for _, f := range t.frontends {
		out.Routes = append(out.Routes, t.routes(f)...)
	}
	sortRoutes(out.Routes)
	out.Certificates = t.certificates(out.Routes)
	t.reportLosses()
	for _, s := range t.input {
		out.Ingresses = append(out.Ingresses, s.outcome())
	}
	return out
}

// name is a namespaced name.
type name struct{ namespace, name string }

// translator holds one translation.
type translator struct {
	in              ir.Input
	facts           Facts
	selection       Selection
	classController map[string]string // IngressClass → spec.controller

	services  map[name]*corev1.Service
	endpoints map[name]*ir.Endpoints
	secrets   map[name]ir.Secret

	input   []*source // in input order
	sources []*source // by namespace and name

	// emptyBackends are the keys of lost paths, see emptyBackend.
	emptyBackends map[name]bool
	// chances are lost paths whose loss depends on what else is loaded before.
	chances []chance

	// frontends in the order of their namespaces and keys.
	frontends []*frontend
	// losses are places without a route, for the report.
	losses []loss
	// routedHosts finds routed frontends by host; nil until something is lost.
	routedHosts *hostIndex
}

func newTranslator(in ir.Input, facts Facts) *translator {
	t := &translator{
		in: in, facts: facts.withDefaults(),
		selection:       NewSelection(facts),
		classController: map[string]string{},
		services:        map[name]*corev1.Service{},
		endpoints:       map[name]*ir.Endpoints{},
		secrets:         map[name]ir.Secret{},
	}
	for _, class := range in.IngressClasses {
		if class != nil {
			t.classController[class.Name] = class.Spec.Controller
		}
	}
	for _, service := range in.Services {
		if service != nil {
			t.services[name{service.Namespace, service.Name}] = service
		}
	}
	for _, endpoints := range in.Endpoints {
		if endpoints != nil {
			t.endpoints[name{endpoints.Namespace, endpoints.Name}] = endpoints
		}
	}
	for _, secret := range in.Secrets {
		t.secrets[name{secret.Namespace, secret.Name}] = secret
	}
	for _, ingress := range in.Ingresses {
		t.input = append(t.input, newSource(ingress))
	}
	t.sources = slices.Clone(t.input)
	slices.SortStableFunc(t.sources, compareName)
	return t
}

// served are the selected sources that nothing has dropped so far, by namespace and name.
func (t *translator) served() []*source {
	var served []*source
	for _, s := range t.sources {
		if s.selected && !s.dropped {
			served = append(served, s)
		}
	}
	return served
}

// service finds a Service. known is false when the input does not say whether it exists.
func (t *translator) service(namespace, serviceName string) (service *corev1.Service, known bool) {
	service = t.services[name{namespace, serviceName}]
	return service, service != nil || t.in.ServicesKnown || serviceName == ""
}
