package emit

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// parts are those of a translation, each list sorted by owner. Those of the first
// owner are taken off them, then those of the next.
type parts struct {
	outcomes     []ir.Outcome
	routes       []*ir.Route
	certificates []ir.Certificate
	passthroughs []ir.Passthrough
}

// part is what the objects of one owner are made of.
type part struct {
	ref ir.Ref
	// outcome is empty but for the name when the translation does not list the Ingress.
	outcome      *ir.Outcome
	routes       []*ir.Route
	certificates []ir.Certificate
	passthroughs []ir.Passthrough
}

func newParts(t ir.Translation) parts {
	return parts{
		outcomes:     sorted(t.Ingresses, outcomeOwner),
		certificates: sorted(t.Certificates, certificateOwner),
		passthroughs: sorted(t.Passthroughs, passthroughOwner),
	}
}

func outcomeOwner(o *ir.Outcome) ir.Ref         { return o.Ingress }
func routeOwner(r **ir.Route) ir.Ref            { return (*r).Owner }
func certificateOwner(c *ir.Certificate) ir.Ref { return c.Owner }
func passthroughOwner(p *ir.Passthrough) ir.Ref { return p.Owner }

// sorted returns items sorted by owner, which they nearly always are.
func sorted[T any](items []T, owner func(*T) ir.Ref) []T {
	compare := func(a, b *T) int { return CompareRefs(owner(a), owner(b)) }
	for i := 1; i < len(items); i++ {
		if compare(&items[i-1], &items[i]) > 0 {
			items = slices.Clone(items)
			slices.SortStableFunc(items, func(a, b T) int { return compare(&a, &b) })
			break
		}
	}
	return items
}

// outcome is that of an Ingress. One that the translation does not list gets its turn
// from now on, too.
func (p *parts) outcome(ref ir.Ref) *ir.Outcome {
	i, found := slices.BinarySearchFunc(p.outcomes, ref, func(o ir.Outcome, ref ir.Ref) int { return CompareRefs(o.Ingress, ref) })
	if !found {
		p.outcomes = slices.Insert(slices.Clip(p.outcomes), i, ir.Outcome{Ingress: ref})
	}
	return &p.outcomes[i]
}

// each hands over what there is of one owner after the other.
func (p parts) each(yield func(part) bool) {
	for {
		ref, more := p.first()
		if !more {
			return
		}
		own := part{
			ref:          ref,
			routes:       take(&p.routes, ref, routeOwner),
			certificates: take(&p.certificates, ref, certificateOwner),
			passthroughs: take(&p.passthroughs, ref, passthroughOwner),
		}
		if outcomes := take(&p.outcomes, ref, outcomeOwner); len(outcomes) > 0 {
			own.outcome = &outcomes[0]
		} else {
			own.outcome = &ir.Outcome{Ingress: ref}
		}
		if !yield(own) {
			return
		}
	}
}

// first is the first owner of all lists; false: they are empty.
func (p *parts) first() (ref ir.Ref, found bool) {
	look := func(owner ir.Ref) {
		if !found || CompareRefs(owner, ref) < 0 {
			ref, found = owner, true
		}
	}
	if len(p.outcomes) > 0 {
		look(p.outcomes[0].Ingress)
	}
	if len(p.routes) > 0 {
		look(p.routes[0].Owner)
	}
	if len(p.certificates) > 0 {
		look(p.certificates[0].Owner)
	}
	if len(p.passthroughs) > 0 {
		look(p.passthroughs[0].Owner)
	}
	return ref, found
}

// take takes the items of an owner off the front of a list.
func take[T any](list *[]T, ref ir.Ref, owner func(*T) ir.Ref) []T {
	n := 0
	for n < len(*list) && owner(&(*list)[n]) == ref {
		n++
	}
	own := (*list)[:n:n]
	*list = (*list)[n:]
	return own
}
