package cutover_test

import (
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// half moves one node by hand and deletes a DaemonSet.
func (r *rig) half(deleted string) *cutover.Engine {
	r.t.Helper()
	e, _ := r.engine()
	r.must(e.Move(r.t.Context(), "edge-1", fleet.New))
	r.must(r.client.AppsV1().DaemonSets(namespace).Delete(r.t.Context(), deleted, metav1.DeleteOptions{}))
	r.eventually("its pods are gone", func() error {
		for _, n := range r.fleet().Nodes {
			for _, p := range n.Pods {
				if p.Terminating {
					return errors.New(p.Name + " is not")
				}
			}
		}
		return nil
	})
	return e
}

// Somebody deletes the new DaemonSet half-way: its node goes back, and the old
// one is as before.
func TestNewDaemonSetDeleted(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	e := r.half("new")
	if side := cutover.Widowed(r.fleet()); side != fleet.Old {
		t.Fatalf("left alone: %q", side)
	}
	r.must(e.TakeOver(t.Context()))
	r.wantSame("served", everywhere(fleet.Old), r.served())
	r.wantSame("the old DaemonSet", before, r.original())
	if err := e.TakeOver(t.Context()); err == nil {
		t.Error("there was something left to take over")
	}
}

// Somebody deletes the old DaemonSet half-way, as step 5 of the story does: the
// new one takes all nodes.
func TestOldDaemonSetDeleted(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	e := r.half("old")
	// Named, it is missed no less.
	e.Reader.Selection = fleet.Selection{
		Old: types.NamespacedName{Namespace: namespace, Name: "old"}, New: types.NamespacedName{Namespace: namespace, Name: "new"},
	}
	if side := cutover.Widowed(r.fleet()); side != fleet.New {
		t.Fatalf("left alone: %q", side)
	}
	r.must(e.TakeOver(t.Context()))
	r.wantSame("served", everywhere(fleet.New), r.served())
}
