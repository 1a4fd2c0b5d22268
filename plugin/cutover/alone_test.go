package cutover_test

import (
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// half moves one node by hand and deletes a DaemonSet.
func half(r *rig.Rig, deleted string) *cutover.Engine {
	r.T.Helper()
	e, _ := r.Engine()
	r.Must(e.Move(r.T.Context(), "edge-1", fleet.New))
	r.Must(r.Client.AppsV1().DaemonSets(rig.Namespace).Delete(r.T.Context(), deleted, metav1.DeleteOptions{}))
	r.Eventually("its pods are gone", func() error {
		for _, n := range r.Fleet().Nodes {
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
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	e := half(r, "new")
	if side := cutover.Widowed(r.Fleet()); side != fleet.Old {
		t.Fatalf("left alone: %q", side)
	}
	r.Must(e.TakeOver(t.Context()))
	r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
	r.WantSame("the old DaemonSet", before, r.Original())
	if err := e.TakeOver(t.Context()); err == nil {
		t.Error("there was something left to take over")
	}
}

// Somebody deletes the old DaemonSet half-way, as step 5 of the story does: the
// new one takes all nodes.
func TestOldDaemonSetDeleted(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	e := half(r, "old")
	// Named, it is missed no less.
	e.Reader.Selection = fleet.Selection{
		Old: types.NamespacedName{Namespace: rig.Namespace, Name: "old"}, New: types.NamespacedName{Namespace: rig.Namespace, Name: "new"},
	}
	if side := cutover.Widowed(r.Fleet()); side != fleet.New {
		t.Fatalf("left alone: %q", side)
	}
	r.Must(e.TakeOver(t.Context()))
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
}
