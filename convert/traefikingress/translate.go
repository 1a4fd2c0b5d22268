package traefikingress

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Translate says what the Ingress provider of Traefik 2 or 3 with the given
// static facts does with the Ingresses of in. The order of in.Ingresses does not
// change the routes of any of them.
func Translate(in ir.Input, facts Facts) ir.Translation {
	t := newTranslator(in, facts)
	for _, s := range t.sources {
		t.selectSource(s)
		if s.selected {
			t.readSource(s)
		}
	}
	t.defaultBackend()
	for _, s := range t.sources {
		if s.selected && !s.refused {
			t.load(s)
		}
	}
	t.reportCollisions()
	t.reportOrder()
	t.reportTies()
	t.reportTLSConflicts()
	out := ir.Translation{Routes: make([]ir.Route, 0, len(t.routers))}
	for i := range t.routers {
		out.Routes = append(out.Routes, t.routers[i].route)
	}
	out.Routes = append(out.Routes, t.guards()...)
	out.Routes = append(out.Routes, t.tlsHosts()...)
	for _, s := range t.sources {
		out.Certificates = append(out.Certificates, t.certificates(s)...)
	}
	out.Ingresses = make([]ir.Outcome, 0, len(t.sources))
	for _, s := range t.sources {
		out.Ingresses = append(out.Ingresses, t.outcome(s))
	}
	return out
}

// name is a namespaced name.
type name struct{ namespace, name string }

// translator holds one translation.
type translator struct {
	in     ir.Input
	facts  Facts
	source release
	// selection decides what is served.
	selection Selection
	// defaults are the entry points of routers without any; nil: not known.
	defaults []string

	services  map[name]*service
	endpoints map[name]*ir.Endpoints
	secrets   map[name]ir.Secret
	objects   map[string][]reference // by kind and identity
	known     map[string]bool        // namespaces

	sources []*source // in input order
	routers []router
	// errors are places whose router is in error; see tlsHosts.
	errors []place
	// withheld are routers that work today and are not emitted; see guards.
	withheld []router
	made     parts
}

// parts are what routes are made of.
type parts struct {
	origins  ir.Slab[ir.Origin]
	services ir.Slab[ir.Service]
	routers  ir.Slab[*router]
}

// router is one route and where it comes from.
type router struct {
	at    place
	text  ruleText
	route ir.Route
	// dead: it takes the place of others and is not emitted. replaced: another one
	// has taken its place.
	dead, replaced bool
	// withheld: it works today.
	withheld bool
	// empty: its Service has no endpoints at the moment.
	empty bool
}

// paths counts the paths of all rules, and one default backend.
func paths(ingresses []ir.Ingress) int {
	n := 1
	for _, ingress := range ingresses {
		if ingress.Ingress == nil {
			continue
		}
		for i := range ingress.Spec.Rules {
			if http := ingress.Spec.Rules[i].HTTP; http != nil {
				n += len(http.Paths)
			}
		}
	}
	return n
}

func newTranslator(in ir.Input, facts Facts) *translator {
	t := &translator{
		in: in, facts: facts, source: facts.release(), defaults: facts.defaultEntryPoints(),
		selection: NewSelection(facts, in.IngressClasses),
		services:  make(map[name]*service, len(in.Services)),
		endpoints: make(map[name]*ir.Endpoints, len(in.Endpoints)),
		secrets:   make(map[name]ir.Secret, len(in.Secrets)),
		sources:   make([]*source, 0, len(in.Ingresses)),
		routers:   make([]router, 0, paths(in.Ingresses)),
	}
	for _, s := range in.Services {
		if s != nil {
			t.services[name{s.Namespace, s.Name}] = &service{Service: s}
		}
	}
	for _, e := range in.Endpoints {
		if e != nil {
			t.endpoints[name{e.Namespace, e.Name}] = e
		}
	}
	for _, secret := range in.Secrets {
		t.secrets[name{secret.Namespace, secret.Name}] = secret
	}
	for _, ingress := range in.Ingresses {
		t.sources = append(t.sources, newSource(ingress))
	}
	return t
}
