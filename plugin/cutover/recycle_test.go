package cutover_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// waiting counts pods of a side that no node has room for.
func (r *rig) waiting(side fleet.Side) int {
	r.t.Helper()
	count := 0
	for _, n := range r.fleet().Nodes {
		for _, p := range n.Of(side) {
			if !p.Bound {
				count++
			}
		}
	}
	return count
}

func (r *rig) waitWaiting(side fleet.Side, count int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d pods of the %s proxy wait", count, side), func() error {
		if n := r.waiting(side); n != count {
			return fmt.Errorf("%d do", n)
		}
		return nil
	})
}

// outdated counts pods of a side that its current template would make otherwise.
func (r *rig) outdated(side fleet.Side) int {
	r.t.Helper()
	count := 0
	for _, n := range r.fleet().Nodes {
		for _, p := range n.Of(side) {
			if !p.Current {
				count++
			}
		}
	}
	return count
}

// recycled runs recycle and wants nothing to be left to do.
func (r *rig) recycled() {
	r.t.Helper()
	e, _ := r.engine()
	r.must(e.Recycle(r.t.Context()))
	if left := cutover.PlanRecycle(r.fleet()); len(left) > 0 {
		r.t.Errorf("left to do: %+v", left)
	}
}

// change of the template that makes other pods.
func fixed(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Annotations = map[string]string{"fixed": "yes"}
}

// E23: the new proxy waits on every node, as after step 3 of the story.
func TestRecyclePodsThatWaitEverywhere(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.waitWaiting(fleet.New, nodes)
	pods := r.serving(fleet.Old)
	r.watch(nodes)
	r.recycled()
	r.wantSame("waiting", 0, r.waiting(fleet.New))
	r.wantSame("pods that serve", pods, r.serving(fleet.Old))
	// A restart of an old pod stays on the old proxy now.
	if f := r.fleet(); f.Old.Guard.Present || !f.New.Guard.Present {
		t.Errorf("guards: old %v, new %v", f.Old.Guard.Present, f.New.Guard.Present)
	}
}

// E2: the story's affinity under RollingUpdate moved more nodes than asked for
// and got stuck. What moved stays, what did not stays too, and a cutover can go
// on from there.
func TestRecycleTheStorysStuckRollOut(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.waitWaiting(fleet.New, nodes)
	r.update("old", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Affinity = without("edge-1") })
	// One node as asked for, one more that its Pending pod lost.
	r.waitServed(fleet.New, 2)
	r.waitWaiting(fleet.Old, 1)
	served := r.served()
	r.watch(nodes)
	r.recycled()
	r.wantSame("served", served, r.served())
	r.wantSame("waiting", []int{0, 0}, []int{r.waiting(fleet.Old), r.waiting(fleet.New)})
}

// E3: a changed template cannot roll while pods wait: they eat the budget.
func TestRecycleARollOutThatWaitingPodsHoldUp(t *testing.T) {
	r := newRig(t)
	// Half the nodes are the new proxy's already.
	r.create(oldSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Affinity = without("edge-1", "edge-2") }))
	r.waitServed(fleet.Old, 2)
	r.create(newSet())
	r.waitServed(fleet.New, 2)
	r.waitWaiting(fleet.New, 2)
	served := r.served()
	r.update("new", fixed)
	r.eventually("the waiting pods, and only they, are of the new template", func() error {
		if n := r.outdated(fleet.New); n != 2 {
			return fmt.Errorf("%d pods are of the old one", n)
		}
		return nil
	})
	r.watch(floor)
	r.recycled()
	r.wantSame("served", served, r.served())
	r.wantSame("waiting", 0, r.waiting(fleet.New))
	r.wantSame("outdated", 0, r.outdated(fleet.New))
}

// E21: pods that waited under OnDelete start as what they were made from.
func TestRecyclePodsOfAnOlderTemplate(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet(onDelete))
	r.waitWaiting(fleet.New, nodes)
	r.update("new", fixed)
	r.must(r.client.AppsV1().DaemonSets(namespace).Delete(t.Context(), "old", metav1.DeleteOptions{}))
	r.waitServed(fleet.New, nodes)
	r.wantSame("outdated before", nodes, r.outdated(fleet.New))
	r.watch(floor)
	r.recycled()
	r.wantSame("outdated", 0, r.outdated(fleet.New))
	r.wantSame("served", everywhere(fleet.New), r.served())
}

// E22: a surging roll-out waits for a port that its own pod holds.
func TestRecycleASurgeThatCannotEnd(t *testing.T) {
	r := newRig(t)
	r.create(newSet(rolling(0, 1)))
	r.waitServed(fleet.New, nodes)
	r.update("new", fixed)
	r.waitWaiting(fleet.New, 1)
	r.watch(floor)
	r.recycled()
	r.wantSame("outdated", 0, r.outdated(fleet.New))
	r.wantSame("served", everywhere(fleet.New), r.served())
	f := r.fleet()
	want := rollingStrategy(newSet(rolling(1, 0)))
	r.wantSame("strategy", want, f.New.Object.Spec.UpdateStrategy)
	// The proof: the next roll-out ends by itself.
	r.update("new", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Annotations["fixed"] = "again" })
	r.eventually("the next roll-out ends", func() error {
		if n := r.outdated(fleet.New); n > 0 {
			return fmt.Errorf("%d pods are left", n)
		}
		return nil
	})
	r.waitServed(fleet.New, nodes)
}

func rollingStrategy(ds *appsv1.DaemonSet) appsv1.DaemonSetUpdateStrategy {
	return ds.Spec.UpdateStrategy
}
