package cutover_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
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

// loseJournals deletes the record of every cutover.
func (r *rig) loseJournals() {
	r.t.Helper()
	r.must(r.client.CoreV1().ConfigMaps(namespace).DeleteCollection(r.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label}))
}

// The guards know which way the cutover went when its journal is lost.
func TestJournalLostDuringARollback(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	r.watch(floor)
	e := r.rollingBack()
	r.loseJournals()
	r.must(e.Resume(t.Context()))
	r.wantSame("served after resume", everywhere(fleet.Old), r.served())
	r.wantSame("the old DaemonSet", before, r.original())

	// What is left of it tells of no cutover.
	r.loseJournals()
	r.nothingToResume()
}

// nothingToResume: resume has to ask a human instead of beginning a cutover.
func (r *rig) nothingToResume() {
	r.t.Helper()
	e, _ := r.engine()
	var stopped *cutover.Stopped
	err := e.Resume(r.t.Context())
	if err == nil || errors.As(err, &stopped) || !strings.Contains(err.Error(), "there is no cutover to go on with") {
		r.t.Errorf("resume: %v", err)
	}
	if f := r.fleet(); f.Journal != nil || f.Old.Guard.Present {
		r.t.Errorf("a cutover was begun: journal %+v, old guard %v", f.Journal, f.Old.Guard.Present)
	}
}

// A guard that a recycle has set is not a cutover, and a node that is given back
// by hand does not make it one.
func TestResumeAfterARecycle(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.waitWaiting(fleet.New, nodes)
	r.watch(nodes)
	r.recycled()
	r.nothingToResume()

	e, _ := r.engine()
	r.must(e.Move(t.Context(), "edge-1", fleet.Old))
	if err := e.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resume: %v", err)
	}
	r.wantSame("served", everywhere(fleet.Old), r.served())
}

// noMarker is what a cluster without the new proxy's CRDs makes of the gate.
type noMarker struct{}

func (noMarker) Install(context.Context, string, string) error {
	return errors.New("the server could not find the requested resource")
}
func (noMarker) Remove(context.Context, string, string) error {
	return errors.New("the server could not find the requested resource")
}

// Whatever is broken of the new proxy, or of what helps to judge, nodes come back;
// the way there is barred.
func TestBackWithoutTheGate(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	r.watch(floor)
	e, _ := r.engine()
	r.must(e.Move(t.Context(), "edge-1", fleet.New))
	r.must(e.Move(t.Context(), "edge-2", fleet.New))
	r.loseJournals()

	broken, d := r.engine()
	broken.Marker = noMarker{}
	broken.Requests = func(context.Context, gate.Ports) ([]gate.Request, error) { return nil, errors.New("forbidden") }
	if err := broken.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "listing the routes to compare: forbidden") {
		t.Errorf("forward: %v", err)
	}
	r.must(broken.Move(t.Context(), "edge-2", fleet.Old))
	r.must(broken.RollbackAll(t.Context()))
	r.wantSame("served", everywhere(fleet.Old), r.served())
	r.wantSame("the old DaemonSet", before, r.original())
	for _, says := range []string{"routes are not compared: ", "the gate's route is left in namespace edge: "} {
		if !strings.Contains(d.text(), says) {
			t.Errorf("nothing is said of it (%s):\n%s", says, d.text())
		}
	}
}

// A command that moved nothing does not end as if it had.
func TestByHandOfANodeThatGoesAway(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	e, d := r.engine()
	d.on = at(cutover.Step, "edge-2", func() { r.must(r.s.KillNode("edge-2")) })
	stopped := r.stopped(e.Move(t.Context(), "edge-2", fleet.New))
	if !strings.Contains(stopped.Reason, "edge-2 is not moved: node edge-2 is not ready") {
		t.Errorf("reason %q", stopped.Reason)
	}
}

// The settings that a cutover goes on with are kept for the next one who resumes
// it; those of one node moved by hand are not.
func TestSettingsAreKept(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	stored := func() int {
		var s cutover.Settings
		r.must(json.Unmarshal(r.fleet().Journal.Settings, &s))
		return s.Sample
	}
	e, _ := r.engine()
	begun := e.Settings.Sample
	r.must(e.Move(t.Context(), "edge-1", fleet.New))
	e.Settings.Sample = 7
	r.must(e.Move(t.Context(), "edge-1", fleet.Old))
	r.wantSame("settings after a move", begun, stored())
	stop := make(chan struct{})
	close(stop)
	e.Stop = stop
	r.stopped(e.Resume(t.Context()))
	r.wantSame("settings after resume", 7, stored())
}
