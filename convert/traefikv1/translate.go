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
	return NewTranslator(in, facts).Translate(in.Ingresses)
}

// Translator translates the Ingresses of one input, all at once or one group after
// the other.
type Translator struct {
	base  translator
	exact bool
}

// NewTranslator reads everything of in but the Ingresses.
func NewTranslator(in ir.Input, facts Facts) *Translator {
	return &Translator{base: newTranslator(in, facts)}
}

// Translate is Translate for some of the Ingresses. What it returned before must not
// be used any more, but for the outcomes: the routes are made in the same room.
func (base *Translator) Translate(ingresses []ir.Ingress) ir.Translation {
	t := base.base // what becomes of one group is not known to the next one
	t.made.forget()
	t.read(ingresses)
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
	base.exact = base.exact || slices.ContainsFunc(t.frontends, (*frontend).takesExact)
	t.separateNamespaces()
	t.reportChances()
	t.resolveErrorPages()
	t.alternatives()
	t.guard()
	t.breakTies()
	t.sortFrontends()
	out := ir.Translation{
		Routes:    t.made.routes.Room(2 * len(t.frontends)),
		Ingresses: make([]ir.Outcome, 0, len(t.input)),
	}
	for _, f := range t.frontends {
		out.Routes = t.routes(out.Routes, f)
	}
	out.Certificates = t.certificates()
	t.reportLosses()
	for i := range t.input {
		out.Ingresses = append(out.Ingresses, t.input[i].outcome(t.made))
	}
	if len(ingresses) > keptRoom { // need not be in memory beside the objects
		t.made.work.forget()
	}
	return out
}

// parts are what the result of a translation is made of. But for the outcomes
// and findings, it is
// of no use once the objects are written, and the next translation is made in the
// same room: that of thousands of Ingresses stays in the processor's caches, and
// leaves little to the garbage collector.
type parts struct {
	work     work
	outcomes ir.Slab[ir.Annotation]
	findings ir.Slab[diag.Diagnostic]
	routes   ir.Arena[ir.Route]
	origins  ir.Arena[ir.Origin]
	services ir.Arena[ir.Service]
	hosts    ir.Arena[ir.Host]
	paths    ir.Arena[ir.Path]
	tls      ir.Arena[ir.TLS]
	// hosts of the last rule that has a host alone: paths of one host follow each
	// other and share them.
	hostRule string
	host     []ir.Host
	// chain is where filters are put together.
	chain []ir.Filter
}

func (p *parts) forget() {
	p.work.forget()
	p.routes.Reset()
	p.origins.Reset()
	p.services.Reset()
	p.hosts.Reset()
	p.paths.Reset()
	p.tls.Reset()
	p.hostRule, p.host = "", nil
}

// work is what a translation is made with. Its result refers to none of it.
type work struct {
	sources     ir.Arena[source]
	names       ir.Arena[*source]
	annotations ir.Arena[annotation]
	claims      ir.Arena[claim]
	frontends   ir.Arena[frontend]
	list        ir.Arena[*frontend]
	backends    ir.Arena[backend]
	members     ir.Arena[member]
	findings    ir.Arena[diag.Diagnostic]
	byKey       map[string]*claim
	parts       []rulePart
	hosts       hostIndex
}

// keptRoom is for how many Ingresses or paths room is kept for the next translation.
const keptRoom = 1024

func (w *work) forget() {
	w.sources.Reset()
	w.names.Reset()
	w.annotations.Reset()
	w.claims.Reset()
	w.frontends.Reset()
	w.list.Reset()
	w.backends.Reset()
	w.members.Reset()
	w.findings.Reset()
	w.hosts.forget()
	if len(w.byKey) > keptRoom {
		w.byKey = nil
	}
	clear(w.byKey)
	if cap(w.parts) > keptRoom {
		w.parts = nil
	}
}

// name is a namespaced name.
type name struct{ namespace, name string }

// translator holds one translation. What is there before a group of Ingresses is
// read stays as it is.
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
	made          *parts
	// losses are places without a route, for the report.
	losses []loss
	// routedHosts finds the frontends of the output by host; nil until something is lost.
	routedHosts *hostIndex
}

func newTranslator(in ir.Input, facts Facts) translator {
	t := translator{
		in: in, facts: facts.withDefaults(),
		selection:       NewSelection(facts),
		classController: map[string]string{},
		services:        map[name]*corev1.Service{},
		endpoints:       map[name]*ir.Endpoints{},
		secrets:         map[name]ir.Secret{},
		made:            &parts{},
	}
	t.in.Ingresses = nil // see read
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
	t.usual = t.usualEntryPoints()
	return t
}

// read takes up the Ingresses.
func (t *translator) read(ingresses []ir.Ingress) {
	t.input = t.made.work.sources.Room(len(ingresses))
	t.sources = t.made.work.names.Room(len(ingresses))
	for i, ingress := range ingresses {
		t.input = append(t.input, newSource(ingress, &t.made.work))
		t.sources = append(t.sources, &t.input[i])
	}
	if !slices.IsSortedFunc(t.sources, compareName) {
		slices.SortStableFunc(t.sources, compareName)
	}
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
