package cutover_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// later is a clock that is ahead: what does not end within a minute has not ended.
type later struct{ cutover.SystemClock }

func (l later) Now() time.Time { return l.SystemClock.Now().Add(10 * time.Minute) }

// podOn is the pod of a side on a node.
func podOn(r *rig.Rig, node string, side fleet.Side) fleet.Pod {
	r.T.Helper()
	pods := r.Fleet().Node(node).Of(side)
	if len(pods) == 0 {
		return fleet.Pod{} // not yet
	}
	return pods[0]
}

// left runs recycle, which leaves something to people, and wants the pod untouched.
func left(r *rig.Rig, node, why string) {
	r.T.Helper()
	before := r.Fleet().Node(node).Pods
	e, _ := r.Engine()
	e.Clock = later{}
	stopped := r.Stopped(e.Recycle(r.T.Context()))
	if !strings.Contains(stopped.Reason, why) {
		r.T.Errorf("reason %q, want %q", stopped.Reason, why)
	}
	after := r.Fleet().Node(node).Pods
	for _, p := range before {
		if !slices.ContainsFunc(after, func(other fleet.Pod) bool { return other.UID == p.UID }) {
			r.T.Errorf("pod %s is gone", p.Name)
		}
	}
	if status := cutover.NewStatus(r.Fleet(), e.Settings, e.Clock.Now()); !strings.Contains(why, "no pod knows") && !strings.Contains(fmt.Sprint(status.Problems), why) {
		r.T.Errorf("status does not say it: %+v", status.Problems)
	}
}

func TestRecycleLeavesAPodWithAFinalizer(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Create(rig.NewSet())
	r.WaitServed(fleet.New, rig.Nodes)
	p := podOn(r, "edge-2", fleet.New)
	finalizers := func(value string) {
		_, err := r.Client.CoreV1().Pods(rig.Namespace).Patch(t.Context(), p.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":`+value+`}}`), metav1.PatchOptions{})
		r.Must(err)
	}
	finalizers(`["example.com/hold"]`)
	r.Must(r.Client.CoreV1().Pods(rig.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{}))
	r.Eventually("it is ending", func() error {
		for _, p := range r.Fleet().Node("edge-2").Pods {
			if p.Terminating {
				return nil
			}
		}
		return fmt.Errorf("it is not")
	})
	left(r, "edge-2", "is kept by the finalizer example.com/hold: who set that has to remove it")
	finalizers("null")
	r.WaitServed(fleet.New, rig.Nodes)
	recycled(r)
}

func TestRecycleLeavesAPodOfADeadKubelet(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Create(rig.NewSet())
	r.WaitServed(fleet.New, rig.Nodes)
	r.Must(r.Sandbox.StopKubelet("edge-2"))
	p := podOn(r, "edge-2", fleet.New)
	r.Must(r.Client.CoreV1().Pods(rig.Namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{}))
	r.Eventually("the node is seen to be away", func() error {
		if r.Fleet().Node("edge-2").Ready {
			return fmt.Errorf("it is ready")
		}
		return nil
	})
	left(r, "edge-2", "the kubelet of edge-2 does not answer, so its process may be alive")
	r.Must(r.Sandbox.StartNode(t.Context(), "edge-2"))
	r.WaitServed(fleet.New, rig.Nodes)
}

func TestRecycleLeavesALingeringProcess(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	address := ""
	for _, n := range r.Sandbox.Nodes() {
		if n.Name == "edge-3" {
			address = n.Address
		}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, rig.Port))
	r.Must(err)
	// What an old proxy would be that its kubelet lost sight of; it is not ready, or the
	// pod would pass for it.
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	r.Create(rig.NewSet())
	r.Eventually("its pod crashes", func() error {
		if p := podOn(r, "edge-3", fleet.New); p.Restarts < 2 {
			return fmt.Errorf("%d restarts", p.Restarts)
		}
		return nil
	})
	left(r, "edge-3", "a process that no pod knows; end it on the host")
	_ = server.Close()
	r.WaitServed(fleet.New, rig.Nodes)
	recycled(r)
}

// A crash loop is its template's doing: when that is mended, recycle makes the pods anew.
func TestRecycleACrashLoop(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Create(rig.NewSet(rig.OnDelete, rig.Args("-no-such-flag")))
	r.Eventually("a pod is in a crash loop", func() error {
		if p := podOn(r, "edge-1", fleet.New); p.Why != "CrashLoopBackOff" {
			return fmt.Errorf("%s", p.Why)
		}
		return nil
	})
	left(r, "edge-1", "kubectl logs -n edge ")
	r.Update("new", func(ds *appsv1.DaemonSet) { c := &ds.Spec.Template.Spec.Containers[0]; c.Args = c.Args[:1] })
	recycled(r)
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
}

// A pod that crashed and runs again may be slow and no more: recycle waits as long as a pod
// may take, and ends well once it is ready.
func TestRecycleWaitsForAPodThatIsSlow(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	var ready atomic.Bool
	probed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer probed.Close()
	host, port, err := net.SplitHostPort(probed.Listener.Addr().String())
	r.Must(err)
	address := net.JoinHostPort(r.Sandbox.Nodes()[2].Address, fmt.Sprint(rig.Port))
	holder, err := net.Listen("tcp", address)
	r.Must(err)
	defer holder.Close()
	r.Create(rig.NewSet(func(ds *appsv1.DaemonSet) {
		get := ds.Spec.Template.Spec.Containers[0].ReadinessProbe.HTTPGet
		get.Host, get.Port = host, intstr.Parse(port)
	}))
	r.Eventually("its pod crashes", func() error {
		if p := podOn(r, "edge-3", fleet.New); p.Restarts < 2 {
			return fmt.Errorf("%d restarts", p.Restarts)
		}
		return nil
	})
	r.Must(holder.Close())
	r.Eventually("its pod runs", func() error {
		c, err := net.Dial("tcp", address)
		if err == nil {
			err = c.Close()
		}
		if p := podOn(r, "edge-3", fleet.New); err == nil && p.BacksOff() {
			return fmt.Errorf("its status is still %s", p.Why)
		}
		return err
	})

	e, _ := r.Engine()
	e.Settings.ReadyTimeout = 0
	if stopped := r.Stopped(e.Recycle(t.Context())); !strings.Contains(stopped.Reason, "it crashes, ") {
		t.Errorf("reason %q", stopped.Reason)
	}
	e, d := r.Engine()
	d.On = rig.At(cutover.Wait, "", func() { ready.Store(true) })
	r.Must(e.Recycle(t.Context()))
	if want := "has crashed and runs again"; !strings.Contains(d.Text(), want) {
		t.Errorf("it did not wait: %s", d.Text())
	}
}

// A label that nobody obeys: the old proxy has lost its guard and serves the node. It stays
// so; setting the guard would move all such nodes at once.
func TestRecycleALabelThatIsNotObeyed(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	recycled(r) // guards the new one
	for _, name := range []string{"edge-1", "edge-2"} {
		r.PatchNode(name, `{"metadata":{"labels":{"`+fleet.NodeLabel+`":"new"}}}`)
	}
	r.WaitWaiting(fleet.New, 2)
	r.Watch(rig.Nodes)
	recycled(r)
	r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
	r.WaitWaiting(fleet.New, 0)
}

// A pod that no scheduler can place is told with the scheduler's words.
func TestRecycleLeavesAPodThatFitsNowhere(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Create(rig.NewSet(func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10k")}
	}))
	r.WaitWaiting(fleet.New, rig.Nodes)
	r.Eventually("the scheduler has looked", func() error {
		if p := podOn(r, "edge-1", fleet.New); p.Message == "" {
			return fmt.Errorf("it has not")
		}
		return nil
	})
	left(r, "edge-1", "it is not scheduled: Unschedulable ")
}

// A node that dies on the way back is no success, although all else is as it was.
func TestRollbackThatLostANode(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	e, d := r.Engine()
	r.Must(e.Run(t.Context()))
	d.On = rig.At(cutover.Step, "edge-2", func() { r.Must(r.Sandbox.KillNode("edge-2")) })
	e.Settings.Floor = 2
	stopped := r.Stopped(e.RollbackAll(t.Context()))
	if !strings.Contains(stopped.Reason, "edge/old is what it was before, but nodes were lost on the way: edge-2 (node edge-2 is not ready)") {
		t.Errorf("reason %q", stopped.Reason)
	}
	r.WantSame("the old DaemonSet", before, r.Original())
	r.Must(r.Sandbox.StartNode(t.Context(), "edge-2"))
	r.WaitServed(fleet.Old, rig.Nodes)
}
