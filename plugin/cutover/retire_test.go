package cutover_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// guillotine ends an engine after a number of writes: nothing that it asks for after that
// reaches the API server. The lease's renewals do not count.
type guillotine struct {
	next   http.RoundTripper
	after  int64
	writes atomic.Int64
	dead   atomic.Bool
	kill   context.CancelFunc
}

func (g *guillotine) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.dead.Load() {
		return nil, context.Canceled
	}
	response, err := g.next.RoundTrip(r)
	if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/leases") && g.writes.Add(1) == g.after {
		g.dead.Store(true)
		g.kill()
	}
	return response, err
}

// dying is an engine that ends after a write; the function tells whether it has.
func (r *rig) dying(afterWrite int) (*cutover.Engine, context.Context, func() bool) {
	r.t.Helper()
	ctx, kill := context.WithCancel(r.t.Context())
	r.t.Cleanup(kill)
	g := &guillotine{after: int64(afterWrite), kill: kill}
	config := rest.CopyConfig(r.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { g.next = next; return g })
	e, err := engineOn(config, fmt.Sprintf("dying@here/%d", afterWrite), &diary{t: r.t})
	r.must(err)
	e.Settings.LeaseDuration, e.Settings.AcceptSingleNode, e.Settings.Bake = time.Second, true, 0
	return e, ctx, g.dead.Load
}

// heir does something as soon as the lease of who died is over.
func (r *rig) heir(do func(*cutover.Engine) error) error {
	r.t.Helper()
	e, _ := r.engine()
	e.Settings.AcceptSingleNode, e.Settings.Bake = true, 0
	var err error
	r.eventually("the dead operator's lease is over", func() error {
		err = do(e)
		var held *lock.HeldError
		if errors.As(err, &held) {
			return err
		}
		return nil
	})
	return err
}

// retired wants nothing of the old proxy and of the cutover to be left.
func (r *rig) retired(names ...string) {
	r.t.Helper()
	f := r.fleet()
	if f.Old != nil || f.New == nil {
		r.t.Fatalf("old %v, new %v", f.Old, f.New)
	}
	if f.New.Guard.Present || f.New.Guard.Record != nil || f.Journal != nil {
		r.t.Errorf("guard %+v, journal %+v", f.New.Guard, f.Journal)
	}
	one := rollingStrategy(newSet(rolling(1, 0)))
	r.wantSame("strategy", one, f.New.Object.Spec.UpdateStrategy)
	if a := f.New.Object.Spec.Template.Spec.Affinity; a != nil {
		r.t.Errorf("affinity %+v", a)
	}
	for _, name := range names {
		n := f.Node(name)
		if n == nil || n.Label != "" || n.Serves() != fleet.New {
			r.t.Errorf("%s: %+v", name, n)
			continue
		}
		for _, p := range n.Pods {
			if !p.UpToDate {
				r.t.Errorf("%s would be replaced by the next look of the controller", p.Name)
			}
		}
	}
	maps, err := r.client.CoreV1().ConfigMaps(namespace).List(r.t.Context(), metav1.ListOptions{LabelSelector: journal.Label})
	r.must(err)
	if len(maps.Items) > 0 {
		r.t.Errorf("%d journals are left", len(maps.Items))
	}
}

func TestRetire(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet(rolling(0, 1)))
	r.watch(floor)
	e, _ := r.engine()
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "there is no record of a cutover") {
		t.Errorf("before a cutover: %v", err)
	}
	r.must(e.Run(t.Context()))
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "24h0m0s of bake are not over") {
		t.Errorf("before the bake is over: %v", err)
	}
	e.Settings.Bake = 0
	pods := r.serving(fleet.New)
	r.must(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	r.retired("edge-1", "edge-2", "edge-3", "edge-4")
	for node, uid := range r.serving(fleet.New) {
		if pods[node] == uid {
			t.Errorf("%s has the pod that it had", node)
		}
	}
	// The proof: the next roll-out ends by itself.
	r.update("new", fixed)
	r.eventually("the next roll-out ends", func() error {
		if n := r.outdated(fleet.New); n > 0 {
			return fmt.Errorf("%d pods are left", n)
		}
		return nil
	})
	r.waitServed(fleet.New, nodes)
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "there is nothing to retire") {
		t.Errorf("a second time: %v", err)
	}
}

// Pods that are what the final template makes may stay, and the DaemonSet may get back
// what it had.
func TestRetireWithoutRestarts(t *testing.T) {
	r := newRig(t)
	original := newSet(rolling(2, 0))
	r.deploy(oldSet(), original)
	r.watch(floor)
	e, _ := r.engine()
	e.Settings.Bake = 0
	r.must(e.Run(t.Context()))
	pods := r.serving(fleet.New)
	r.must(e.Retire(t.Context(), cutover.Retirement{Original: true}))
	r.wantSame("pods", pods, r.serving(fleet.New))
	r.wantSame("strategy", rollingStrategy(original), r.fleet().New.Object.Spec.UpdateStrategy)
}

// A node that is not the new proxy's, and a template that does not pass, stop it.
func TestRetireStops(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, _ := r.engine()
	e.Settings.Bake = 0
	r.must(e.Move(t.Context(), "edge-1", fleet.New))
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "is not complete (switching)") {
		t.Errorf("half-way: %v", err)
	}
	r.must(e.Resume(t.Context()))
	r.patchNode("edge-2", `{"metadata":{"labels":{"`+fleet.NodeLabel+`":null}}}`)
	r.waitServed(fleet.Old, 1)
	if err := e.Retire(t.Context(), cutover.Retirement{Recreate: true}); err == nil || !strings.Contains(err.Error(), "edge-2 is not served by traefik-2.11") {
		t.Errorf("with a node of the old proxy: %v", err)
	}
	r.must(e.Resume(t.Context()))
	r.update("new", func(ds *appsv1.DaemonSet) {
		c := &ds.Spec.Template.Spec.Containers[0]
		c.Args = append(c.Args, "-wrong")
	})
	e.Settings.GateTimeout = 2 * time.Second
	stopped := r.stopped(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	if !strings.Contains(stopped.Reason, "edge-1 does not pass with the final template: 1 of 2 routes differ") || !strings.Contains(stopped.Next, "retire") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	for name, err := range map[string]error{"run": e.Run(t.Context()), "resume": e.Resume(t.Context()), "undrain": e.Move(t.Context(), "edge-3", fleet.Old)} {
		if err == nil {
			t.Errorf("%s while the old proxy is being retired: no error", name)
		}
	}
	r.update("new", func(ds *appsv1.DaemonSet) { c := &ds.Spec.Template.Spec.Containers[0]; c.Args = c.Args[:1] })
	r.must(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	r.retired("edge-1", "edge-2", "edge-3", "edge-4")
}

// Until the old DaemonSet is deleted there is a way back.
func TestRetireTakenBack(t *testing.T) {
	r := newRig(t)
	r.pair()
	r.create(oldSet(onPair))
	r.waitServed(fleet.Old, 2)
	r.create(newSet(onPair))
	before := r.original()
	e, _ := r.engine()
	e.Settings.AcceptSingleNode = true
	r.must(e.Run(t.Context()))
	dying, ctx, dead := r.dying(4) // phase opened and begun, the old wants nothing, the new is free
	if err := dying.Retire(ctx, cutover.Retirement{Recreate: true}); err == nil || !dead() {
		t.Fatalf("it was not killed: %v", err)
	}
	if f := r.fleet(); f.Old == nil || !f.Old.Guard.Retired || f.New.Guard.Present {
		t.Fatalf("old %+v, new %+v", f.Old, f.New.Guard)
	}
	r.must(r.heir(func(e *cutover.Engine) error { return e.RollbackAll(t.Context()) }))
	r.wantSame("served", map[string]fleet.Side{"edge-1": fleet.Old, "edge-2": fleet.Old}, r.served())
	r.wantSame("the old DaemonSet", before, r.original())
}

// TestRetireKilledAfterEveryWrite ends a retirement after its n-th write, for all n, and
// another operator finishes it.
func TestRetireKilledAfterEveryWrite(t *testing.T) {
	for n := 1; ; n++ {
		done := false
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := newRig(t)
			names := r.pair()
			r.create(oldSet(onPair))
			r.waitServed(fleet.Old, len(names))
			r.create(newSet(onPair))
			r.watch(1, names...)
			e, _ := r.engine()
			e.Settings.AcceptSingleNode = true
			r.must(e.Run(t.Context()))
			dying, ctx, dead := r.dying(n)
			err := dying.Retire(ctx, cutover.Retirement{Recreate: true})
			if done = !dead(); done {
				r.must(err)
				t.Logf("%d writes", n-1)
			} else if f := r.fleet(); f.Old != nil || f.Journal != nil || f.New.Guard.Record != nil {
				r.must(r.heir(func(e *cutover.Engine) error { return e.Retire(t.Context(), cutover.Retirement{Recreate: true}) }))
			}
			r.retired(names...)
		})
		if done || t.Failed() {
			return
		}
	}
}
