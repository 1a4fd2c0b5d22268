package cutover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Retirement is how the old proxy is retired.
type Retirement struct {
	// Recreate makes all pods of the new proxy anew, one at a time. Without it those that
	// are what the final template makes are only marked so.
	Recreate bool
	// Original gives the new DaemonSet the update strategy that it had before its guard;
	// otherwise it rolls one node at a time, without surge.
	Original bool
}

// MayRetire returns why the old proxy cannot be retired now. What was begun may always be
// finished.
func MayRetire(f *fleet.Fleet, bake time.Duration, now time.Time) error {
	if err := f.Need(fleet.New); err != nil {
		return err
	}
	j := f.Journal
	switch {
	case j == nil && f.Old == nil && f.New.Guard.Record != nil && !f.New.Guard.Present:
		return nil // all but the last write is done
	case j == nil && f.Old == nil && f.New.Guard.Record == nil:
		return errors.New("there is nothing to retire: no old DaemonSet, and no record of a cutover")
	case j == nil:
		return fmt.Errorf("there is no record of a cutover that moved all nodes: %s makes it, or begin one with %s", resumeCommand, runCommand)
	case j.Phase == journal.Retiring:
		return nil
	case j.Phase != journal.Switched:
		return fmt.Errorf("cutover %s is not complete (%s): go on with %s, or back with %s", j.ID, j.Phase, resumeCommand, rollbackAllCommand)
	}
	var left []string
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if !n.Gone && (n.Side() != fleet.New || n.Serves() != fleet.New) {
			left = append(left, n.Name)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("%s is not served by %s: move it with %s, or remove it from the cluster", list(left), f.New.Title, resumeCommand)
	}
	if over := switchedAt(j).Add(bake); now.Before(over) {
		return fmt.Errorf("all nodes are served by %s since %s, and %s of bake are not over before %s: wait, or give --bake", f.New.Title, switchedAt(j).Format(time.RFC3339), bake, over.Format(time.RFC3339))
	}
	return nil
}

// switchedAt is when the last node was moved.
func switchedAt(j *journal.Journal) time.Time {
	if j.Switched != nil {
		return *j.Switched
	}
	last := j.Started
	for _, n := range j.Nodes {
		if n.Ended != nil && n.Ended.After(last) {
			last = *n.Ended
		}
	}
	return last
}

// Retire removes the old proxy for good. Every step looks whether it is done already, so
// that it can be stopped, or killed, at any moment and started again.
func (e *Engine) Retire(ctx context.Context, o Retirement) error {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return err
	}
	if err := MayRetire(f, e.Settings.Bake, e.Clock.Now()); err != nil {
		return err
	}
	l, err := e.acquire(ctx, f, lock.Retire)
	if err != nil {
		return err
	}
	s := e.newSession(l, f, fleet.New)
	defer s.close(ctx)
	// Nothing that was read before the lease is used.
	if f, err = s.read(ctx); err != nil {
		return err
	}
	if err := MayRetire(f, e.Settings.Bake, e.Clock.Now()); err != nil {
		return err
	}
	s.ports = PortsToAsk(f, s.Settings)
	if f.Journal != nil {
		if err := s.beginRetiring(ctx, f); err != nil {
			return err
		}
		if err := s.hand(ctx, f); err != nil {
			return err
		}
		if err := s.renewAll(ctx, o); err != nil {
			return err
		}
		if err := s.finalStrategy(ctx, o); err != nil {
			return err
		}
	}
	return s.forget(ctx)
}

func (s *session) beginRetiring(ctx context.Context, f *fleet.Fleet) error {
	if err := s.continueJournal(ctx, f, beginRetire); err != nil {
		return err
	}
	if s.j.Phase == journal.Retiring {
		return nil
	}
	return s.write(ctx, func(j *journal.Journal) { j.Phase = journal.Retiring })
}

// hand gives all nodes, those to come, too, to the new proxy: first the old DaemonSet
// wants nothing, then the new one has no guard. In the other order both would want a new
// node, and without the second none would.
func (s *session) hand(ctx context.Context, f *fleet.Fleet) error {
	if f.Old != nil {
		for i := range f.Nodes {
			if n := &f.Nodes[i]; n.Ready && len(n.Of(fleet.Old)) > 0 {
				return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("%s still has a pod on %s", f.Old.Name, n.Name), Next: statusCommand})
			}
		}
		if !f.Old.Guard.Retired {
			if err := s.patchSet(ctx, f.Old, fleet.RetirePatch); err != nil {
				return fmt.Errorf("making daemonset %s want no node: %w", f.Old.Name, err)
			}
			if err := s.settled(ctx, f, fleet.Old, false); err != nil {
				return err
			}
			s.info("%s wants no node any more, those to come neither", f.Old.Name)
		}
	}
	if f.New.Guard.Present && !(f.New.Guard.Story && len(f.New.Guard.Out) == 0) {
		if err := s.patchSet(ctx, f.New, fleet.UnguardPatch); err != nil {
			return fmt.Errorf("taking the guard off daemonset %s: %w", f.New.Name, err)
		}
		if err := s.settled(ctx, f, fleet.New, false); err != nil {
			return err
		}
		s.info("%s has no guard any more, no pod was touched", f.New.Name)
	}
	if f.Old == nil {
		return nil
	}
	return s.remove(ctx, f.Old)
}

// remove deletes the old DaemonSet, which has no pod any more.
func (s *session) remove(ctx context.Context, set *fleet.Set) error {
	sets := s.Client.AppsV1().DaemonSets(set.Name.Namespace)
	background := metav1.DeletePropagationBackground
	err := s.change(ctx, func() error {
		return sets.Delete(ctx, set.Name.Name, metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &set.Object.UID}})
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting daemonset %s: %w", set.Name, err)
	}
	limit := s.deadline(s.Settings.NodeTimeout)
	for {
		limit.look()
		var live *appsv1.DaemonSet
		err := s.persist(ctx, func() (err error) {
			live, err = sets.Get(ctx, set.Name.Name, metav1.GetOptions{})
			return err
		})
		limit.seen()
		switch {
		case apierrors.IsNotFound(err):
			s.info("%s is deleted", set.Name)
			return nil
		case err != nil:
			return fmt.Errorf("looking whether daemonset %s is deleted: %w", set.Name, err)
		case live.UID != set.Object.UID:
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("daemonset %s was made anew: somebody applies its manifest (GitOps?)", set.Name), Next: "remove it there, then " + retireCommand})
		case limit.over():
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("daemonset %s does not go away (finalizers: %v)", set.Name, live.Finalizers), Next: retireCommand})
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return err
		}
	}
}

// finalStrategy has the new DaemonSet roll again. Its pods are of its template, so that
// nothing rolls now.
func (s *session) finalStrategy(ctx context.Context, o Retirement) error {
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	one, none := intstr.FromInt32(1), intstr.FromInt32(0)
	strategy := appsv1.DaemonSetUpdateStrategy{
		Type:          appsv1.RollingUpdateDaemonSetStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one, MaxSurge: &none},
	}
	if o.Original {
		strategy = s.j.New.Strategy
	}
	err = s.patchSet(ctx, f.New, func(live *fleet.Set) ([]byte, error) {
		return json.Marshal(map[string]any{
			"metadata": map[string]any{"resourceVersion": live.Object.ResourceVersion},
			"spec":     map[string]any{"updateStrategy": map[string]any{"type": strategy.Type, "rollingUpdate": strategy.RollingUpdate}},
		})
	})
	if err != nil {
		return fmt.Errorf("giving daemonset %s its update strategy: %w", f.New.Name, err)
	}
	return s.settled(ctx, f, fleet.New, false)
}

// RehearseRetirement sends the writes that cannot be taken back for the server to check,
// not to store.
func (e *Engine) RehearseRetirement(ctx context.Context, f *fleet.Fleet) error {
	dry := []string{metav1.DryRunAll}
	for _, step := range []struct {
		set   *fleet.Set
		patch func(*fleet.Set) ([]byte, error)
	}{{f.Old, fleet.RetirePatch}, {f.New, fleet.UnguardPatch}} {
		if step.set == nil {
			continue
		}
		patch, err := step.patch(step.set)
		if err != nil {
			return err
		}
		_, err = e.Client.AppsV1().DaemonSets(step.set.Name.Namespace).Patch(ctx, step.set.Name.Name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: dry, FieldManager: "ingress-migrate"})
		if err != nil {
			return fmt.Errorf("changing daemonset %s (server dry run): %w", step.set.Name, err)
		}
	}
	if f.Old != nil {
		err := e.Client.AppsV1().DaemonSets(f.Old.Name.Namespace).Delete(ctx, f.Old.Name.Name, metav1.DeleteOptions{DryRun: dry})
		if err != nil {
			return fmt.Errorf("deleting daemonset %s (server dry run): %w", f.Old.Name, err)
		}
	}
	if f.Journal != nil {
		err := e.Client.CoreV1().ConfigMaps(f.Namespace()).Delete(ctx, journal.Name(f.Journal.ID), metav1.DeleteOptions{DryRun: dry})
		if err != nil {
			return fmt.Errorf("removing the journal (server dry run): %w", err)
		}
	}
	return nil
}
