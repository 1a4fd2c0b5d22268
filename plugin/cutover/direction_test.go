package cutover_test

import (
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// rollingBack is a cutover whose rollback was interrupted after one node.
func (r *rig) rollingBack() *cutover.Engine {
	r.t.Helper()
	e, _ := r.engine()
	r.must(e.Run(r.t.Context()))
	back, d := r.engine()
	stop := make(chan struct{})
	back.Stop = stop
	d.on = at(cutover.NodeDone, "edge-1", func() { close(stop) })
	if stopped := r.stopped(back.RollbackAll(r.t.Context())); !stopped.Interrupted {
		r.t.Fatalf("stopped: %+v", stopped)
	}
	heir, _ := r.engine()
	return heir
}

// A node that is moved by hand while a cutover goes back does not turn it round.
func TestByHandDuringARollback(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	r.watch(floor)
	e := r.rollingBack()
	r.must(e.Move(t.Context(), "edge-2", fleet.Old))
	r.must(e.Move(t.Context(), "edge-1", fleet.New))
	if phase := r.fleet().Journal.Phase; phase != journal.RollingBack {
		t.Errorf("the journal says %s", phase)
	}
	r.must(e.Resume(t.Context()))
	r.wantSame("served after resume", everywhere(fleet.Old), r.served())
	r.wantSame("the old DaemonSet", before, r.original())
}

// Nor does it take an abort back.
func TestByHandAfterAnAbort(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, _ := r.engine()
	r.must(e.Move(t.Context(), "edge-1", fleet.New))
	_, err := e.Abort(t.Context())
	r.stopped(err)
	r.must(e.Move(t.Context(), "edge-1", fleet.Old))
	if err := e.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resume after an abort: %v", err)
	}
	r.wantSame("served", everywhere(fleet.Old), r.served())
}
