package cutover_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// TestThereAndBackAndThereAgain is the whole story on a cluster whose new proxy
// waits for the ports on every node, as the original story leaves it.
func TestThereAndBackAndThereAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)

	e, _ := r.Engine()
	r.Must(e.Run(t.Context()))
	r.WantSame("after run", rig.Everywhere(fleet.New), r.Served())
	if phase := r.Fleet().Journal.Phase; phase != journal.Switched {
		t.Errorf("the journal says %s", phase)
	}

	err := e.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "rollback --all") {
		t.Errorf("a second run: %v", err)
	}

	if _, err := e.Abort(t.Context()); err == nil || !strings.Contains(err.Error(), "is complete") {
		t.Errorf("an abort of what is complete: %v", err)
	}
	if phase := r.Fleet().Journal.Phase; phase != journal.Switched {
		t.Errorf("after that the journal says %s", phase)
	}

	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("after rollback", rig.Everywhere(fleet.Old), r.Served())
	r.WantSame("the old DaemonSet", before, r.Original())
	restored := r.Serving(fleet.Old)

	r.Must(e.Run(t.Context()))
	r.WantSame("after the second run", rig.Everywhere(fleet.New), r.Served())
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet after the second time", before, r.Original())
	if cmp.Equal(restored, r.Serving(fleet.Old)) {
		t.Error("the pods never moved")
	}
}

// TestGuardsTouchNoPod: both guards set and removed again, and every pod is the
// one it was.
func TestGuardsTouchNoPod(t *testing.T) {
	t.Parallel()
	for name, affinity := range map[string]rig.Change{
		"no affinity": func(*appsv1.DaemonSet) {},
		"two terms":   twoTerms,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t)
			r.Deploy(rig.OldSet(affinity), rig.NewSet(affinity))
			before, pods := r.Original(), r.Serving(fleet.Old)
			r.Watch(rig.Nodes)

			e, _ := r.Engine()
			// Asked to stop before it begins: it prepares and moves nothing.
			stop := make(chan struct{})
			close(stop)
			e.Stop = stop
			var stopped *cutover.Stopped
			if err := e.Run(t.Context()); !errors.As(err, &stopped) || !stopped.Interrupted {
				t.Fatalf("run: %v", err)
			}
			f := r.Fleet()
			if !f.Old.Guard.Present || !f.New.Guard.Present {
				t.Error("no guards")
			}
			for _, n := range f.Nodes {
				if waiting := n.Of(fleet.New); len(waiting) > 0 {
					t.Errorf("%s still has %v", n.Name, waiting)
				}
			}
			r.WantSame("pods under the guard", pods, r.Serving(fleet.Old))

			r.Must(e.RollbackAll(t.Context()))
			r.WantSame("pods after the rollback", pods, r.Serving(fleet.Old))
			r.WantSame("the old DaemonSet", before, r.Original())
		})
	}
}
