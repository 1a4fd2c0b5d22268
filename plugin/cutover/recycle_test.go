package cutover_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// recycled runs recycle and wants nothing to be left to do.
func recycled(r *rig.Rig) {
	r.T.Helper()
	e, _ := r.Engine()
	r.Must(e.Recycle(r.T.Context()))
	if left := cutover.PlanRecycle(r.Fleet()); len(left) > 0 {
		r.T.Errorf("left to do: %+v", left)
	}
}

// change of the template that makes other pods.
func fixed(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Annotations = map[string]string{"fixed": "yes"}
}

// E23: the new proxy waits on every node, as after step 3 of the story.
func TestRecyclePodsThatWaitEverywhere(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.WaitWaiting(fleet.New, rig.Nodes)
	pods := r.Serving(fleet.Old)
	r.Watch(rig.Nodes)
	recycled(r)
	r.WantSame("waiting", 0, r.Waiting(fleet.New))
	r.WantSame("pods that serve", pods, r.Serving(fleet.Old))
	// A restart of an old pod stays on the old proxy now.
	if f := r.Fleet(); f.Old.Guard.Present || !f.New.Guard.Present {
		t.Errorf("guards: old %v, new %v", f.Old.Guard.Present, f.New.Guard.Present)
	}
}

// E2: the story's affinity under RollingUpdate moved more nodes than asked for
// and got stuck. What moved stays, what did not stays too, and a cutover can go
// on from there.
func TestRecycleTheStorysStuckRollOut(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.WaitWaiting(fleet.New, rig.Nodes)
	r.Update("old", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Affinity = without("edge-1") })
	// One node as asked for, one more that its Pending pod lost.
	r.WaitServed(fleet.New, 2)
	r.WaitWaiting(fleet.Old, 1)
	served := r.Served()
	r.Watch(rig.Nodes)
	recycled(r)
	r.WantSame("served", served, r.Served())
	r.WantSame("waiting", []int{0, 0}, []int{r.Waiting(fleet.Old), r.Waiting(fleet.New)})
}

// E3: a changed template cannot roll while pods wait: they eat the budget.
func TestRecycleARollOutThatWaitingPodsHoldUp(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	// Half the nodes are the new proxy's already.
	r.Create(rig.OldSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Affinity = without("edge-1", "edge-2") }))
	r.WaitServed(fleet.Old, 2)
	r.Create(rig.NewSet())
	r.WaitServed(fleet.New, 2)
	r.WaitWaiting(fleet.New, 2)
	served := r.Served()
	r.Update("new", fixed)
	r.Eventually("the waiting pods, and only they, are of the new template", func() error {
		if n := r.Outdated(fleet.New); n != 2 {
			return fmt.Errorf("%d pods are of the old one", n)
		}
		return nil
	})
	r.Watch(rig.Floor)
	recycled(r)
	r.WantSame("served", served, r.Served())
	r.WantSame("waiting", 0, r.Waiting(fleet.New))
	r.WantSame("outdated", 0, r.Outdated(fleet.New))
}

// E21: pods that waited under OnDelete start as what they were made from.
func TestRecyclePodsOfAnOlderTemplate(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet(rig.OnDelete))
	r.WaitWaiting(fleet.New, rig.Nodes)
	r.Update("new", fixed)
	r.Must(r.Client.AppsV1().DaemonSets(rig.Namespace).Delete(t.Context(), "old", metav1.DeleteOptions{}))
	r.WaitServed(fleet.New, rig.Nodes)
	r.WantSame("outdated before", rig.Nodes, r.Outdated(fleet.New))
	r.Watch(rig.Floor)
	recycled(r)
	r.WantSame("outdated", 0, r.Outdated(fleet.New))
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
}

// E22: a surging roll-out waits for a port that its own pod holds.
func TestRecycleASurgeThatCannotEnd(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Create(rig.NewSet(rig.Rolling(0, 1)))
	r.WaitServed(fleet.New, rig.Nodes)
	r.Update("new", fixed)
	r.WaitWaiting(fleet.New, 1)
	r.Watch(rig.Floor)
	recycled(r)
	r.WantSame("outdated", 0, r.Outdated(fleet.New))
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
	f := r.Fleet()
	want := rig.NewSet(rig.Rolling(1, 0)).Spec.UpdateStrategy
	r.WantSame("strategy", want, f.New.Object.Spec.UpdateStrategy)
	// The proof: the next roll-out ends by itself.
	r.Update("new", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Annotations["fixed"] = "again" })
	r.Eventually("the next roll-out ends", func() error {
		if n := r.Outdated(fleet.New); n > 0 {
			return fmt.Errorf("%d pods are left", n)
		}
		return nil
	})
	r.WaitServed(fleet.New, rig.Nodes)
}
