package parallel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// Commands that messages name.
const (
	resumeCommand   = "kubectl ingress-migrate cutover resume"
	runCommand      = "kubectl ingress-migrate cutover run --strategy=parallel"
	rollbackCommand = "kubectl ingress-migrate rollback --all"
	statusCommand   = "kubectl ingress-migrate status"
)

// Engine shifts weights. Make one per command.
type Engine struct {
	// Shift makes the steps; its Acquire is not used.
	Shift *shift.Engine
	// Acquire takes the lease that is held for as long as the command runs.
	Acquire func(context.Context, lock.Purpose) (shift.Lease, error)
	// Old and New read the two controllers; nil without an error when there is nothing to
	// be known of one.
	Old, New func(context.Context) (*fleet.Workload, error)
	// Compare asks both controllers the same; nil: nobody does.
	Compare func(context.Context) (*verify.Report, error)
	// Scraper reads metrics; nil: nobody does. Prometheus is nil without one.
	Scraper    *traffic.Scraper
	Prometheus *traffic.Prometheus
	Clock      cutover.Clock
	Observer   cutover.Observer
	Settings   Settings
	// AcceptOwner goes on where something else keeps the load balancer.
	AcceptOwner bool
	// Stop, when closed, ends the command between two writes.
	Stop <-chan struct{}
}

// session is one command's hold on the cutover.
type session struct {
	*Engine
	lease shift.Lease
	// old is what the old proxies' metrics said before the first step; nil: not known.
	old *traffic.Counts
}

// held is a lease that a step may not give back.
type held struct{ shift.Lease }

func (held) Release(context.Context) {}

func (e *Engine) open(ctx context.Context, purpose lock.Purpose) (*session, error) {
	lease, err := e.Acquire(ctx, purpose)
	if err != nil {
		return nil, err
	}
	e.Shift.Acquire = func(context.Context) (shift.Lease, error) { return held{lease}, nil }
	return &session{Engine: e, lease: lease}, nil
}

func (s *session) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	s.lease.Release(ctx)
}

func (e *Engine) id() string { return shift.ID(e.Shift.Identity, e.Shift.Sides) }

// record reads what is recorded, patiently.
func (s *session) record(ctx context.Context) (r *shift.Record, err error) {
	err = s.persist(ctx, func() error {
		r, err = s.Shift.Store.Open(ctx, s.id())
		return err
	})
	return r, err
}

// Run begins a cutover and goes through all weights. A *cutover.Stopped error means that
// it stopped in a good state.
func (e *Engine) Run(ctx context.Context) error {
	s, err := e.open(ctx, lock.Cutover)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	r, err := s.record(ctx)
	if err != nil {
		return err
	}
	if err := mayBegin(r); err != nil {
		return err
	}
	if err := s.begin(ctx, r); err != nil {
		return err
	}
	return s.loop(ctx)
}

func mayBegin(r *shift.Record) error {
	switch {
	case r.UnderWay():
		return fmt.Errorf("a cutover by weights is under way (%s): go on with %s, or back with %s", PhaseText(r), resumeCommand, rollbackCommand)
	case r.Active() && r.Course != nil && r.Course.Complete != nil:
		return fmt.Errorf("this cutover by weights is complete: go back with %s first", rollbackCommand)
	}
	return nil
}

// Resume goes on where the record ends.
func (e *Engine) Resume(ctx context.Context) error {
	s, err := e.open(ctx, lock.Cutover)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	r, err := s.record(ctx)
	switch {
	case err != nil:
		return err
	case r.Active() && r.Course != nil && r.Course.Aborted && r.Intended == nil:
		return fmt.Errorf("this cutover by weights was aborted: go back with %s, or begin anew with %s", rollbackCommand, runCommand)
	case !r.UnderWay():
		return errors.New("there is no cutover by weights to go on with: begin one with " + runCommand)
	case r.Intended != nil && r.Intended.Phase == shift.Undone:
		return s.undo(ctx) // it was going back
	case r.Course.Aborted:
		return s.abort(ctx)
	}
	if err := s.takeBack(ctx); err != nil {
		return err
	}
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	err = s.note(ctx, func(c *shift.Course) { c.Settings, c.Stopped = settings, "" })
	if err != nil {
		return err
	}
	return s.loop(ctx)
}

// takeBack the request to stop of somebody else: whoever starts the engine again does.
func (s *session) takeBack(ctx context.Context) error {
	return s.persist(ctx, func() error {
		asked, err := s.Shift.Store.Requested(ctx, s.id())
		if err != nil || asked == "" {
			return err
		}
		return s.Shift.Store.Request(ctx, s.id(), "")
	})
}

// Abort gives the cutover up: the new side gets nothing any more. An engine that runs is
// asked to do that itself; asked tells which of the two happened.
func (e *Engine) Abort(ctx context.Context) (asked bool, err error) {
	s, err := e.open(ctx, lock.Rescue)
	var other *lock.HeldError
	if errors.As(err, &other) && other.Purpose.Obeys() {
		return true, e.Shift.Store.Request(ctx, e.id(), journal.RequestAbort)
	}
	if err != nil {
		return false, err
	}
	defer s.close(ctx)
	r, err := s.record(ctx)
	if err != nil {
		return false, err
	}
	if !r.Active() || r.Course == nil || r.Course.Complete != nil {
		return false, fmt.Errorf("there is no cutover by weights to abort: see %s", statusCommand)
	}
	return false, s.abort(ctx)
}

func (s *session) abort(ctx context.Context) error {
	const why = "aborted: the new side gets no requests"
	err := s.step(ctx, shift.Request{Weight: new(int), Amend: func(r *shift.Record) {
		r.Course.Aborted, r.Course.Good, r.Course.Stopped = true, 0, why
	}})
	if err != nil {
		return err
	}
	return &cutover.Stopped{Reason: why, Next: rollbackCommand + " (puts the load balancer back as it was)", Interrupted: true}
}

// Rollback puts the load balancer back as it was, in one step, from whatever state.
func (e *Engine) Rollback(ctx context.Context) error {
	s, err := e.open(ctx, lock.Rescue)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if err := s.keepOld(ctx); err != nil {
		return err
	}
	return s.undo(ctx)
}

// keepOld calls the removal of the old controller off, which it can while that is there.
func (s *session) keepOld(ctx context.Context) error {
	r, err := s.record(ctx)
	if err != nil || !r.Active() || r.Retiring == nil {
		return err
	}
	old, err := s.left(ctx, r.Retiring)
	switch {
	case err != nil:
		return err
	case old == nil:
		return fmt.Errorf("%s is deleted, nothing can go back to it: finish with %s; going back is a cutover in the other direction", r.Retiring, retireCommand)
	}
	return s.persist(ctx, func() error { return s.Shift.Retire(ctx, s.lease, nil) })
}

func (s *session) undo(ctx context.Context) error {
	begun := s.Clock.Now()
	if err := s.step(ctx, shift.Request{Undo: true}); err != nil {
		return err
	}
	s.Observer.Observe(cutover.Event{Kind: cutover.Info, Text: "the load balancer is as it was before", Took: s.Clock.Now().Sub(begun)})
	return nil
}
