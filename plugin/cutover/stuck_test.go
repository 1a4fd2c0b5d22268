package cutover_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// later is a clock that is ahead: what does not end within a minute has not ended.
type later struct{ cutover.SystemClock }

func (l later) Now() time.Time { return l.SystemClock.Now().Add(10 * time.Minute) }

// podOn is the pod of a side on a node.
func (r *rig) podOn(node string, side fleet.Side) fleet.Pod {
	r.t.Helper()
	pods := r.fleet().Node(node).Of(side)
	if len(pods) == 0 {
		return fleet.Pod{} // not yet
	}
	return pods[0]
}

// left runs recycle, which leaves something to people, and wants the pod untouched.
func (r *rig) left(node, why string) {
	r.t.Helper()
	before := r.fleet().Node(node).Pods
	e, _ := r.engine()
	e.Clock = later{}
	stopped := r.stopped(e.Recycle(r.t.Context()))
	if !strings.Contains(stopped.Reason, why) {
		r.t.Errorf("reason %q, want %q", stopped.Reason, why)
	}
	after := r.fleet().Node(node).Pods
	for _, p := range before {
		if !slices.ContainsFunc(after, func(other fleet.Pod) bool { return other.UID == p.UID }) {
			r.t.Errorf("pod %s is gone", p.Name)
		}
	}
	if status := cutover.NewStatus(r.fleet(), e.Settings, e.Clock.Now()); !strings.Contains(why, "no pod knows") && !strings.Contains(fmt.Sprint(status.Problems), why) {
		r.t.Errorf("status does not say it: %+v", status.Problems)
	}
}

func TestRecycleLeavesAPodWithAFinalizer(t *testing.T) {
	r := newRig(t)
	r.create(newSet())
	r.waitServed(fleet.New, nodes)
	p := r.podOn("edge-2", fleet.New)
	finalizers := func(value string) {
		_, err := r.client.CoreV1().Pods(namespace).Patch(t.Context(), p.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":`+value+`}}`), metav1.PatchOptions{})
		r.must(err)
	}
	finalizers(`["example.com/hold"]`)
	r.must(r.client.CoreV1().Pods(namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{}))
	r.eventually("it is ending", func() error {
		for _, p := range r.fleet().Node("edge-2").Pods {
			if p.Terminating {
				return nil
			}
		}
		return fmt.Errorf("it is not")
	})
	r.left("edge-2", "is kept by the finalizer example.com/hold: who set that has to remove it")
	finalizers("null")
	r.waitServed(fleet.New, nodes)
	r.recycled()
}

func TestRecycleLeavesAPodOfADeadKubelet(t *testing.T) {
	r := newRig(t)
	r.create(newSet())
	r.waitServed(fleet.New, nodes)
	r.must(r.s.StopKubelet("edge-2"))
	p := r.podOn("edge-2", fleet.New)
	r.must(r.client.CoreV1().Pods(namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{}))
	r.eventually("the node is seen to be away", func() error {
		if r.fleet().Node("edge-2").Ready {
			return fmt.Errorf("it is ready")
		}
		return nil
	})
	r.left("edge-2", "the kubelet of edge-2 does not answer, so its process may be alive")
	r.must(r.s.StartNode(t.Context(), "edge-2"))
	r.waitServed(fleet.New, nodes)
}

func TestRecycleLeavesALingeringProcess(t *testing.T) {
	r := newRig(t)
	address := ""
	for _, n := range r.s.Nodes() {
		if n.Name == "edge-3" {
			address = n.Address
		}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, port))
	r.must(err)
	// What an old proxy would be that its kubelet lost sight of; it is not ready, or the
	// pod would pass for it.
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	r.create(newSet())
	r.eventually("its pod crashes", func() error {
		if p := r.podOn("edge-3", fleet.New); p.Restarts < 2 {
			return fmt.Errorf("%d restarts", p.Restarts)
		}
		return nil
	})
	r.left("edge-3", "a process that no pod knows; end it on the host")
	_ = server.Close()
	r.waitServed(fleet.New, nodes)
	r.recycled()
}

// A crash loop is its template's doing: when that is mended, recycle makes the pods anew.
func TestRecycleACrashLoop(t *testing.T) {
	r := newRig(t)
	r.create(newSet(onDelete, args("-no-such-flag")))
	r.eventually("a pod is in a crash loop", func() error {
		if p := r.podOn("edge-1", fleet.New); p.Why != "CrashLoopBackOff" {
			return fmt.Errorf("%s", p.Why)
		}
		return nil
	})
	r.left("edge-1", "kubectl logs -n edge ")
	r.update("new", func(ds *appsv1.DaemonSet) { c := &ds.Spec.Template.Spec.Containers[0]; c.Args = c.Args[:1] })
	r.recycled()
	r.wantSame("served", everywhere(fleet.New), r.served())
}

// A label that nobody obeys: the old proxy has lost its guard and serves the node. It stays
// so; setting the guard would move all such nodes at once.
func TestRecycleALabelThatIsNotObeyed(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	r.recycled() // guards the new one
	for _, name := range []string{"edge-1", "edge-2"} {
		r.patchNode(name, `{"metadata":{"labels":{"`+fleet.NodeLabel+`":"new"}}}`)
	}
	r.waitWaiting(fleet.New, 2)
	r.watch(nodes)
	r.recycled()
	r.wantSame("served", everywhere(fleet.Old), r.served())
	r.waitWaiting(fleet.New, 0)
}

// A pod that no scheduler can place is told with the scheduler's words.
func TestRecycleLeavesAPodThatFitsNowhere(t *testing.T) {
	r := newRig(t)
	r.create(newSet(func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10k")}
	}))
	r.waitWaiting(fleet.New, nodes)
	r.eventually("the scheduler has looked", func() error {
		if p := r.podOn("edge-1", fleet.New); p.Message == "" {
			return fmt.Errorf("it has not")
		}
		return nil
	})
	r.left("edge-1", "it is not scheduled: Unschedulable ")
}

// A node that dies on the way back is no success, although all else is as it was.
func TestRollbackThatLostANode(t *testing.T) {
	r := newRig(t)
	r.deploy(oldSet(), newSet())
	before := r.original()
	e, d := r.engine()
	r.must(e.Run(t.Context()))
	d.on = at(cutover.Step, "edge-2", func() { r.must(r.s.KillNode("edge-2")) })
	e.Settings.Floor = 2
	stopped := r.stopped(e.RollbackAll(t.Context()))
	if !strings.Contains(stopped.Reason, "edge/old is what it was before, but nodes were lost on the way: edge-2 (node edge-2 is not ready)") {
		t.Errorf("reason %q", stopped.Reason)
	}
	r.wantSame("the old DaemonSet", before, r.original())
	r.must(r.s.StartNode(t.Context(), "edge-2"))
	r.waitServed(fleet.Old, nodes)
}
