package cutover_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

func TestRetire(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet(rig.Rolling(0, 1)))
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "there is no record of a cutover") {
		t.Errorf("before a cutover: %v", err)
	}
	r.Must(e.Run(t.Context()))
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "24h0m0s of bake are not over") {
		t.Errorf("before the bake is over: %v", err)
	}
	e.Settings.Bake = 0
	pods := r.Serving(fleet.New)
	r.Must(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	r.WantRetired("edge-1", "edge-2", "edge-3", "edge-4")
	for node, uid := range r.Serving(fleet.New) {
		if pods[node] == uid {
			t.Errorf("%s has the pod that it had", node)
		}
	}
	// The proof: the next roll-out ends by itself.
	r.Update("new", fixed)
	r.Eventually("the next roll-out ends", func() error {
		if n := r.Outdated(fleet.New); n > 0 {
			return fmt.Errorf("%d pods are left", n)
		}
		return nil
	})
	r.WaitServed(fleet.New, rig.Nodes)
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "there is nothing to retire") {
		t.Errorf("a second time: %v", err)
	}
}

// Pods that are what the final template makes may stay, and the DaemonSet may get back
// what it had.
func TestRetireWithoutRestarts(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	original := rig.NewSet(rig.Rolling(2, 0))
	r.Deploy(rig.OldSet(), original)
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	e.Settings.Bake = 0
	r.Must(e.Run(t.Context()))
	pods := r.Serving(fleet.New)
	r.Must(e.Retire(t.Context(), cutover.Retirement{Original: true}))
	r.WantSame("pods", pods, r.Serving(fleet.New))
	r.WantSame("strategy", original.Spec.UpdateStrategy, r.Fleet().New.Object.Spec.UpdateStrategy)
}

// A node that is not the new proxy's, and a template that does not pass, stop it.
func TestRetireStops(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	e.Settings.Bake = 0
	r.Must(e.Move(t.Context(), "edge-1", fleet.New))
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "is not complete (switching)") {
		t.Errorf("half-way: %v", err)
	}
	r.Must(e.Resume(t.Context()))
	r.PatchNode("edge-2", `{"metadata":{"labels":{"`+fleet.NodeLabel+`":null}}}`)
	r.WaitServed(fleet.Old, 1)
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "edge-2 is not served by traefik-2.11") {
		t.Errorf("with a node of the old proxy: %v", err)
	}
	r.Must(e.Resume(t.Context()))
	r.Update("new", func(ds *appsv1.DaemonSet) {
		c := &ds.Spec.Template.Spec.Containers[0]
		c.Args = append(c.Args, "-wrong")
	})
	e.Settings.GateTimeout = 2 * time.Second
	stopped := r.Stopped(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	if !strings.Contains(stopped.Reason, "edge-1 does not pass with the final template: 1 of 2 routes differ") || !strings.Contains(stopped.Next, "retire") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	for name, err := range map[string]error{"run": e.Run(t.Context()), "resume": e.Resume(t.Context()), "undrain": e.Move(t.Context(), "edge-3", fleet.Old)} {
		if err == nil {
			t.Errorf("%s while the old proxy is being retired: no error", name)
		}
	}
	r.Update("new", func(ds *appsv1.DaemonSet) { c := &ds.Spec.Template.Spec.Containers[0]; c.Args = c.Args[:1] })
	r.Must(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	r.WantRetired("edge-1", "edge-2", "edge-3", "edge-4")
}

// Until the old DaemonSet is deleted there is a way back.
func TestRetireTakenBack(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Pair()
	r.Create(rig.OldSet(rig.OnPair))
	r.WaitServed(fleet.Old, 2)
	r.Create(rig.NewSet(rig.OnPair))
	before := r.Original()
	e, _ := r.Engine()
	e.Settings.AcceptSingleNode = true
	r.Must(e.Run(t.Context()))
	dying, ctx, dead := r.Dying(4) // phase opened and begun, the old wants nothing, the new is free
	if err := dying.Retire(ctx, cutover.Retirement{Recreate: true}); err == nil || !dead() {
		t.Fatalf("it was not killed: %v", err)
	}
	if f := r.Fleet(); f.Old == nil || !f.Old.Guard.Retired || f.New.Guard.Present {
		t.Fatalf("old %+v, new %+v", f.Old, f.New.Guard)
	}
	r.Must(r.Heir(func(e *cutover.Engine) error { return e.RollbackAll(t.Context()) }))
	r.WantSame("served", map[string]fleet.Side{"edge-1": fleet.Old, "edge-2": fleet.Old}, r.Served())
	r.WantSame("the old DaemonSet", before, r.Original())
}
