package cutover_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// rotation is a load balancer that does at once what it is told.
type rotation struct {
	mu  sync.Mutex
	out map[string]bool
	// state and err, if set, are what State answers of a node that is out.
	state lb.State
	err   error
}

func (r *rotation) Describe(context.Context) (lb.Facts, error)   { return lb.Facts{}, nil }
func (r *rotation) Drain(_ context.Context, t lb.Target) error   { return r.set(t, true) }
func (r *rotation) Undrain(_ context.Context, t lb.Target) error { return r.set(t, false) }
func (r *rotation) isOut(name string) bool                       { r.mu.Lock(); defer r.mu.Unlock(); return r.out[name] }
func (r *rotation) set(t lb.Target, out bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out == nil {
		r.out = map[string]bool{}
	}
	r.out[t.Node] = out
	return nil
}

func (r *rotation) State(_ context.Context, t lb.Target) (lb.State, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.out[t.Node] && (r.state != "" || r.err != nil):
		return r.state, "", r.err
	case r.out[t.Node]:
		return lb.Out, "", nil
	}
	return lb.InService, "", nil
}

// A node that was taken out of rotation when its operator was killed is put back
// by an abort.
func TestAbortAfterADrain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Nodes)
	balancer := &rotation{}
	ctx, kill := context.WithCancel(t.Context())
	e, d := r.Engine()
	e.Drainer = balancer
	d.On = func(e cutover.Event) {
		if e.Kind == cutover.Passed && e.Text == "drained" {
			kill()
		}
	}
	if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("run: %v", err)
	}
	if !balancer.isOut("edge-1") {
		t.Fatal("edge-1 is in rotation")
	}
	heir, _ := r.Engine()
	heir.Drainer = balancer
	_, err := heir.Abort(t.Context())
	r.Stopped(err)
	if balancer.isOut("edge-1") {
		t.Error("edge-1 stays out of rotation")
	}
	if n := r.Fleet().Journal.Node("edge-1"); n.Drained || n.Phase != journal.Waiting {
		t.Errorf("recorded: %+v", n)
	}
}

// So is one that is given up, and a node that dies while the balancer is waited
// for is seen to.
func TestLostWithADrainer(t *testing.T) {
	t.Parallel()
	for name, balancer := range map[string]*rotation{
		"after its drain":            {},
		"while it drains":            {state: lb.Draining},
		"while nothing can be asked": {err: errors.New("throttled")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t)
			r.Deploy(rig.OldSet(), rig.NewSet())
			e, d := r.Engine()
			e.Drainer = balancer
			if name == "after its drain" {
				d.On = rig.At(cutover.Step, "edge-2", func() { r.Must(r.Sandbox.KillNode("edge-2")) })
			} else {
				r.Must(r.Sandbox.KillNode("edge-2"))
			}
			stopped := r.Stopped(e.Move(t.Context(), "edge-2", fleet.New))
			if !strings.Contains(stopped.Reason, "edge-2 is not moved") {
				t.Errorf("reason %q", stopped.Reason)
			}
			if balancer.isOut("edge-2") {
				t.Error("edge-2 stays out of rotation")
			}
		})
	}
}

// What the load balancer's API says when it says no is told.
// What somebody else took out of rotation is moved, and stays out.
func TestOutOfRotationAlready(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	balancer := &rotation{out: map[string]bool{"edge-2": true}}
	e, d := r.Engine()
	e.Drainer, e.Settings.Floor = balancer, 2 // edge-2 serves nobody
	warned := ""
	d.On = func(e cutover.Event) {
		if e.Kind == cutover.Warn {
			warned += e.Text
		}
	}
	for _, name := range []string{"edge-2", "edge-3"} {
		if err := e.Move(t.Context(), name, fleet.New); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if !balancer.isOut("edge-2") || balancer.isOut("edge-3") || !strings.Contains(warned, "somebody else took it out of rotation") {
		t.Errorf("edge-2 out: %v, edge-3 out: %v, warned %q", balancer.isOut("edge-2"), balancer.isOut("edge-3"), warned)
	}
}

func TestABalancerThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	e, _ := r.Engine()
	e.Drainer = &rotation{err: errors.New("throttled")}
	e.Settings.NodeTimeout = 2e9
	if stopped := r.Stopped(e.Move(t.Context(), "edge-2", fleet.New)); !strings.Contains(stopped.Reason, "edge-2 is Unknown, not Out (throttled)") {
		t.Errorf("reason %q", stopped.Reason)
	}
}
