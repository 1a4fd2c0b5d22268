package cutover

import (
	"context"
	"errors"
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// renewAll has all pods of the new proxy be of the final template, one node at a time and
// with the gates of a move. What its controller would replace at once when it rolls again,
// all nodes that fail among them, is replaced here under a floor.
func (s *session) renewAll(ctx context.Context, o Retirement) error {
	if s.Marker != nil {
		namespace := s.j.New.Name.Namespace
		if err := s.change(ctx, func() error { return s.Marker.Install(ctx, namespace, s.id) }); err != nil {
			return err
		}
	}
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	if !o.Recreate {
		if err := s.acknowledge(ctx, f.New, f); err != nil {
			return err
		}
	}
	for {
		if f, err = s.read(ctx); err != nil {
			return err
		}
		a, left := s.nextOld(f)
		if left == 0 {
			return s.noticed(ctx, f, fleet.New)
		}
		if s.asked() {
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("interrupted; %d pods are of an older template", left), Next: retireCommand, Interrupted: true})
		}
		if a == nil {
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("%d pods of an older template are on nodes that are not ready", left), Next: retireCommand})
		}
		if err := s.led(ctx, fleet.New); err != nil {
			return err
		}
		if err := s.renewGated(ctx, f, *a); err != nil {
			return err
		}
	}
}

// nextOld is the next pod of an older template on a node that is well, and how many there
// are.
func (s *session) nextOld(f *fleet.Fleet) (next *Action, left int) {
	for _, name := range s.Settings.inOrder(f) {
		n := f.Node(name)
		for _, p := range n.Of(fleet.New) {
			if p.UpToDate || p.Terminating {
				continue
			}
			left++
			if next == nil && n.Ready {
				next = &Action{Kind: DeletePod, Side: fleet.New, Target: p.Namespace + "/" + p.Name, Node: name, Why: "it was made from an older template"}
			}
		}
	}
	return next, left
}

// renewGated replaces one pod with the gates of a move.
func (s *session) renewGated(ctx context.Context, f *fleet.Fleet, a Action) error {
	begun := s.Clock.Now()
	s.Observer.Observe(Event{Kind: Step, Node: a.Node, To: a.Side, Text: "making " + a.Target + " anew"})
	fail := func(err error) error {
		var failed *failedError
		var lost *lostError
		switch {
		case errors.As(err, &failed):
			s.Observer.Observe(Event{Kind: NodeFailed, Node: a.Node, To: a.Side, Text: failed.why})
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("%s does not pass with the final template: %s", a.Node, failed.why), Next: "mend " + f.New.Name.String() + ", then " + retireCommand})
		case errors.As(err, &lost):
			return s.stop(ctx, &Stopped{Reason: err.Error(), Next: retireCommand})
		}
		return err
	}
	if err := s.awaitFloor(ctx, a); err != nil {
		return err
	}
	if s.Drainer != nil {
		if err := s.leaveForRenewal(ctx, f, a.Node); err != nil {
			return fail(err)
		}
	}
	step := s.Clock.Now()
	arrived, err := s.replace(ctx, a)
	if err != nil {
		return fail(err)
	}
	s.passed(a.Node, a.Side, "made anew", step)
	if arrived == nil {
		return nil // it is gone, or somebody else was quicker: the next look tells
	}
	step = s.Clock.Now()
	routes, err := s.gates(ctx, f, a.Node, a.Side, *arrived)
	if err != nil {
		return fail(err)
	}
	s.passed(a.Node, a.Side, fmt.Sprintf("routes %d/%d same, identity %s", routes, routes, f.New.Title), step)
	step = s.Clock.Now()
	if err := s.returnToRotation(ctx, f, a.Node, a.Side, *arrived); err != nil {
		return fail(err)
	}
	s.passed(a.Node, a.Side, "in rotation", step)
	if d := s.Settings.Soak; d > 0 {
		if err := s.soak(ctx, f, a.Node, a.Side, *arrived, d); err != nil && !errors.Is(err, errInterrupted) {
			return fail(err)
		}
	}
	if err := s.note(ctx, a.Node, func(n *journal.Node) { n.Drained, n.Original = false, nil }); err != nil {
		return err
	}
	s.Observer.Observe(Event{Kind: NodeDone, Node: a.Node, To: a.Side, Text: "of the final template", Took: s.Clock.Now().Sub(begun)})
	return nil
}
