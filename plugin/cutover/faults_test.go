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
	"k8s.io/client-go/util/retry"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// at calls f once, when the first such event happens.
func at(kind cutover.Kind, node string, f func()) func(cutover.Event) {
	var once sync.Once
	return func(e cutover.Event) {
		if e.Kind == kind && e.Node == node {
			once.Do(f)
		}
	}
}

// stopped wants err to be a stop and returns it.
func (r *rig) stopped(err error) *cutover.Stopped {
	r.t.Helper()
	var stopped *cutover.Stopped
	if !errors.As(err, &stopped) {
		r.t.Fatalf("want a stop, got %v", err)
	}
	return stopped
}

// update changes a DaemonSet as somebody else would.
func (r *rig) update(name string, change change) {
	r.t.Helper()
	r.must(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		ds, err := r.client.AppsV1().DaemonSets(namespace).Get(r.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(ds)
		_, err = r.client.AppsV1().DaemonSets(namespace).Update(r.t.Context(), ds, metav1.UpdateOptions{})
		return err
	}))
}

func TestSecondOperatorIsRefused(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, d := r.engine()
	second, _ := r.engine()
	second.Holder = "other@there/2"
	var refused, removed error
	d.on = at(cutover.Step, "edge-1", func() {
		refused = second.Run(t.Context())
		removed = second.RollbackAll(t.Context())
	})
	r.must(e.Run(t.Context()))
	for _, err := range []error{refused, removed} {
		var held *lock.HeldError
		if !errors.As(err, &held) || held.Holder != e.Holder {
			t.Errorf("the second operator: %v", err)
		}
	}
	r.wantSame("served", everywhere(fleet.New), r.served())
}

// TestNodeKilledDuringItsSwitch: the node is out of rotation then; the others go
// on as far as the floor allows, and it is moved when it is back.
func TestNodeKilledDuringItsSwitch(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, d := r.engine()
	killed := at(cutover.Step, "edge-2", func() { r.must(r.s.KillNode("edge-2")) })
	back := at(cutover.NodeLost, "edge-2", func() { r.must(r.s.StartNode(t.Context(), "edge-2")) })
	d.on = func(e cutover.Event) { killed(e); back(e) }
	r.must(e.Run(t.Context()))
	r.wantSame("served", everywhere(fleet.New), r.served())
	if !strings.Contains(d.text(), "edge-2 must at any moment") && !strings.Contains(d.text(), "lost edge-2 node edge-2 is not ready") {
		t.Errorf("nothing was said of the lost node:\n%s", d.text())
	}
}

// TestNodeThatDoesNotPassIsPutBack: each fault of the new proxy is found before
// the node counts, the node serves again, and the rest is untouched. What was
// wrong is mended, and the cutover goes on.
func TestNodeThatDoesNotPassIsPutBack(t *testing.T) {
	for flag, says := range map[string]string{
		"-unready":  "is not ready after",
		"-wrong":    "1 of 2 routes differ: http://shop.test/: 404 instead of 200",
		"-impostor": "somebody else than the new proxy answers",
	} {
		t.Run(strings.TrimPrefix(flag, "-"), func(t *testing.T) {
			r := newRig(t)
			r.deploy(oldSet(), newSet(args(flag)))
			r.watch(floor)
			untouched := r.serving(fleet.Old)
			delete(untouched, "edge-1")
			e, _ := r.engine()
			e.Settings.ReadyTimeout, e.Settings.GateTimeout = 5*time.Second, 2*time.Second
			stopped := r.stopped(e.Run(t.Context()))
			if !strings.Contains(stopped.Reason, says) || !strings.Contains(stopped.Next, "cutover resume") {
				t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
			}
			r.wantSame("served after the fault", everywhere(fleet.Old), r.served())
			left := r.serving(fleet.Old)
			delete(left, "edge-1")
			r.wantSame("pods on the other nodes", untouched, left)
			if n := r.fleet().Journal.Node("edge-1"); n.Phase != journal.Failed || !strings.Contains(n.Why, says) {
				t.Errorf("recorded: %+v", n)
			}
			if flag != "-unready" {
				return // one of them is taken further
			}
			r.update("new", func(ds *appsv1.DaemonSet) { c := &ds.Spec.Template.Spec.Containers[0]; c.Args = c.Args[:1] })
			e.Settings.ReadyTimeout = time.Minute
			r.must(e.Resume(t.Context()))
			r.wantSame("served after mending it", everywhere(fleet.New), r.served())
		})
	}
}

// TestManifestAppliedAgain: GitOps takes the guard off half-way. No traffic
// moves, the engine stops, and resume sets the guard again.
func TestManifestAppliedAgain(t *testing.T) {
	r := newRig(t)
	original := oldSet()
	r.deploy(original, newSet())
	before := r.original()
	r.watch(floor)
	e, d := r.engine()
	d.on = at(cutover.NodeDone, "edge-1", func() {
		r.update("old", func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.Affinity = nil
			ds.Spec.UpdateStrategy = original.Spec.UpdateStrategy
		})
	})
	stopped := r.stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "the guard of DaemonSet edge/old is gone") {
		t.Errorf("reason %q", stopped.Reason)
	}
	want := everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.wantSame("served", want, r.served())
	r.must(e.Resume(t.Context()))
	r.wantSame("served in the end", everywhere(fleet.New), r.served())
	r.must(e.RollbackAll(t.Context()))
	r.wantSame("the old DaemonSet", before, r.original())
}

// TestPausedThenJournalLost: what the journal said can be told from labels and
// guards.
func TestPausedThenJournalLost(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	r.watch(floor)
	e, d := r.engine()
	second, _ := r.engine()
	d.on = at(cutover.Step, "edge-2", func() { r.must(second.Pause(t.Context())) })
	stopped := r.stopped(e.Run(t.Context()))
	if !stopped.Interrupted || !strings.Contains(stopped.Reason, "paused") {
		t.Errorf("stopped: %+v", stopped)
	}
	half := map[string]fleet.Side{"edge-1": fleet.New, "edge-2": fleet.New, "edge-3": fleet.Old, "edge-4": fleet.Old}
	r.wantSame("served when paused", half, r.served())

	r.must(r.client.CoreV1().ConfigMaps(namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label}))
	heir, told := r.engine()
	r.must(heir.Resume(t.Context()))
	if !strings.Contains(told.text(), "rebuilt from labels and guards") {
		t.Errorf("nothing was said of the lost journal:\n%s", told.text())
	}
	r.wantSame("served after resume", everywhere(fleet.New), r.served())
	r.must(heir.RollbackAll(t.Context()))
	r.wantSame("the old DaemonSet", before, r.original())
}

func TestByHand(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	r.watch(floor)
	e, d := r.engine()
	second, _ := r.engine()
	d.on = at(cutover.Step, "edge-3", func() {
		// It would not look at what it is asked for.
		if err := second.Pause(t.Context()); err == nil || !strings.Contains(err.Error(), "ends by itself") {
			t.Errorf("pause of one move: %v", err)
		}
		if asked, err := second.Abort(t.Context()); asked || err == nil || !strings.Contains(err.Error(), "ends by itself") {
			t.Errorf("abort of one move: asked %v, %v", asked, err)
		}
	})
	r.must(e.Move(t.Context(), "edge-3", fleet.New))
	want := everywhere(fleet.Old)
	want["edge-3"] = fleet.New
	r.wantSame("served", want, r.served())

	careful, _ := r.engine()
	careful.Settings.Floor = nodes
	if stopped := r.stopped(careful.Move(t.Context(), "edge-1", fleet.New)); !strings.Contains(stopped.Reason, "4 of 4 nodes serve, 4 must at any moment") {
		t.Errorf("below the floor: %q", stopped.Reason)
	}
	r.must(e.Move(t.Context(), "edge-3", fleet.Old))
	r.wantSame("served after giving it back", everywhere(fleet.Old), r.served())
	r.must(e.RollbackAll(t.Context()))
	r.wantSame("the old DaemonSet", before, r.original())
	if err := e.Move(t.Context(), "nowhere", fleet.New); err == nil || !strings.Contains(err.Error(), "not one of the proxies' nodes") {
		t.Errorf("an unknown node: %v", err)
	}
}

// TestNodeJoins: a node that comes up meanwhile starts with the old proxy and is
// moved with the others; abort and emergency end elsewhere.
func TestNodeJoins(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor, "edge-1", "edge-2", "edge-3", "edge-4")
	e, d := r.engine()
	var joined string
	d.on = at(cutover.NodeDone, "edge-1", func() {
		node, err := r.s.AddNode(t.Context())
		r.must(err)
		joined = node.Name
		r.eventually("the new node is served by the old proxy", func() error {
			if side := r.served()[joined]; side != fleet.Old {
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
		if err := r.s.RemoveNode(ctx, joined); err != nil {
			t.Error(err)
		}
		// The collector leaves pods of a removed node alone for 40 s.
		now := int64(0)
		err := r.client.CoreV1().Pods(namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{FieldSelector: "spec.nodeName=" + joined})
		if err != nil {
			t.Error(err)
		}
	})
	r.must(e.Run(t.Context()))
	want := everywhere(fleet.New)
	want[joined] = fleet.New
	r.wantSame("served", want, r.served())
}

// TestAbortAndEmergency: an abort leaves finished nodes alone; an emergency gives
// all back at once, which is the one thing that breaks the floor.
func TestAbortAndEmergency(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	e, d := r.engine()
	second, _ := r.engine()
	d.on = at(cutover.Step, "edge-1", func() {
		asked, err := second.Abort(t.Context())
		r.must(err)
		if !asked {
			t.Error("the running engine was not asked")
		}
	})
	r.stopped(e.Run(t.Context()))
	want := everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.wantSame("served after the abort", want, r.served())
	if err := e.Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resume after an abort: %v", err)
	}
	r.stopped(e.Emergency(t.Context()))
	r.waitServed(fleet.Old, nodes)
	r.must(e.RollbackAll(t.Context()))
	r.wantSame("the old DaemonSet", before, r.original())
}

// TestAPIServerAway: the node in flight waits, nothing is decided meanwhile.
func TestAPIServerAway(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, d := r.engine()
	d.on = at(cutover.Step, "edge-2", func() {
		r.s.StopAPIServer(t.Context())
		go func() {
			time.Sleep(time.Second)
			if err := r.s.StartAPIServer(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	})
	r.must(e.Run(t.Context()))
	if !strings.Contains(d.text(), "the API server does not answer") {
		t.Errorf("nothing was said of it:\n%s", d.text())
	}
	r.wantSame("served", everywhere(fleet.New), r.served())
}

// TestBatches: after the canary several nodes move side by side, as many as the
// floor allows.
func TestBatches(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(2)
	e, d := r.engine()
	e.Settings.Batch, e.Settings.Floor = 3, 2
	var mu sync.Mutex
	moving, most, begun := 0, 0, []string{}
	d.on = func(e cutover.Event) {
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
	r.must(e.Run(t.Context()))
	r.wantSame("served", everywhere(fleet.New), r.served())
	// Three are left after the canary, but only two may be out.
	if most != 2 || begun[0] != "edge-1" {
		t.Errorf("%d at once at most, begun in the order %v", most, begun)
	}
}

// TestInterruptedWhileSoaking: the soak is cut short, everything before it is
// kept, and resume proves the node again.
func TestInterruptedWhileSoaking(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(floor)
	e, d := r.engine()
	e.Settings.CanarySoak = time.Hour
	stop := make(chan struct{})
	e.Stop = stop
	d.on = func(e cutover.Event) {
		if e.Kind == cutover.Step && strings.HasPrefix(e.Text, "soaking") {
			close(stop)
		}
	}
	if stopped := r.stopped(e.Run(t.Context())); !stopped.Interrupted {
		t.Errorf("stopped: %+v", stopped)
	}
	want := everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.wantSame("served when interrupted", want, r.served())
	if n := r.fleet().Journal.Node("edge-1"); n.Phase != journal.Soaking {
		t.Errorf("recorded: %+v", n)
	}
	heir, _ := r.engine()
	r.must(heir.Resume(t.Context()))
	r.wantSame("served in the end", everywhere(fleet.New), r.served())
}

// TestControllerManagerDown: nobody acts on a label then. The first node stays
// where it is, and no other one is tried.
func TestControllerManagerDown(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.watch(nodes - 1)
	e, d := r.engine()
	e.Settings.ReadyTimeout = 3 * time.Second
	d.on = at(cutover.Step, "edge-2", func() { r.s.StopControllerManager(t.Context()) })
	stopped := r.stopped(e.Run(t.Context()))
	r.must(r.s.StartControllerManager(t.Context()))
	if !strings.Contains(stopped.Reason, "is kube-controller-manager running?") || !strings.Contains(stopped.Next, "cutover resume") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	f := r.fleet()
	for _, name := range []string{"edge-2", "edge-3", "edge-4"} {
		if n := f.Node(name); n.Side() != fleet.Old || n.Serves() != fleet.Old {
			t.Errorf("%s has the label %q and is served by %q", name, n.Label, n.Serves())
		}
		if phase := f.Journal.Node(name).Phase; name != "edge-2" && phase != journal.Waiting {
			t.Errorf("%s is %s", name, phase)
		}
	}
	e.Settings.ReadyTimeout = time.Minute
	r.must(e.Resume(t.Context()))
	r.wantSame("served in the end", everywhere(fleet.New), r.served())
}
