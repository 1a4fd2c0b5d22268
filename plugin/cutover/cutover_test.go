package cutover_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

type netDialer = net.Dialer

// original is what must be the same again after a rollback.
type original struct {
	Spec        appsv1.DaemonSetSpec
	Annotations map[string]string
	Revision    string
}

func (r *rig) original() original {
	r.t.Helper()
	f := r.fleet()
	ds := f.Old.Object.DeepCopy()
	delete(ds.Annotations, "deprecated.daemonset.template.generation")
	return original{Spec: ds.Spec, Annotations: ds.Annotations, Revision: f.Old.RevisionName}
}

func (r *rig) wantSame(what string, want, got any) {
	r.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("%s:\n%s", what, diff)
	}
}

// everywhere is every node with one side.
func everywhere(side fleet.Side) map[string]fleet.Side {
	return map[string]fleet.Side{"edge-1": side, "edge-2": side, "edge-3": side, "edge-4": side}
}

// TestThereAndBackAndThereAgain is the whole story on a cluster whose new proxy
// waits for the ports on every node, as the original story leaves it.
func TestThereAndBackAndThereAgain(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	r.watch(floor)

	e, _ := r.engine()
	r.must(e.Run(t.Context()))
	r.wantSame("after run", everywhere(fleet.New), r.served())
	if phase := r.fleet().Journal.Phase; phase != journal.Switched {
		t.Errorf("the journal says %s", phase)
	}

	err := e.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "rollback --all") {
		t.Errorf("a second run: %v", err)
	}

	if _, err := e.Abort(t.Context()); err == nil || !strings.Contains(err.Error(), "is complete") {
		t.Errorf("an abort of what is complete: %v", err)
	}
	if phase := r.fleet().Journal.Phase; phase != journal.Switched {
		t.Errorf("after that the journal says %s", phase)
	}

	r.must(e.RollbackAll(t.Context()))
	r.wantSame("after rollback", everywhere(fleet.Old), r.served())
	r.wantSame("the old DaemonSet", before, r.original())
	restored := r.serving(fleet.Old)

	r.must(e.Run(t.Context()))
	r.wantSame("after the second run", everywhere(fleet.New), r.served())
	r.must(e.RollbackAll(t.Context()))
	r.wantSame("the old DaemonSet after the second time", before, r.original())
	if cmp.Equal(restored, r.serving(fleet.Old)) {
		t.Error("the pods never moved")
	}
}

// TestGuardsTouchNoPod: both guards set and removed again, and every pod is the
// one it was.
func TestGuardsTouchNoPod(t *testing.T) {
	for name, affinity := range map[string]change{
		"no affinity": func(*appsv1.DaemonSet) {},
		"two terms":   twoTerms,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.deploy(oldSet(affinity), newSet(affinity))
			before, pods := r.original(), r.serving(fleet.Old)
			r.watch(nodes)

			e, _ := r.engine()
			// Asked to stop before it begins: it prepares and moves nothing.
			stop := make(chan struct{})
			close(stop)
			e.Stop = stop
			var stopped *cutover.Stopped
			if err := e.Run(t.Context()); !errors.As(err, &stopped) || !stopped.Interrupted {
				t.Fatalf("run: %v", err)
			}
			f := r.fleet()
			if !f.Old.Guard.Present || !f.New.Guard.Present {
				t.Error("no guards")
			}
			for _, n := range f.Nodes {
				if waiting := n.Of(fleet.New); len(waiting) > 0 {
					t.Errorf("%s still has %v", n.Name, waiting)
				}
			}
			r.wantSame("pods under the guard", pods, r.serving(fleet.Old))

			r.must(e.RollbackAll(t.Context()))
			r.wantSame("pods after the rollback", pods, r.serving(fleet.Old))
			r.wantSame("the old DaemonSet", before, r.original())
		})
	}
}
