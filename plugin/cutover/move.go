package cutover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// moveOne moves a node and deals with what can go wrong with one node: it is put
// back, or given up. A nil error means that the others may go on.
func (s *session) moveOne(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, soak time.Duration) error {
	err := s.move(ctx, f, name, to, soak)
	var lost *lostError
	var stuck *stuckError
	var idle *idleError
	var failed *failedError
	switch {
	case errors.As(err, &idle):
		// It would be the same at the next node.
		stopped := &Stopped{Reason: idle.Error(), Next: nextFor(to) + ", when it runs again"}
		if unguarded := s.stillGuarded(ctx, f); unguarded != nil && !errors.As(unguarded, &stopped) {
			return unguarded
		}
		s.Observer.Observe(Event{Kind: NodeFailed, Node: name, To: to, Text: stopped.Reason})
		if err := s.leave(ctx, f, name, to, journal.Skipped, stopped); err != nil {
			return err
		}
		return s.stop(ctx, stopped)
	case errors.As(err, &lost):
		return s.giveUp(ctx, f, name, to, journal.Lost, err)
	case errors.As(err, &stuck):
		return s.giveUp(ctx, f, name, to, journal.Skipped, err)
	case errors.As(err, &failed):
		return s.putBack(ctx, f, name, to, failed)
	}
	return err
}

// move takes one node through all its steps. A node that has its label already
// (this program was killed) enters after it; what was not recorded as done is
// done again.
func (s *session) move(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, soak time.Duration) error {
	begun := s.Clock.Now()
	title := f.Set(to).Title
	// Who was at it may have died between two writes, which is another thing.
	itself := to == fleet.New && f.Node(name) != nil && unasked(f.Node(name)) && !s.record(name).Phase.InFlight()
	if itself {
		s.Observer.Observe(Event{Kind: Warn, Node: name, To: to, Text: fmt.Sprintf("nobody moved it: its pod of %s ended, and the one of %s that waited took the ports; it is judged now", f.Set(to.Other()).Title, title)})
	}
	if s.Drainer != nil && !itself {
		if err := s.leaveRotation(ctx, f, name, to); err != nil {
			return err
		}
	}
	err := s.note(ctx, name, func(n *journal.Node) {
		if n.To != string(to) || n.Begun == nil || !n.Phase.InFlight() {
			at := begun.UTC()
			n.Begun, n.Unasked = &at, itself
		}
		n.Phase, n.To, n.Ended, n.Why, n.Dark = journal.SwitchingTo, string(to), nil, "", 0
	})
	if err != nil {
		return err
	}
	s.Observer.Observe(Event{Kind: Step, Node: name, To: to, Text: "switching to " + title})
	if err := s.placement.give(ctx, f, name, to, true); err != nil {
		return err
	}
	step := s.Clock.Now()
	a, dark, err := s.awaitPod(ctx, f, name, to)
	if err != nil {
		return err
	}
	s.passed(name, to, "switched", step)
	if err := s.markNode(ctx, f, name, to); err != nil {
		return err
	}

	if err := s.note(ctx, name, func(n *journal.Node) { n.Phase, n.Dark = journal.Gating, dark.Seconds() }); err != nil {
		return err
	}
	step = s.Clock.Now()
	routes, err := s.gates(ctx, f, name, to, a)
	if err != nil {
		return err
	}
	s.passed(name, to, fmt.Sprintf("routes %d/%d same, identity %s", routes, routes, title), step)
	if err := s.verified(ctx, name, to, a); err != nil {
		return err
	}

	step = s.Clock.Now()
	if err := s.returnToRotation(ctx, f, name, to, a); err != nil {
		return err
	}
	s.passed(name, to, "in rotation", step)

	if soak > 0 {
		if err := s.note(ctx, name, func(n *journal.Node) { n.Phase = journal.Soaking }); err != nil {
			return err
		}
		s.Observer.Observe(Event{Kind: Step, Node: name, To: to, Text: "soaking for " + soak.String()})
		if err := s.soak(ctx, f, name, to, a, soak); err != nil {
			return err
		}
	}
	err = s.note(ctx, name, func(n *journal.Node) {
		at := s.Clock.Now().UTC()
		n.Phase, n.Ended, n.Drained, n.Original = journal.Done, &at, false, nil
	})
	if err != nil {
		return err
	}
	s.Observer.Observe(Event{Kind: NodeDone, Node: name, To: to, Text: fmt.Sprintf("served by %s, dark for %s", title, dark.Round(100*time.Millisecond)), Took: s.Clock.Now().Sub(begun)})
	return nil
}

func (s *session) passed(name string, to fleet.Side, what string, since time.Time) {
	s.Observer.Observe(Event{Kind: Passed, Node: name, To: to, Text: what, Took: s.Clock.Now().Sub(since)})
}

func (s *session) stillGuarded(ctx context.Context, f *fleet.Fleet) error {
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		var live *fleet.Set
		err := s.persist(ctx, func() (err error) {
			live, err = s.Reader.ReadSet(ctx, f.Set(side))
			return err
		})
		if err != nil {
			return err
		}
		if !isGuarded(live) {
			return unguardedStop(live)
		}
	}
	return nil
}

func unguardedStop(set *fleet.Set) *Stopped {
	return &Stopped{
		Reason: fmt.Sprintf("the guard of DaemonSet %s is gone: somebody applied its manifest again (GitOps?); no traffic moved", set.Name),
		Next:   resumeCommand + " (sets it again)",
	}
}

// giveUp leaves a node alone: it keeps no label, so that it belongs to the old
// proxy when it comes back, and is planned again then. Nothing is forced.
func (s *session) giveUp(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, as journal.NodePhase, why error) error {
	s.Observer.Observe(Event{Kind: NodeLost, Node: name, To: to, Text: why.Error() + "; going on without it"})
	if as == journal.Skipped {
		s.mu.Lock()
		s.skip[name] = true
		s.mu.Unlock()
	}
	return s.leave(ctx, f, name, to, as, why)
}

// leave takes a node's label back and records why.
func (s *session) leave(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, as journal.NodePhase, why error) error {
	if to == fleet.New {
		if err := s.placement.give(ctx, f, name, fleet.Old, false); err != nil {
			return err
		}
		// Its pod may still wait there, and would be the next to get the ports.
		if err := s.drop(ctx, f, name); err != nil {
			return err
		}
	}
	if err := s.handBack(ctx, f, name); err != nil {
		return err
	}
	return s.note(ctx, name, func(n *journal.Node) {
		at := s.Clock.Now().UTC()
		n.Phase, n.Why, n.Ended = as, why.Error(), &at
	})
}

// putBack returns a node that did not pass to where it came from, with the same
// gates, and stops the cutover.
func (s *session) putBack(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, why *failedError) error {
	back := to.Other()
	s.Observer.Observe(Event{Kind: NodeFailed, Node: name, To: to, Text: why.why + "; putting it back to " + f.Set(back).Title})
	err := s.move(ctx, f, name, back, 0)
	var lost *lostError
	if errors.As(err, &lost) {
		return s.giveUp(ctx, f, name, back, journal.Lost, err)
	}
	if err != nil {
		var stopped *Stopped
		if errors.As(err, &stopped) || errors.Is(err, context.Canceled) || superseded(err) {
			return err
		}
		return s.stop(ctx, &Stopped{
			Reason: fmt.Sprintf("%s did not pass (%s) and cannot be put back either: %v; nobody may serve there, look at it before anything else", name, why.why, err),
			Next:   statusCommand,
		})
	}
	if err := s.note(ctx, name, func(n *journal.Node) { n.Phase, n.Why = journal.Failed, why.why }); err != nil {
		return err
	}
	return s.stop(ctx, &Stopped{
		Reason: fmt.Sprintf("%s was put back to %s and serves: %s", name, f.Set(back).Title, why.why),
		Next:   nextFor(to) + ", after fixing it",
	})
}
