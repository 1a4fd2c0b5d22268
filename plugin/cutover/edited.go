package cutover

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Damage is what somebody else did to a guarded DaemonSet.
type Damage struct {
	Side fleet.Side
	Set  string
	// Unguarded: its guard is gone, or it rolls by itself.
	Unguarded bool
	// Edited are the fields of its template that are not what they were.
	Edited []desired.Difference
}

// FindDamage compares the DaemonSets of a cutover with its journal.
func FindDamage(f *fleet.Fleet) ([]Damage, error) {
	if f.Journal == nil || !slices.Contains([]journal.Phase{journal.Preparing, journal.Switching, journal.Switched, journal.RollingBack}, f.Journal.Phase) {
		return nil, fmt.Errorf("no cutover is under way whose guards could be damaged: see %s", statusCommand)
	}
	var out []Damage
	for _, side := range []fleet.Side{fleet.New, fleet.Old} {
		set, original := f.Set(side), f.Journal.Old.Template
		if side == fleet.New {
			original = f.Journal.New.Template
		}
		d := Damage{Side: side, Set: set.Name.String(), Unguarded: !isGuarded(set)}
		if set.Edited() || d.Unguarded {
			var err error
			if d.Edited, err = templateDifferences(original, set.Unguarded()); err != nil {
				return nil, fmt.Errorf("comparing the template of daemonset %s: %w", set.Name, err)
			}
		}
		if d.Unguarded || set.Edited() {
			out = append(out, d)
		}
	}
	return out, nil
}

// templateDifferences lists the fields in which two pod templates differ, both ways.
func templateDifferences(was, is corev1.PodTemplateSpec) ([]desired.Difference, error) {
	object := func(t corev1.PodTemplateSpec) (*unstructured.Unstructured, error) {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&t)
		return &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"template": fields}}}, err
	}
	before, err := object(was)
	if err != nil {
		return nil, err
	}
	after, err := object(is)
	if err != nil {
		return nil, err
	}
	_, out := desired.Compare(before, after)
	_, added := desired.Compare(after, before)
	for _, d := range added {
		if !slices.ContainsFunc(out, func(known desired.Difference) bool { return known.Field == d.Field }) {
			out = append(out, desired.Difference{Field: d.Field, Want: d.Live, Live: d.Want})
		}
	}
	return out, nil
}

// seal notes on both guards which template they are part of, so that an edit shows. What
// was edited before somebody began, or went on with, a cutover has their leave when it is
// the new proxy: it is what they mended. The old one is what a rollback goes back to.
func (s *session) seal(ctx context.Context, to fleet.Side) error {
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	// What was edited a moment ago shows when the controller has seen it; the way back
	// does not wait for that.
	limit := s.deadline(s.Settings.ReadyTimeout)
	for to == fleet.New && !(f.Old.Settled && f.New.Settled) && !limit.over() {
		if err := s.pauseFleet(ctx, f); err != nil {
			return err
		}
		limit.look()
		if f, err = s.read(ctx); err != nil {
			return err
		}
		limit.seen()
	}
	for _, side := range []fleet.Side{fleet.New, fleet.Old} {
		set := f.Set(side)
		switch r := set.Guard.Record; {
		case r == nil || r.Guarded != "" && !set.Edited():
			continue
		case set.Edited() && side == fleet.Old && to == fleet.New:
			return s.stop(ctx, editedStop(set))
		case set.Edited():
			s.Observer.Observe(Event{Kind: Warn, Text: fmt.Sprintf("the template of %s was edited since it was guarded, and counts as it is now", set.Name)})
		}
		if err := s.patchSet(ctx, set, fleet.SealPatch); err != nil {
			return fmt.Errorf("noting the template of daemonset %s: %w", set.Name, err)
		}
	}
	return nil
}

func editedStop(set *fleet.Set) *Stopped {
	return &Stopped{
		Reason: fmt.Sprintf("the template of DaemonSet %s was edited since it was guarded (revision %s, now %s); no traffic moved", set.Name, set.Guard.Record.Guarded, set.Revision),
		Next:   repairCommand + " (shows what, and asks)",
	}
}

// Repair puts guards back that are gone, and takes templates as they are now. It moves no
// node: one that the old proxy serves although its label says otherwise loses the label.
func (e *Engine) Repair(ctx context.Context) error {
	s, f, err := e.open(ctx, beginResume, lock.Rescue)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	for i := range f.Nodes {
		if n := &f.Nodes[i]; !isGuarded(f.Old) && n.Side() == fleet.New && n.Serves() == fleet.Old {
			if err := s.placement.give(ctx, f, n.Name, fleet.Old, false); err != nil {
				return err
			}
			s.info("%s is served by %s, stays so, and is planned again", n.Name, f.Old.Title)
		}
	}
	if err := s.placement.hold(ctx, f); err != nil {
		return err
	}
	if f, err = s.read(ctx); err != nil {
		return err
	}
	for _, set := range []*fleet.Set{f.New, f.Old} {
		if err := s.patchSet(ctx, set, fleet.SealPatch); err != nil {
			return fmt.Errorf("noting the template of daemonset %s: %w", set.Name, err)
		}
	}
	return nil
}
