package emitnginx

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// leastTotal is the smallest total of weights that nginx takes.
const leastTotal = 100

// share makes the lighter of two Services the canary of the other.
func (b *builder) share(first, second ir.Service) {
	of, with := *first.Weight, *second.Weight
	primary, canary := plainService(first), plainService(second)
	if with > of || with == of && canary.Name < primary.Name {
		primary, canary, of, with = canary, primary, with, of
	}
	times := (leastTotal + of + with - 1) / (of + with)
	b.answer.backend, b.answer.canary = primary, &canary
	b.answer.weight, b.answer.total = with*times, (of+with)*times
}

// upstream is what ingress-nginx calls one Service port of a namespace. A share
// belongs to it and not to a path: wherever it is the main Service the canary gets
// its part, and as a canary it has one weight.
type upstream struct {
	namespace string
	service   ir.Service
}

// use says what an upstream is used for.
type use struct {
	// alone: without a canary. listed: an Ingress names it, if only to deny.
	alone, listed bool
	// split is the share that it has a part in, others are different ones.
	split  string
	others bool
}

// shareUpstreams withholds the locations whose shares would reach other locations.
func shareUpstreams(servers []*server) {
	uses := map[upstream]*use{}
	of := func(l *location, s ir.Service) *use {
		key := upstream{l.owner.ref.Namespace, s}
		if uses[key] == nil {
			uses[key] = &use{}
		}
		return uses[key]
	}
	for _, s := range servers {
		for _, l := range s.locations {
			a := l.answer
			main := of(l, a.backend)
			main.listed = main.listed || a.canary == nil
			main.alone = main.alone || a.canary == nil && !a.denied
			if a.canary != nil {
				main.join(a.split())
				of(l, *a.canary).join(a.split())
			}
		}
	}
	for _, s := range servers {
		for _, l := range s.locations {
			a := l.answer
			if a.canary == nil {
				continue
			}
			main, canary := of(l, a.backend), of(l, *a.canary)
			if main.alone || main.others || canary.listed || canary.others {
				l.owner.report(diag.EToNginxWeights, field(l.route), "Service "+a.backend.Name+" or "+a.canary.Name+
					" is used on other paths with other shares, and nginx has one share for a Service").Blocking = true
				l.answer = guard(a.backend)
			}
		}
	}
}

func (u *use) join(split string) {
	u.others = u.others || u.split != "" && u.split != split
	u.split = split
}

func (a *answer) split() string {
	return fmt.Sprintf("%v %v %d/%d", a.backend, *a.canary, a.weight, a.total)
}
