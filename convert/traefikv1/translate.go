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
	t.resolveErrorPages()
	t.alternatives()
	t.guard()
	t.breakTies()
	t.sortFrontends()
	out := ir.Translation{
		Routes:    make([]ir.Route, 0, 2*len(t.frontends)),
		Ingresses: make([]ir.Outcome, 0, len(t.input)),
	}
	for _, f := range t.frontends {
		out.Routes = t.routes(out.Routes, f)
	}
	out.Certificates = t.certificates()
	t.reportLosses()
	for i := range t.input {
		out.Ingresses = append(out.Ingresses, t.input[i].outcome(&t.made))
	}
	return out
}

// parts are what a translation is made of.
type parts struct {
	claims      ir.Slab[claim]
	frontends   ir.Slab[frontend]
	backends    ir.Slab[backend]
	members     ir.Slab[member]
	origins     ir.Slab[ir.Origin]
	services    ir.Slab[ir.Service]
	annotations ir.Slab[annotation]
	outcomes    ir.Slab[ir.Annotation]
	hosts       ir.Slab[ir.Host]
	// hosts of the last rule that has a host alone: paths of one host follow each
	// other and share them.
	hostRule string
	host     []ir.Host
	// chain is where filters are put together.
	chain []ir.Filter
	paths ir.Slab[ir.Path]
	tls   ir.Slab[ir.TLS]
}

// notChecked keeps the last sentence: paths of one Ingress mostly lead to one Service.
type notChecked struct{ service, text string }

func (n *notChecked) of(service string) string {
	if n.text == "" || n.service != service {
		*n = notChecked{service, "Service " + service + " is not part of the input and taken to exist"}
	}
	return n.text
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

	input   []source  // in input order
	sources []*source // by namespace and name

	// secretEntryPoints are the entry points of certificates, see namedEntryPoints.
	secretEntryPoints map[name][]string
	// emptyBackends are the keys of lost paths as pages name them, see emptyBackend.
	emptyBackends map[name]bool
	// chances are lost paths whose loss depends on what else is loaded before.
	chances []chance

	// frontends in the order of their namespaces, first Ingresses and keys.
	frontends []*frontend
	// claims are what the paths with one key have made, see loader.
	claims map[string]*claim
	// contested tells whether Ingresses of several namespaces claim one key.
	contested bool
	// usual is what frontends without entry points of their own are served on.
	usual usualEntryPoints
	// usualSettings are those of Ingresses that ask nothing; nil until there is one.
	usualSettings *settings
	made          parts
	// notChecked is what was said last of a Service that is not known.
	notChecked notChecked
	// losses are places without a route, for the report.
	losses []loss
	// routedHosts finds the frontends of the output by host; nil until something is lost.
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
	t.input = make([]source, 0, len(in.Ingresses))
	t.sources = make([]*source, 0, len(in.Ingresses))
	for i, ingress := range in.Ingresses {
		t.input = append(t.input, newSource(ingress, &t.made))
		t.sources = append(t.sources, &t.input[i])
	}
	if !slices.IsSortedFunc(t.sources, compareName) {
		slices.SortStableFunc(t.sources, compareName)
	}
	t.usual = t.usualEntryPoints()
	return t
}

// served are the selected sources that nothing has dropped so far, by namespace and name.
func (t *translator) served() []*source {
	served := make([]*source, 0, len(t.sources))
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
