package cutover

import (
	"context"
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Widowed tells which side is left when somebody deleted the other DaemonSet in
// the middle of a cutover: nodes of the deleted side are dark until they are
// given to the one that is left. "" when that is not the case.
func Widowed(f *fleet.Fleet) fleet.Side {
	switch {
	case f.New == nil && f.Old != nil && f.Old.Guard.Present:
		return fleet.Old
	case f.Old == nil && f.New != nil && f.New.Guard.Present:
		for i := range f.Nodes {
			if n := &f.Nodes[i]; !n.Gone && (n.Side() == fleet.Old || n.NotNew) {
				return fleet.New
			}
		}
	}
	return ""
}

// TakeOver gives every node to the only DaemonSet that is left. Floor and gates
// do not apply: the ports of those nodes are free and nobody serves there. The
// old one is restored afterwards.
func (e *Engine) TakeOver(ctx context.Context) error {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return err
	}
	side := Widowed(f)
	if side == "" {
		return fmt.Errorf("no DaemonSet is left alone with a guard: see %s", statusCommand)
	}
	l, err := e.acquire(ctx, f, lock.Rescue)
	if err != nil {
		return err
	}
	s := e.newSession(l, f, side)
	defer s.close(ctx)
	if f, err = s.read(ctx); err != nil {
		return err
	}
	how := beginDrain
	if side == fleet.Old {
		how = beginBack
	}
	if f.Journal != nil && f.Journal.Phase != journal.RolledBack {
		err = s.continueJournal(ctx, f, how)
	} else {
		err = s.newJournal(ctx, f, how)
	}
	if err != nil {
		return err
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Gone || n.Side() == side && (side == fleet.Old || !n.NotNew) || side == fleet.Old && !n.WantedByOld || side == fleet.New && !n.WantedByNew {
			continue
		}
		if err := s.placement.give(ctx, f, n.Name, side, false); err != nil {
			return err
		}
		s.Observer.Observe(Event{Kind: Step, Node: n.Name, To: side, Text: "given to " + f.Set(side).Title})
	}
	if err := s.awaitAll(ctx, side); err != nil {
		return err
	}
	if side == fleet.Old {
		return s.restore(ctx)
	}
	return s.switched(ctx)
}

// awaitAll waits until the side serves every node that is well and its own.
func (s *session) awaitAll(ctx context.Context, side fleet.Side) error {
	limit := s.deadline(s.Settings.NodeTimeout)
	for {
		limit.look()
		f, err := s.read(ctx)
		if err != nil {
			return err
		}
		limit.seen()
		var dark []string
		for i := range f.Nodes {
			n := &f.Nodes[i]
			wanted := side == fleet.Old && n.WantedByOld || side == fleet.New && n.WantedByNew
			if !n.Gone && n.Ready && wanted && n.Serves() != side {
				dark = append(dark, n.Name)
			}
		}
		if len(dark) == 0 {
			return nil
		}
		if limit.over() {
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("%s does not serve on %s after %s", f.Set(side).Title, list(dark), s.Settings.NodeTimeout), Next: statusCommand})
		}
		if err := s.pauseFleet(ctx, f); err != nil {
			return err
		}
	}
}
