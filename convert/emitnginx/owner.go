package emitnginx

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// owners are the Ingresses of the source that objects are emitted for.
type owners struct {
	target   Target
	services map[ir.Ref]*corev1.Service
	secrets  map[ir.Ref]ir.Secret
	// middlewares are the specs of those that are part of the input.
	middlewares map[ir.Ref]string
	byRef       map[ir.Ref]*owner
	list        []*owner
	// siblings has a Service for each origin, for routes without any.
	siblings map[ir.Origin]ir.Service
	// reachable are the places with a route on an entry point that nginx has.
	reachable map[ir.Origin]bool
	// forwarded: the controller has to trust X-Forwarded-Proto.
	forwarded bool
}

// owner collects the objects of one Ingress.
type owner struct {
	ref      ir.Ref
	outcome  *ir.Outcome
	all      *owners
	problems []diag.Diagnostic
	// secrets hold the certificates of its routes, in order.
	secrets []string
	groups  []*group
	objects []emit.Object
}

func newOwners(in ir.Input, t ir.Translation, target Target) *owners {
	all := &owners{
		target:      target,
		services:    make(map[ir.Ref]*corev1.Service, len(in.Services)),
		secrets:     make(map[ir.Ref]ir.Secret, len(in.Secrets)),
		middlewares: map[ir.Ref]string{},
		byRef:       make(map[ir.Ref]*owner, len(t.Ingresses)),
		siblings:    make(map[ir.Origin]ir.Service, len(t.Routes)), reachable: make(map[ir.Origin]bool, len(t.Routes)),
	}
	for _, s := range in.Services {
		if s != nil {
			all.services[ir.Ref{Namespace: s.Namespace, Name: s.Name}] = s
		}
	}
	for _, s := range in.Secrets {
		all.secrets[ir.Ref{Namespace: s.Namespace, Name: s.Name}] = s
	}
	for _, object := range in.Traefik {
		if object.Kind == "Middleware" && object.Spec != "" {
			all.middlewares[ir.Ref{Namespace: object.Namespace, Name: object.Name}] = object.Spec
		}
	}
	for i := range t.Ingresses {
		all.add(&t.Ingresses[i])
	}
	for i := range t.Routes {
		r := &t.Routes[i]
		on := target.schemes(r)
		for _, origin := range r.Origins {
			all.reachable[origin] = all.reachable[origin] || on.plain || on.tls
			if _, known := all.siblings[origin]; !known && len(r.Backend.Services) > 0 {
				all.siblings[origin] = r.Backend.Services[0]
			}
		}
	}
	return all
}

func (all *owners) add(outcome *ir.Outcome) *owner {
	o := &owner{ref: outcome.Ingress, outcome: outcome, all: all}
	all.byRef[o.ref] = o
	all.list = append(all.list, o)
	return o
}

// of returns the owner, also for an Ingress that the translation does not list.
func (all *owners) of(ref ir.Ref) *owner {
	if o, ok := all.byRef[ref]; ok {
		return o
	}
	return all.add(&ir.Outcome{Ingress: ref})
}

// sibling is a Service of another route of the same place, for a route that
// answers by itself. nginx serves such a location also when there is no Service.
func (all *owners) sibling(r *ir.Route) ir.Service {
	for _, origin := range r.Origins {
		if s, ok := all.siblings[origin]; ok {
			return s
		}
	}
	return ir.Service{Name: "none", PortNumber: 80}
}

// report files a finding. What is true of several servers is filed several times
// and reported once.
func (o *owner) report(code diag.Code, field, text string) *diag.Diagnostic {
	object := diag.Object{Kind: "Ingress", Namespace: o.ref.Namespace, Name: o.ref.Name, File: o.outcome.File}
	o.problems = append(o.problems, diag.New(code, object, field, text))
	return &o.problems[len(o.problems)-1]
}

// findings are what was filed, each once.
func (o *owner) findings() []diag.Diagnostic {
	var once diag.Once
	for _, d := range o.problems {
		once.Add(d)
	}
	return once.List
}
