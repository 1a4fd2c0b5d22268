package cutover_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// rollingBack is a cutover whose rollback was interrupted after one node.
func rollingBack(r *rig.Rig) *cutover.Engine {
	r.T.Helper()
	e, _ := r.Engine()
	r.Must(e.Run(r.T.Context()))
	back, d := r.Engine()
	stop := make(chan struct{})
	back.Stop = stop
	d.On = rig.At(cutover.NodeDone, "edge-1", func() { close(stop) })
	if stopped := r.Stopped(back.RollbackAll(r.T.Context())); !stopped.Interrupted {
		r.T.Fatalf("stopped: %+v", stopped)
	}
	heir, _ := r.Engine()
	return heir
}

// A node that is moved by hand while a cutover goes back does not turn it round.
func TestByHandDuringARollback(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e := rollingBack(r)
	r.Must(e.Move(t.Context(), "edge-2", fleet.Old))
	r.Must(e.Move(t.Context(), "edge-1", fleet.New))
	if phase := r.Fleet().Journal.Phase; phase != journal.RollingBack {
		t.Errorf("the journal says %s", phase)
	}
	r.Must(e.Resume(t.Context()))
	r.WantSame("served after resume", rig.Everywhere(fleet.Old), r.Served())
	r.WantSame("the old DaemonSet", before, r.Original())
}

// Nor does it take an abort back.
func TestByHandAfterAnAbort(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	r.Must(e.Move(t.Context(), "edge-1", fleet.New))
	_, err := e.Abort(t.Context())
	r.Stopped(err)
	r.Must(e.Move(t.Context(), "edge-1", fleet.Old))
	if err := e.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resume after an abort: %v", err)
	}
	r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
}

// The guards know which way the cutover went when its journal is lost.
func TestJournalLostDuringARollback(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e := rollingBack(r)
	r.LoseJournals()
	r.Must(e.Resume(t.Context()))
	r.WantSame("served after resume", rig.Everywhere(fleet.Old), r.Served())
	r.WantSame("the old DaemonSet", before, r.Original())

	// What is left of it tells of no cutover.
	r.LoseJournals()
	nothingToResume(r)
}

// nothingToResume: resume has to ask a human instead of beginning a cutover.
func nothingToResume(r *rig.Rig) {
	r.T.Helper()
	e, _ := r.Engine()
	var stopped *cutover.Stopped
	err := e.Resume(r.T.Context())
	if err == nil || errors.As(err, &stopped) || !strings.Contains(err.Error(), "there is no cutover to go on with") {
		r.T.Errorf("resume: %v", err)
	}
	if f := r.Fleet(); f.Journal != nil || f.Old.Guard.Present {
		r.T.Errorf("a cutover was begun: journal %+v, old guard %v", f.Journal, f.Old.Guard.Present)
	}
}

// A guard that a recycle has set is not a cutover, and a node that is given back
// by hand does not make it one.
func TestResumeAfterARecycle(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.WaitWaiting(fleet.New, rig.Nodes)
	r.Watch(rig.Nodes)
	recycled(r)
	nothingToResume(r)

	e, _ := r.Engine()
	r.Must(e.Move(t.Context(), "edge-1", fleet.Old))
	if err := e.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resume: %v", err)
	}
	r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
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
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	r.Must(e.Move(t.Context(), "edge-1", fleet.New))
	r.Must(e.Move(t.Context(), "edge-2", fleet.New))
	r.LoseJournals()

	broken, d := r.Engine()
	broken.Marker = noMarker{}
	broken.Requests = func(context.Context, gate.Ports) ([]gate.Request, error) { return nil, errors.New("forbidden") }
	if err := broken.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "listing the routes to compare: forbidden") {
		t.Errorf("forward: %v", err)
	}
	r.Must(broken.Move(t.Context(), "edge-2", fleet.Old))
	r.Must(broken.RollbackAll(t.Context()))
	r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
	r.WantSame("the old DaemonSet", before, r.Original())
	for _, says := range []string{"routes are not compared: ", "the gate's route is left in namespace edge: "} {
		if !strings.Contains(d.Text(), says) {
			t.Errorf("nothing is said of it (%s):\n%s", says, d.Text())
		}
	}
}

// A command that moved nothing does not end as if it had.
func TestByHandOfANodeThatGoesAway(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	e, d := r.Engine()
	d.On = rig.At(cutover.Step, "edge-2", func() { r.Must(r.Sandbox.KillNode("edge-2")) })
	stopped := r.Stopped(e.Move(t.Context(), "edge-2", fleet.New))
	if !strings.Contains(stopped.Reason, "edge-2 is not moved: node edge-2 is not ready") {
		t.Errorf("reason %q", stopped.Reason)
	}
}

// The settings that a cutover goes on with are kept for the next one who resumes
// it; those of one node moved by hand are not.
func TestSettingsAreKept(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	stored := func() int {
		var s cutover.Settings
		r.Must(json.Unmarshal(r.Fleet().Journal.Settings, &s))
		return s.Sample
	}
	e, _ := r.Engine()
	begun := e.Settings.Sample
	r.Must(e.Move(t.Context(), "edge-1", fleet.New))
	e.Settings.Sample = 7
	r.Must(e.Move(t.Context(), "edge-1", fleet.Old))
	r.WantSame("settings after a move", begun, stored())
	stop := make(chan struct{})
	close(stop)
	e.Stop = stop
	r.Stopped(e.Resume(t.Context()))
	r.WantSame("settings after resume", 7, stored())
}
