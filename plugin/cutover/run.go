package cutover

import (
	"context"
	"fmt"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Run begins a cutover and moves every node to the new proxy. A *Stopped error
// means that it stopped in a good state.
func (e *Engine) Run(ctx context.Context) error {
	s, f, err := e.open(ctx, beginNew, lock.Cutover)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	return s.forward(ctx, f)
}

// Resume goes on where the journal, or what can be told without it, ends: in
// whichever direction the cutover was going.
func (e *Engine) Resume(ctx context.Context) error {
	s, f, err := e.open(ctx, beginResume, lock.Cutover)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if err := s.keepSettings(ctx); err != nil {
		return err
	}
	switch towards(s.j.Phase) {
	case fleet.New:
		return s.forward(ctx, f)
	case fleet.Old:
		return s.back(ctx, f)
	}
	_, err = Direction(f)
	return err
}

func (s *session) forward(ctx context.Context, f *fleet.Fleet) error {
	if err := s.prepare(ctx, f, fleet.New); err != nil {
		return err
	}
	if err := s.prePull(ctx, f, ""); err != nil {
		return err
	}
	if err := s.alike(ctx); err != nil {
		return err
	}
	if s.j.Phase != journal.Switching {
		if err := s.write(ctx, func(j *journal.Journal) { j.Phase = journal.Switching }); err != nil {
			return err
		}
	}
	if err := s.loop(ctx, fleet.New); err != nil {
		return err
	}
	if err := s.switched(ctx); err != nil {
		return err
	}
	s.info("all nodes are served by %s; going back is one %s a node (%s)", f.New.Title, map[journal.Strategy]string{journal.ByLabel: "label", journal.Story: "host name"}[s.j.Strategy], rollbackAllCommand)
	return nil
}

// RollbackAll moves every node back and then restores the old DaemonSet exactly.
// The new one stays, guarded: it wants no node.
func (e *Engine) RollbackAll(ctx context.Context) error {
	s, f, err := e.open(ctx, beginBack, lock.Cutover)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if err := s.keepSettings(ctx); err != nil {
		return err
	}
	if s.j.Phase != journal.Restoring {
		if err := s.turn(ctx, f, journal.RollingBack); err != nil {
			return err
		}
	}
	return s.back(ctx, f)
}

func (s *session) back(ctx context.Context, f *fleet.Fleet) error {
	// Once the old DaemonSet is being restored its guard is meant to be gone.
	if s.j.Phase == journal.RollingBack {
		if err := s.prepare(ctx, f, fleet.Old); err != nil {
			return err
		}
		if err := s.loop(ctx, fleet.Old); err != nil {
			return err
		}
	}
	if err := s.restore(ctx); err != nil {
		return err
	}
	return s.withoutLost(ctx)
}

// Move takes one node to a side by hand, with the same guards, floor and gates.
func (e *Engine) Move(ctx context.Context, name string, to fleet.Side) error {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return err
	}
	if err := f.Need(fleet.Old, fleet.New); err != nil {
		return err
	}
	if err := movable(f, name); err != nil {
		return err // before a journal is made
	}
	how := beginDrain
	if to == fleet.Old {
		how = beginUndrain
	}
	s, f, err := e.open(ctx, how, lock.Move)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if err := movable(f, name); err != nil {
		return err
	}
	if s.j.Phase == journal.Restoring {
		// The old DaemonSet is guarded again, so all nodes have to be looked at again.
		if err := s.write(ctx, func(j *journal.Journal) { j.Phase = journal.RollingBack }); err != nil {
			return err
		}
	}
	if err := s.prepare(ctx, f, to); err != nil {
		return err
	}
	// One node moved by hand does not change where the others go: a rollback goes
	// on as one, and what was aborted stays so.
	if s.j.Phase == journal.Preparing || s.j.Phase == journal.Switched {
		if err := s.write(ctx, func(j *journal.Journal) { j.Phase = journal.Switching }); err != nil {
			return err
		}
	}
	if f.Node(name).Serves() != fleet.New && to == fleet.New {
		if err := s.prePull(ctx, f, name); err != nil {
			return err
		}
	}
	if f, err = s.read(ctx); err != nil {
		return err
	}
	n := f.Node(name)
	if n == nil {
		return movable(f, name) // it went away meanwhile
	}
	if n.Serves() == to && n.Side() == to {
		s.info("%s is served by %s already", name, f.Set(to).Title)
	} else if n.Side() != to && n.Serves() != "" {
		out, err := s.outOfService(ctx, f)
		if err != nil {
			return err
		}
		why := s.Settings.zoneHolds(f, n, zonesServing(f, out))
		if floor := s.Settings.FloorOf(present(f)); inService(f, out)-1 < floor {
			why = tooFew(f, out, floor)
		}
		if out[name] == "" && why != "" {
			return s.stop(ctx, &Stopped{Reason: why + ": " + name + " cannot be taken out", Next: statusCommand})
		}
	}
	if err := s.led(ctx, to); err != nil {
		return err
	}
	if err := s.moveOne(ctx, f, name, to, 0); err != nil {
		return err
	}
	if r := s.record(name); r.Phase == journal.Lost || r.Phase == journal.Skipped {
		return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("%s is not moved: %s", name, r.Why), Next: statusCommand})
	}
	if s.j.Phase != journal.Switching {
		return nil
	}
	if f, err = s.read(ctx); err != nil {
		return err
	}
	if w := s.sort(f, fleet.New); len(w.todo)+len(w.begun) == 0 {
		return s.switched(ctx)
	}
	return nil
}

// switched records that no node is left to be moved; the bake begins.
func (s *session) switched(ctx context.Context) error {
	return s.write(ctx, func(j *journal.Journal) {
		if j.Phase != journal.Switched || j.Switched == nil {
			at := s.Clock.Now().UTC().Truncate(time.Second)
			j.Phase, j.Switched = journal.Switched, &at
		}
	})
}

func movable(f *fleet.Fleet, name string) error {
	n := f.Node(name)
	switch {
	case n == nil:
		return fmt.Errorf("node %s is not one of the proxies' nodes (%s)", name, list(names(f)))
	case !n.WantedByOld || !n.WantedByNew:
		return fmt.Errorf("node %s is not wanted by both DaemonSets: give both the same nodeSelector, affinity and tolerations", name)
	}
	return nil
}

func names(f *fleet.Fleet) []string {
	var out []string
	for i := range f.Nodes {
		out = append(out, f.Nodes[i].Name)
	}
	return out
}

// Abort ends a cutover that nobody runs: a node that was begun goes back, the
// others stay where they are. While an engine runs it is asked to do that itself;
// asked tells which of the two happened.
func (e *Engine) Abort(ctx context.Context) (asked bool, err error) {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return false, err
	}
	if f.Journal == nil || f.Journal.Phase == journal.RolledBack || f.Journal.Phase == journal.Aborted {
		return false, fmt.Errorf("there is no cutover to abort")
	}
	if f.Journal.Phase == journal.Switched {
		return false, fmt.Errorf("cutover %s is complete, there is nothing to abort: go back with %s", f.Journal.ID, rollbackAllCommand)
	}
	if f.Lease != nil && !f.Lease.Purpose.Obeys() {
		return false, endsByItself(f.Lease)
	}
	if f.Journal.Phase == journal.Retiring {
		return false, retiring(f.Journal)
	}
	if f.Lease != nil {
		return true, journal.Request(ctx, e.Client, f.Namespace(), f.Journal.ID, journal.RequestAbort)
	}
	s, f, err := e.open(ctx, beginBack, lock.Rescue)
	if err != nil {
		return false, err
	}
	defer s.close(ctx)
	return false, s.abandon(ctx, f, s.sort(f, fleet.New).begun)
}

// Pause asks the engine that runs to stop after the node it works on.
func (e *Engine) Pause(ctx context.Context) error {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return err
	}
	if f.Lease == nil || f.Journal == nil {
		return fmt.Errorf("no cutover is running: see %s", statusCommand)
	}
	if !f.Lease.Purpose.Obeys() {
		return endsByItself(f.Lease)
	}
	return journal.Request(ctx, e.Client, f.Namespace(), f.Journal.ID, journal.RequestPause)
}

func endsByItself(l *fleet.Lease) error {
	return fmt.Errorf("%s is working on these proxies (%s), which cannot be asked to stop and ends by itself: see %s -w", l.Holder, l.Purpose, statusCommand)
}

// Emergency gives every node back to the old proxy in one go, without gates and
// floor: the new proxy's pods all end at once and nobody serves until the old
// ones have started. It restores nothing; RollbackAll does that afterwards.
func (e *Engine) Emergency(ctx context.Context) error {
	s, f, err := e.open(ctx, beginBack, lock.Rescue)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if err := s.turn(ctx, f, journal.RollingBack); err != nil {
		return err
	}
	if err := s.placement.hold(ctx, f); err != nil {
		return err
	}
	if f, err = s.read(ctx); err != nil {
		return err
	}
	if f, err = s.parted(ctx, f); err != nil {
		return err
	}
	for i := range f.Nodes {
		if n := &f.Nodes[i]; !n.Gone && n.Side() == fleet.New {
			if err := s.placement.give(ctx, f, n.Name, fleet.Old, false); err != nil {
				return err
			}
			s.Observer.Observe(Event{Kind: Step, Node: n.Name, To: fleet.Old, Text: "given back to " + f.Old.Title})
		}
	}
	return s.stop(ctx, &Stopped{Reason: "all labels are removed; the old proxy is starting everywhere", Next: rollbackAllCommand, Interrupted: true})
}
