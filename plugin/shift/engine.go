package shift

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Engine makes the steps of one shift.
type Engine struct {
	Shifter      lb.Shifter
	Store        *Store
	LoadBalancer string
	// Identity is what names the load balancer on every machine.
	Identity string
	Sides    lb.Sides
	Holder   string
	Now      func() time.Time
	// Acquire takes the lease that keeps others out; it is given back after the step.
	Acquire func(ctx context.Context) (Lease, error)
}

// Lease is held while a step is made. Check is asked before every write.
type Lease interface {
	Check(ctx context.Context) error
	Release(ctx context.Context)
}

// Request is what one command wants.
type Request struct {
	// Weight and Header are what to set; nil: as it is.
	Weight *int
	Header *lb.Header
	// NoHeader removes the header's rule.
	NoHeader bool
	// Undo puts everything back as it was, whatever else is asked for.
	Undo bool
	// Finish removes the header's rule once everything goes to the new side.
	Finish bool
	// Overwrite goes on where somebody else has changed what is recorded.
	Overwrite bool
	// AcceptOwner goes on where the load balancer is kept by something else.
	AcceptOwner bool
	// MinHealthy is how many percent of the new side's targets have to be in service
	// before more requests go there.
	MinHealthy int
	// Amend changes what else is recorded, together with the step before it is made; nil:
	// nothing. It may be called more than once, on copies.
	Amend func(*Record)
}

// Plan is a step as it would be made now.
type Plan struct {
	// Record is as stored, or new.
	Record *Record
	// New: nothing has been recorded of this shift, or it was undone.
	New      bool
	Facts    lb.Facts
	From, To lb.Split
	Phase    Phase
	// Changes are in the order in which they will be made.
	Changes []lb.Change
	// Drift is what is overwritten.
	Drift []Drift
	// Warnings are for people.
	Warnings []string

	target lb.Parts
}

// Plan reads everything and says what the step would change. Nothing is written.
func (e *Engine) Plan(ctx context.Context, r Request) (*Plan, error) {
	stored, err := e.Store.Open(ctx, ID(e.Identity, e.Sides))
	if err != nil {
		return nil, err
	}
	p := &Plan{Record: stored}
	if p.Facts, err = e.Shifter.Describe(ctx); err != nil {
		return nil, err
	}
	if stored.Active() && stored.Retiring != nil {
		return nil, fmt.Errorf("the old controller of this shift (%s) is being removed since %s: kubectl ingress-migrate retire goes on with that, kubectl ingress-migrate rollback --all goes back while it is still there", stored.Retiring, stored.Retiring.Begun.Format(time.RFC3339))
	}
	if !stored.Active() {
		if r.Undo || r.Finish {
			return nil, fmt.Errorf("nothing of this shift is recorded in namespace %s: nothing was shifted from here, or it was undone; -n names another namespace", e.Store.Namespace)
		}
		if err := e.begin(ctx, p, r); err != nil {
			return nil, err
		}
	}
	current, err := e.Shifter.Read(ctx, p.Record.known())
	if err != nil {
		return nil, err
	}
	if p.Drift = drift(p.Record, current); len(p.Drift) > 0 {
		if !r.Overwrite {
			return nil, &DriftError{p.Drift}
		}
		p.Record = adopt(p.Record, current)
	}
	p.From = p.Record.Split
	if err := e.target(p, r); err != nil {
		return nil, err
	}
	if err := e.gate(ctx, p, r); err != nil {
		return nil, err
	}
	p.Changes = changes(current, p.target)
	return p, nil
}

// begin makes the record of a shift that nobody has begun.
func (e *Engine) begin(ctx context.Context, p *Plan, r Request) error {
	if p.Facts.Owner != "" && !r.AcceptOwner {
		return fmt.Errorf("%s is kept by %s, which would change it back: shift there, or pause it and add --accept-owner", p.Facts.Name, p.Facts.Owner)
	}
	original, err := e.Shifter.Read(ctx, nil)
	if err != nil {
		return err
	}
	if len(original) == 0 {
		return fmt.Errorf("%s sends nothing to %s: is it the load balancer of the old controller?", p.Facts.Name, e.Sides.Old)
	}
	if p.Facts.Sticky {
		p.Warnings = append(p.Warnings, p.Facts.Name+" keeps clients where they are: they may stay on their side whatever the weights")
	}
	now := e.Now().UTC()
	p.New = true
	p.Record = &Record{
		ID: ID(e.Identity, e.Sides), LoadBalancer: e.LoadBalancer, Sides: e.Sides,
		Started: now, Changed: now, Phase: Shifting, Original: original, Written: maps.Clone(original),
	}
	return nil
}

// target says what is to be.
func (e *Engine) target(p *Plan, r Request) error {
	p.To, p.Phase = p.From, Shifting
	switch {
	case r.Undo:
		p.To, p.Phase, p.target = lb.Split{}, Undone, p.Record.Original
		return nil
	case r.Finish:
		if p.From.Weight != 100 {
			return fmt.Errorf("%d%% of the requests go to the new side: finish is for when all do; go on with kubectl ingress-migrate shift weight 100", p.From.Weight)
		}
		p.To.Header, p.Phase = nil, Finished
	case r.NoHeader:
		p.To.Header = nil
	case r.Header != nil:
		p.To.Header = r.Header
	}
	if r.Weight != nil {
		p.To.Weight = *r.Weight
	}
	var err error
	p.target, err = e.Shifter.Plan(p.Record.Original, p.To)
	return err
}

// gate asks for the health of the side that is to get more. Nothing keeps requests from
// going back to the old side: its state is a warning.
func (e *Engine) gate(ctx context.Context, p *Plan, r Request) error {
	switch {
	case p.To.Weight > p.From.Weight:
		targets, err := e.Shifter.Health(ctx, lb.NewSide)
		if err != nil {
			return err
		}
		return Healthy(e.Sides.New, targets, r.MinHealthy)
	case p.To.Weight < p.From.Weight, p.Phase == Undone:
		targets, err := e.Shifter.Health(ctx, lb.OldSide)
		if err == nil {
			err = Healthy(e.Sides.Old, targets, r.MinHealthy)
		}
		if err != nil {
			p.Warnings = append(p.Warnings, err.Error())
		}
	}
	return nil
}

// UnhealthyError says that a side is not fit for more requests.
type UnhealthyError struct {
	Side    string
	Serving int
	Targets []lb.TargetHealth
	// First is one that is not in service.
	First *lb.TargetHealth
}

func (e *UnhealthyError) Error() string {
	text := fmt.Sprintf("%d of %d targets of %s are in service", e.Serving, len(e.Targets), e.Side)
	if e.First != nil {
		text += fmt.Sprintf("; %s is %s (%s)", e.First.Target, e.First.State, cmp.Or(e.First.Why, "no reason given"))
	}
	return text
}

// Healthy wants at least one target in service, and so many percent of all.
func Healthy(side string, targets []lb.TargetHealth, percent int) error {
	e := &UnhealthyError{Side: side, Targets: targets}
	for i := range targets {
		if targets[i].State == lb.InService {
			e.Serving++
		} else if e.First == nil {
			e.First = &targets[i]
		}
	}
	if e.Serving == 0 || e.Serving*100 < len(targets)*percent {
		return e
	}
	return nil
}

// changes lists what differs: what is removed first, then what is changed, then what is
// added, so that nothing is in the way of anything.
func changes(current, target lb.Parts) []lb.Change {
	var out []lb.Change
	for _, name := range lb.Names(current, target) {
		if from, to := current[name], target[name]; !lb.Same(from, to) {
			out = append(out, lb.Change{Part: name, From: from, To: to})
		}
	}
	order := func(c lb.Change) int {
		switch {
		case c.To == nil:
			return 0
		case c.From == nil:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b lb.Change) int { return cmp.Compare(order(a), order(b)) })
	return out
}

// ErrOtherPlan: between the plan that was shown and now, something has changed.
var ErrOtherPlan = errors.New("what there is to do has changed since the plan was made; nothing was written: try again")

// Do makes a step that was planned, unless it would be another one by now.
func (e *Engine) Do(ctx context.Context, r Request, shown *Plan) (*Record, error) {
	lease, err := e.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer lease.Release(context.WithoutCancel(ctx))
	p, err := e.Plan(ctx, r)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(p.Changes, shown.Changes, func(a, b lb.Change) bool {
		return a.Part == b.Part && lb.Same(a.From, b.From) && lb.Same(a.To, b.To)
	}) || p.From.String() != shown.From.String() {
		return nil, ErrOtherPlan
	}
	record := p.Record
	record.Holder = e.Holder
	record.Intended = &Intention{Phase: p.Phase, Split: p.To, Parts: p.target}
	if r.Amend != nil {
		r.Amend(record)
	}
	if err := e.write(ctx, lease, record); err != nil {
		return nil, err
	}
	// From here on what is written can be undone by whoever comes next.
	for _, change := range p.Changes {
		if err := lease.Check(ctx); err != nil {
			return nil, unfinished(err)
		}
		if err := e.Shifter.Write(ctx, change); err != nil {
			return nil, unfinished(err)
		}
	}
	current, err := e.Shifter.Read(ctx, record.known())
	if err != nil {
		return nil, unfinished(err)
	}
	for _, name := range lb.Names(current, p.target) {
		if d := lb.Differences(p.target[name], current[name]); len(d) > 0 {
			return nil, unfinished(fmt.Errorf("%s is not as it was written, %s: something else changes it, or the load balancer understands it otherwise", name, d[0]))
		}
	}
	now := e.Now().UTC()
	record.Phase, record.Split, record.Written, record.Intended, record.Changed = p.Phase, p.To, current, nil, now
	record.History = append(record.History, Step{At: now, By: e.Holder, Phase: p.Phase, Split: p.To})
	record.History = record.History[max(0, len(record.History)-mostHistory):]
	if err := e.write(ctx, lease, record); err != nil {
		return nil, unfinished(err)
	}
	return record, nil
}

// Note changes what is recorded of a cutover between its steps.
func (e *Engine) Note(ctx context.Context, lease Lease, change func(*Course)) error {
	return e.amend(ctx, lease, func(r *Record) error {
		if r.Course == nil {
			return e.gone()
		}
		change(r.Course)
		return nil
	})
}

// Retire records that the removal of the old controller begins, from when on nothing is
// shifted any more; nil takes that back.
func (e *Engine) Retire(ctx context.Context, lease Lease, old *Retirement) error {
	return e.amend(ctx, lease, func(r *Record) error {
		r.Retiring = old
		return nil
	})
}

func (e *Engine) amend(ctx context.Context, lease Lease, change func(*Record) error) error {
	record, err := e.Store.Open(ctx, ID(e.Identity, e.Sides))
	if err != nil {
		return err
	}
	if !record.Active() {
		return e.gone()
	}
	if err := change(record); err != nil {
		return err
	}
	record.Holder = e.Holder
	return e.write(ctx, lease, record)
}

func (e *Engine) gone() error {
	return fmt.Errorf("the record %s of this cutover is gone: somebody has deleted or undone it; look at kubectl ingress-migrate shift status", e.Store.Name(ID(e.Identity, e.Sides)))
}

func (e *Engine) write(ctx context.Context, lease Lease, record *Record) error {
	if err := lease.Check(ctx); err != nil {
		return err
	}
	return e.Store.write(ctx, record)
}

// UnfinishedError: a step was begun, and what it needs failed half way.
type UnfinishedError struct{ Cause error }

func (e *UnfinishedError) Error() string {
	return e.Cause.Error() + "\nThe step is recorded and not finished. Next: the same command again, or kubectl ingress-migrate shift undo"
}

// Unwrap returns what failed.
func (e *UnfinishedError) Unwrap() error { return e.Cause }

func unfinished(err error) error { return &UnfinishedError{err} }

// adopt takes over what somebody else has done: what appeared counts as original, what is
// gone has no way back. What was changed keeps its original.
func adopt(r *Record, current lb.Parts) *Record {
	copied := *r
	copied.Original, copied.Written = maps.Clone(r.Original), maps.Clone(current)
	known := r.known()
	for name, value := range current {
		if _, ok := known[name]; !ok {
			copied.Original[name] = value
		}
	}
	maps.DeleteFunc(copied.Original, func(name string, _ json.RawMessage) bool { return current[name] == nil })
	return &copied
}
