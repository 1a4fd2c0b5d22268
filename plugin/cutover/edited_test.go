package cutover_test

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// Somebody edits the old DaemonSet while nodes are moved: its guard is still there, but it
// is not what a rollback should go back to. The cutover stops, and a human decides.
func TestEditedMeanwhile(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := r.Engine()
	d.On = rig.At(cutover.NodeDone, "edge-1", func() {
		r.Update("old", fixed)
		r.Eventually("the controller has seen it", func() error {
			if f := r.Fleet(); !f.Old.Settled || !f.Old.Edited() {
				return errors.New("not yet")
			}
			return nil
		})
	})
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "the template of DaemonSet edge/old was edited since it was guarded") || !strings.Contains(stopped.Next, "cutover repair") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	want := rig.Everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.WantSame("served", want, r.Served())
	if again := r.Stopped(e.Resume(t.Context())); again.Reason != stopped.Reason {
		t.Errorf("resume: %q", again.Reason)
	}
	damage, err := cutover.FindDamage(r.Fleet())
	r.Must(err)
	if len(damage) != 1 || damage[0].Unguarded || len(damage[0].Edited) != 1 || !strings.Contains(damage[0].Edited[0].Field, "template.metadata.annotations") {
		t.Errorf("damage: %+v", damage)
	}
	pods := r.Serving(fleet.Old)
	r.Must(e.Repair(t.Context()))
	r.WantSame("pods", pods, r.Serving(fleet.Old))
	d.On = nil
	r.Must(e.Resume(t.Context()))
	r.WantSame("served in the end", rig.Everywhere(fleet.New), r.Served())
}

// Where only the guard is gone, repair puts it back and touches nothing.
func TestRepairPutsAGuardBack(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	original := rig.OldSet()
	r.Deploy(original, rig.NewSet())
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	if _, err := cutover.FindDamage(r.Fleet()); err == nil {
		t.Error("damage without a cutover")
	}
	r.Must(e.Move(t.Context(), "edge-1", fleet.New))
	served := r.Served()
	r.Update("old", func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Affinity, ds.Spec.UpdateStrategy = nil, original.Spec.UpdateStrategy
	})
	damage, err := cutover.FindDamage(r.Fleet())
	r.Must(err)
	if len(damage) != 1 || !damage[0].Unguarded || len(damage[0].Edited) != 0 {
		t.Errorf("damage: %+v", damage)
	}
	r.Must(e.Repair(t.Context()))
	r.WantSame("served", served, r.Served())
	if left, err := cutover.FindDamage(r.Fleet()); err != nil || len(left) > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
	r.Must(e.Resume(t.Context()))
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("served after rollback", rig.Everywhere(fleet.Old), r.Served())
}
