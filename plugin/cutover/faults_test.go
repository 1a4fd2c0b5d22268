package cutover_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

func TestSecondOperatorIsRefused(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := r.Engine()
	second, _ := r.Engine()
	second.Holder = "other@there/2"
	var refused, removed error
	d.On = rig.At(cutover.Step, "edge-1", func() {
		refused = second.Run(t.Context())
		removed = second.RollbackAll(t.Context())
	})
	r.Must(e.Run(t.Context()))
	for _, err := range []error{refused, removed} {
		var held *lock.HeldError
		if !errors.As(err, &held) || held.Holder != e.Holder {
			t.Errorf("the second operator: %v", err)
		}
	}
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
}

// TestNodeKilledDuringItsSwitch: the node is out of rotation then; the others go
// on as far as the floor allows, and it is moved when it is back.
func TestNodeKilledDuringItsSwitch(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := r.Engine()
	killed := rig.At(cutover.Step, "edge-2", func() { r.Must(r.Sandbox.KillNode("edge-2")) })
	back := rig.At(cutover.NodeLost, "edge-2", func() { r.Must(r.Sandbox.StartNode(t.Context(), "edge-2")) })
	d.On = func(e cutover.Event) { killed(e); back(e) }
	r.Must(e.Run(t.Context()))
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
	if !strings.Contains(d.Text(), "edge-2 must at any moment") && !strings.Contains(d.Text(), "lost edge-2 node edge-2 is not ready") {
		t.Errorf("nothing was said of the lost node:\n%s", d.Text())
	}
}

// TestNodeThatDoesNotPassIsPutBack: each fault of the new proxy is found before
// the node counts, the node serves again, and the rest is untouched. What was
// wrong is mended, and the cutover goes on.
func TestNodeThatDoesNotPassIsPutBack(t *testing.T) {
	t.Parallel()
	for flag, says := range map[string]string{
		"-unready":  "is not ready after",
		"-wrong":    "1 of 2 routes differ: http://shop.test/: 404 instead of 200",
		"-impostor": "somebody else than the new proxy answers",
	} {
		t.Run(strings.TrimPrefix(flag, "-"), func(t *testing.T) {
			t.Parallel()
			r := rig.New(t)
			r.Deploy(rig.OldSet(), rig.NewSet(rig.Args(flag)))
			r.Watch(rig.Floor)
			untouched := r.Serving(fleet.Old)
			delete(untouched, "edge-1")
			e, _ := r.Engine()
			e.Settings.ReadyTimeout, e.Settings.GateTimeout = 5*time.Second, 2*time.Second
			stopped := r.Stopped(e.Run(t.Context()))
			if !strings.Contains(stopped.Reason, says) || !strings.Contains(stopped.Next, "cutover resume") {
				t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
			}
			r.WantSame("served after the fault", rig.Everywhere(fleet.Old), r.Served())
			left := r.Serving(fleet.Old)
			delete(left, "edge-1")
			r.WantSame("pods on the other nodes", untouched, left)
			if n := r.Fleet().Journal.Node("edge-1"); n.Phase != journal.Failed || !strings.Contains(n.Why, says) {
				t.Errorf("recorded: %+v", n)
			}
			if flag != "-unready" {
				return // one of them is taken further
			}
			r.Update("new", func(ds *appsv1.DaemonSet) { c := &ds.Spec.Template.Spec.Containers[0]; c.Args = c.Args[:1] })
			e.Settings.ReadyTimeout = time.Minute
			r.Must(e.Resume(t.Context()))
			r.WantSame("served after mending it", rig.Everywhere(fleet.New), r.Served())
		})
	}
}

// TestManifestAppliedAgain: GitOps takes the guard off half-way. No traffic
// moves, the engine stops, and resume sets the guard again.
func TestManifestAppliedAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	original := rig.OldSet()
	r.Deploy(original, rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e, d := r.Engine()
	d.On = rig.At(cutover.NodeDone, "edge-1", func() {
		r.Update("old", func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.Affinity = nil
			ds.Spec.UpdateStrategy = original.Spec.UpdateStrategy
		})
	})
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "the guard of DaemonSet edge/old is gone") {
		t.Errorf("reason %q", stopped.Reason)
	}
	want := rig.Everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.WantSame("served", want, r.Served())
	r.Must(e.Resume(t.Context()))
	r.WantSame("served in the end", rig.Everywhere(fleet.New), r.Served())
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
}

// TestPausedThenJournalLost: what the journal said can be told from labels and
// guards.
func TestPausedThenJournalLost(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e, d := r.Engine()
	second, _ := r.Engine()
	d.On = rig.At(cutover.Step, "edge-2", func() { r.Must(second.Pause(t.Context())) })
	stopped := r.Stopped(e.Run(t.Context()))
	if !stopped.Interrupted || !strings.Contains(stopped.Reason, "paused") {
		t.Errorf("stopped: %+v", stopped)
	}
	half := map[string]fleet.Side{"edge-1": fleet.New, "edge-2": fleet.New, "edge-3": fleet.Old, "edge-4": fleet.Old}
	r.WantSame("served when paused", half, r.Served())

	r.Must(r.Client.CoreV1().ConfigMaps(rig.Namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label}))
	heir, told := r.Engine()
	r.Must(heir.Resume(t.Context()))
	if !strings.Contains(told.Text(), "rebuilt from labels and guards") {
		t.Errorf("nothing was said of the lost journal:\n%s", told.Text())
	}
	r.WantSame("served after resume", rig.Everywhere(fleet.New), r.Served())
	r.Must(heir.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
}

func TestByHand(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e, d := r.Engine()
	second, _ := r.Engine()
	d.On = rig.At(cutover.Step, "edge-3", func() {
		// It would not look at what it is asked for.
		if err := second.Pause(t.Context()); err == nil || !strings.Contains(err.Error(), "ends by itself") {
			t.Errorf("pause of one move: %v", err)
		}
		if asked, err := second.Abort(t.Context()); asked || err == nil || !strings.Contains(err.Error(), "ends by itself") {
			t.Errorf("abort of one move: asked %v, %v", asked, err)
		}
	})
	r.Must(e.Move(t.Context(), "edge-3", fleet.New))
	want := rig.Everywhere(fleet.Old)
	want["edge-3"] = fleet.New
	r.WantSame("served", want, r.Served())

	careful, _ := r.Engine()
	careful.Settings.Floor = rig.Nodes
	if stopped := r.Stopped(careful.Move(t.Context(), "edge-1", fleet.New)); !strings.Contains(stopped.Reason, "4 of 4 nodes serve, 4 must at any moment") {
		t.Errorf("below the floor: %q", stopped.Reason)
	}
	r.Must(e.Move(t.Context(), "edge-3", fleet.Old))
	r.WantSame("served after giving it back", rig.Everywhere(fleet.Old), r.Served())
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
	if err := e.Move(t.Context(), "nowhere", fleet.New); err == nil || !strings.Contains(err.Error(), "not one of the proxies' nodes") {
		t.Errorf("an unknown node: %v", err)
	}
}

// TestNodeJoins: a node that comes up meanwhile starts with the old proxy and is
// moved with the others; abort and emergency end elsewhere.
func TestNodeJoins(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor, "edge-1", "edge-2", "edge-3", "edge-4")
	e, d := r.Engine()
	var joined string
	d.On = rig.At(cutover.NodeDone, "edge-1", func() {
		node, err := r.Sandbox.AddNode(t.Context())
		r.Must(err)
		joined = node.Name
		r.Eventually("the new node is served by the old proxy", func() error {
			if side := r.Served()[joined]; side != fleet.Old {
				return errors.New("by " + string(side))
			}
			return nil
		})
	})
	t.Cleanup(func() {
		if joined == "" {
			return
		}
		ctx := context.Background()
		if err := r.Sandbox.RemoveNode(ctx, joined); err != nil {
			t.Error(err)
		}
		// The collector leaves pods of a removed node alone for 40 s.
		now := int64(0)
		err := r.Client.CoreV1().Pods(rig.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{FieldSelector: "spec.nodeName=" + joined})
		if err != nil {
			t.Error(err)
		}
	})
	r.Must(e.Run(t.Context()))
	want := rig.Everywhere(fleet.New)
	want[joined] = fleet.New
	r.WantSame("served", want, r.Served())
}

// TestAbortAndEmergency: an abort leaves finished nodes alone; an emergency gives
// all back at once, which is the one thing that breaks the floor.
func TestAbortAndEmergency(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	e, d := r.Engine()
	second, _ := r.Engine()
	d.On = rig.At(cutover.Step, "edge-1", func() {
		asked, err := second.Abort(t.Context())
		r.Must(err)
		if !asked {
			t.Error("the running engine was not asked")
		}
	})
	r.Stopped(e.Run(t.Context()))
	want := rig.Everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.WantSame("served after the abort", want, r.Served())
	if err := e.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resume after an abort: %v", err)
	}
	r.Stopped(e.Emergency(t.Context()))
	r.WaitServed(fleet.Old, rig.Nodes)
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
}

// TestAPIServerAway: the node in flight waits, nothing is decided meanwhile.
func TestAPIServerAway(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := r.Engine()
	d.On = rig.At(cutover.Step, "edge-2", func() {
		r.Sandbox.StopAPIServer(t.Context())
		go func() {
			time.Sleep(time.Second)
			if err := r.Sandbox.StartAPIServer(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	})
	r.Must(e.Run(t.Context()))
	if !strings.Contains(d.Text(), "the API server does not answer") {
		t.Errorf("nothing was said of it:\n%s", d.Text())
	}
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
}

// TestBatches: after the canary several nodes move side by side, as many as the
// floor allows.
func TestBatches(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(2)
	e, d := r.Engine()
	e.Settings.Batch, e.Settings.Floor = 3, 2
	var mu sync.Mutex
	moving, most, begun := 0, 0, []string{}
	d.On = func(e cutover.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e.Kind {
		case cutover.Step:
			moving++
			begun = append(begun, e.Node)
		case cutover.NodeDone:
			moving--
		}
		most = max(most, moving)
	}
	r.Must(e.Run(t.Context()))
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
	// Three are left after the canary, but only two may be out.
	if most != 2 || begun[0] != "edge-1" {
		t.Errorf("%d at once at most, begun in the order %v", most, begun)
	}
}

// TestInterruptedWhileSoaking: the soak is cut short, everything before it is
// kept, and resume proves the node again.
func TestInterruptedWhileSoaking(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := r.Engine()
	e.Settings.CanarySoak = time.Hour
	stop := make(chan struct{})
	e.Stop = stop
	d.On = func(e cutover.Event) {
		if e.Kind == cutover.Step && strings.HasPrefix(e.Text, "soaking") {
			close(stop)
		}
	}
	if stopped := r.Stopped(e.Run(t.Context())); !stopped.Interrupted {
		t.Errorf("stopped: %+v", stopped)
	}
	want := rig.Everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.WantSame("served when interrupted", want, r.Served())
	if n := r.Fleet().Journal.Node("edge-1"); n.Phase != journal.Soaking {
		t.Errorf("recorded: %+v", n)
	}
	heir, _ := r.Engine()
	r.Must(heir.Resume(t.Context()))
	r.WantSame("served in the end", rig.Everywhere(fleet.New), r.Served())
}

// TestControllerManagerDown: nobody acts on a label then. The first node stays
// where it is, and no other one is tried.
func TestControllerManagerDown(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Nodes - 1)
	e, d := r.Engine()
	e.Settings.ReadyTimeout = 3 * time.Second
	d.On = rig.At(cutover.Step, "edge-2", func() { r.Sandbox.StopControllerManager(t.Context()) })
	stopped := r.Stopped(e.Run(t.Context()))
	r.Must(r.Sandbox.StartControllerManager(t.Context()))
	if !strings.Contains(stopped.Reason, "is kube-controller-manager running?") || !strings.Contains(stopped.Next, "cutover resume") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	f := r.Fleet()
	for _, name := range []string{"edge-2", "edge-3", "edge-4"} {
		if n := f.Node(name); n.Side() != fleet.Old || n.Serves() != fleet.Old {
			t.Errorf("%s has the label %q and is served by %q", name, n.Label, n.Serves())
		}
		if phase := f.Journal.Node(name).Phase; name != "edge-2" && phase != journal.Waiting {
			t.Errorf("%s is %s", name, phase)
		}
	}
	e.Settings.ReadyTimeout = time.Minute
	r.Must(e.Resume(t.Context()))
	r.WantSame("served in the end", rig.Everywhere(fleet.New), r.Served())
}
