package cutover

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// restore puts the old DaemonSet back exactly as it was: its template first, so
// that its running pods count as up to date again, then its update strategy.
func (s *session) restore(ctx context.Context) error {
	if err := s.write(ctx, func(j *journal.Journal) { j.Phase = journal.Restoring }); err != nil {
		return err
	}
	before, err := s.read(ctx)
	if err != nil {
		return err
	}
	if before.Old.Guard.Present {
		if err := s.patchSet(ctx, before.Old, fleet.UnguardPatch); err != nil {
			return fmt.Errorf("restoring the template of daemonset %s: %w", before.Old.Name, err)
		}
		if err := s.settled(ctx, before, fleet.Old, false); err != nil {
			return err
		}
	}
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	if err := s.acknowledge(ctx, f.Old, f); err != nil {
		return err
	}
	if outdated := outdated(f); len(outdated) > 0 {
		return s.stop(ctx, &Stopped{
			Reason: fmt.Sprintf("%s is unguarded but keeps OnDelete: pods of an older template (%s) would be replaced at once under %s", f.Old.Name, list(outdated), s.j.Old.Strategy.Type),
			Next:   recycleCommand,
		})
	}
	strategy := s.j.Old.Strategy
	if err := s.patchSet(ctx, f.Old, func(live *fleet.Set) ([]byte, error) { return fleet.StrategyPatch(live, strategy) }); err != nil {
		return fmt.Errorf("restoring the update strategy of daemonset %s: %w", f.Old.Name, err)
	}
	if err := s.settled(ctx, f, fleet.Old, false); err != nil {
		return err
	}
	if err := s.placement.release(ctx); err != nil {
		return err
	}
	if namespace := s.j.New.Name.Namespace; s.Marker != nil && namespace != "" {
		err := s.insist(ctx, fleet.Old, func(ctx context.Context) error { return s.Marker.Remove(ctx, namespace, s.id) })
		if err := s.unlessBack(ctx, fleet.Old, "the gate's route is left in namespace "+namespace, err); err != nil {
			return err
		}
	}
	// The guard of the new one stays, but belongs to no cutover any more.
	if err := s.head(ctx, f, fleet.Note{ID: s.id, Home: s.home}); err != nil {
		return err
	}
	if err := s.write(ctx, func(j *journal.Journal) { j.Phase = journal.RolledBack }); err != nil {
		return err
	}
	s.info("%s is what it was before, no pod was restarted for it", f.Old.Name)
	return nil
}

// withoutLost says which nodes were lost on the way back: everything else is as it was.
func (s *session) withoutLost(ctx context.Context) error {
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	var lost []string
	for _, record := range s.j.Nodes {
		n := f.Node(record.Name)
		if record.Phase != journal.Lost && record.Phase != journal.Skipped || n == nil || n.Gone || n.Serves() == fleet.Old {
			continue
		}
		lost = append(lost, record.Name+" ("+record.Why+")")
	}
	if len(lost) == 0 {
		return nil
	}
	return s.stop(ctx, &Stopped{
		Reason: fmt.Sprintf("%s is what it was before, but nodes were lost on the way: %s; nobody serves there until they are back, which are %s's then", f.Old.Name, list(lost), f.Old.Title),
		Next:   statusCommand,
	})
}

// noticed waits until the controller itself counts every pod of a side as up to date:
// it looks at a cache, and what it has not seen there yet it would replace.
func (s *session) noticed(ctx context.Context, before *fleet.Fleet, side fleet.Side) error {
	limit := s.deadline(s.Settings.ReadyTimeout)
	next := rollbackAllCommand
	if side == fleet.New {
		next = retireCommand
	}
	for {
		limit.look()
		f, err := s.read(ctx)
		if err != nil {
			return err
		}
		limit.seen()
		current := 0
		for _, n := range f.Nodes {
			for _, p := range n.Of(side) {
				if n.Ready && p.UpToDate && !p.Terminating {
					current++
				}
			}
		}
		if f.Set(side).Settled && int(f.Set(side).Object.Status.UpdatedNumberScheduled) >= current {
			return nil
		}
		if limit.over() {
			return s.stop(ctx, &Stopped{
				Reason: fmt.Sprintf("the controller of %s does not count its pods as up to date (%d of %d) after %s: is kube-controller-manager running?", before.Set(side).Name, f.Set(side).Object.Status.UpdatedNumberScheduled, current, s.Settings.ReadyTimeout),
				Next:   next,
			})
		}
		if err := s.pauseFleet(ctx, f); err != nil {
			return err
		}
	}
}

// outdated names old pods that a rolling update would replace.
func outdated(f *fleet.Fleet) []string {
	if f.Journal != nil && f.Journal.Old.Strategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return nil
	}
	var names []string
	for _, n := range f.Nodes {
		for _, p := range n.Of(fleet.Old) {
			if !p.Current && !p.Terminating {
				names = append(names, p.Name)
			}
		}
	}
	return names
}
