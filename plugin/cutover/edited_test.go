package cutover_test

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Somebody edits the old DaemonSet while nodes are moved: its guard is still there, but it
// is not what a rollback should go back to. The cutover stops, and a human decides.
func TestEditedMeanwhile(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, d := r.engine()
	d.on = at(cutover.NodeDone, "edge-1", func() {
		r.update("old", fixed)
		r.eventually("the controller has seen it", func() error {
			if f := r.fleet(); !f.Old.Settled || !f.Old.Edited() {
				return errors.New("not yet")
			}
			return nil
		})
	})
	stopped := r.stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "the template of DaemonSet edge/old was edited since it was guarded") || !strings.Contains(stopped.Next, "cutover repair") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	want := everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.wantSame("served", want, r.served())
	if again := r.stopped(e.Resume(t.Context())); again.Reason != stopped.Reason {
		t.Errorf("resume: %q", again.Reason)
	}
	damage, err := cutover.FindDamage(r.fleet())
	r.must(err)
	if len(damage) != 1 || damage[0].Unguarded || len(damage[0].Edited) != 1 || !strings.Contains(damage[0].Edited[0].Field, "template.metadata.annotations") {
		t.Errorf("damage: %+v", damage)
	}
	pods := r.serving(fleet.Old)
	r.must(e.Repair(t.Context()))
	r.wantSame("pods", pods, r.serving(fleet.Old))
	d.on = nil
	r.must(e.Resume(t.Context()))
	r.wantSame("served in the end", everywhere(fleet.New), r.served())
}

// Where only the guard is gone, repair puts it back and touches nothing.
func TestRepairPutsAGuardBack(t *testing.T) {
	r := newRig(t)
	original := oldSet()
	r.deploy(original, newSet())
	r.watch(floor)
	e, _ := r.engine()
	if _, err := cutover.FindDamage(r.fleet()); err == nil {
		t.Error("damage without a cutover")
	}
	r.must(e.Move(t.Context(), "edge-1", fleet.New))
	served := r.served()
	r.update("old", func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Affinity, ds.Spec.UpdateStrategy = nil, original.Spec.UpdateStrategy
	})
	damage, err := cutover.FindDamage(r.fleet())
	r.must(err)
	if len(damage) != 1 || !damage[0].Unguarded || len(damage[0].Edited) != 0 {
		t.Errorf("damage: %+v", damage)
	}
	r.must(e.Repair(t.Context()))
	r.wantSame("served", served, r.served())
	if left, err := cutover.FindDamage(r.fleet()); err != nil || len(left) > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
	r.must(e.Resume(t.Context()))
	r.must(e.RollbackAll(t.Context()))
	r.wantSame("served after rollback", everywhere(fleet.Old), r.served())
}
