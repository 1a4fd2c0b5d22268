package faults_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// observed is an Observer that does something, too.
type observed struct {
	said
	on func(cutover.Event)
}

func (o observed) Observe(e cutover.Event) {
	o.said.Observe(e)
	o.on(e)
}

// TestNodeLostInEachPhase loses a node in each phase of its move, there and back. Nothing
// else is lost: of the clients' requests those only that the balancer sent to this node.
func TestNodeLostInEachPhase(t *testing.T) {
	t.Parallel()
	phases := []struct {
		name, says string
		kind       cutover.Kind
		command    command
		// often: it is tried without -faults.all, too.
		often bool
	}{
		{name: "drained", says: "drained", kind: cutover.Passed, command: run},
		{name: "switching", says: "switching to", kind: cutover.Step, command: run},
		{name: "gating", says: "switched", kind: cutover.Passed, command: run},
		{name: "coming back", says: "routes", kind: cutover.Passed, command: run},
		{name: "soaking", says: "soaking", kind: cutover.Step, command: run, often: true},
		{name: "drained on the way back", says: "drained", kind: cutover.Passed, command: rollback},
		{name: "switching back", says: "switching to", kind: cutover.Step, command: rollback},
		{name: "gating on the way back", says: "switched", kind: cutover.Passed, command: rollback, often: true},
		{name: "coming back as before", says: "routes", kind: cutover.Passed, command: rollback},
	}
	for _, phase := range phases {
		if !phase.often && !*all {
			continue
		}
		t.Run(phase.name, func(t *testing.T) {
			t.Parallel()
			l := newLane(t, drained)
			if phase.command.begun {
				o := l.operator(nil)
				l.Must(o.Run(o.ctx))
			}
			o := l.operator(nil)
			o.Settings.CanarySoak = 20 * time.Second // it ends with the node
			killed := rig.At(phase.kind, "edge-1", func() { l.Must(l.Sandbox.KillNode("edge-1")) })
			back := rig.At(cutover.NodeLost, "edge-1", func() {
				o.Settings.CanarySoak = 50 * time.Millisecond
				l.Must(l.Sandbox.StartNode(t.Context(), "edge-1"))
			})
			o.Observer = observed{said{t}, func(e cutover.Event) {
				if strings.HasPrefix(e.Text, phase.says) || e.Kind != phase.kind {
					killed(e)
				}
				back(e)
			}}
			err := phase.command.run(o)
			if phase.command.begun {
				l.given(err)
			} else {
				l.Must(err)
			}
			l.front.onlyOf(l, "edge-1")
			l.free()
			l.typed("rollback", "then rollback")
			l.restored("in the end")
		})
	}
}

// given is a rollback that may have said that it lost a node, which comes back by itself.
func (l *lane) given(err error) {
	l.T.Helper()
	if err != nil && !strings.Contains(l.Stopped(err).Reason, "nodes were lost on the way: edge-1") {
		l.T.Fatal(err)
	}
	l.WaitServed(fleet.Old, len(l.names))
}

// TestSchedulerDown: a node that was given to the new proxy is dark, and giving it back
// does not help. No other one is touched, and all goes on when the scheduler runs again.
func TestSchedulerDown(t *testing.T) {
	t.Parallel()
	l := newLane(t, batches)
	o := l.operator(nil)
	o.Settings.ReadyTimeout, o.Settings.Batch, o.Settings.Floor = 3*time.Second, 1, rig.Floor
	o.Observer = observed{said{t}, rig.At(cutover.Step, "edge-2", func() { l.Sandbox.StopScheduler(t.Context()) })}
	stopped := l.Stopped(o.Run(o.ctx))
	l.Must(l.Sandbox.StartScheduler(t.Context()))
	if !strings.Contains(stopped.Reason, "is kube-scheduler running?") {
		t.Errorf("reason %q", stopped.Reason)
	}
	l.WaitServed(fleet.New, 1)
	l.WaitServed(fleet.Old, rig.Nodes-1)
	l.typed("resume", "resumed")
	l.typed("rollback", "then rollback")
}

// TestLingeringProcess: a process that no pod knows takes the port when the old proxy leaves
// it. Nobody can serve there, nothing is killed, and all goes on when a human has ended it.
func TestLingeringProcess(t *testing.T) {
	t.Parallel()
	l := newLane(t, batches)
	o := l.operator(nil)
	o.Settings.Batch, o.Settings.Floor = 1, rig.Floor
	taken := make(chan net.Listener, 1)
	o.Observer = observed{said{t}, rig.At(cutover.Step, "edge-2", func() {
		go func() {
			for t.Context().Err() == nil {
				if listener, err := net.Listen("tcp", l.address("edge-2")); err == nil {
					taken <- listener
					return
				}
				runtime.Gosched()
			}
		}()
	})}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = server.Serve(<-taken) }()
	defer server.Close()
	stopped := l.Stopped(o.Run(o.ctx))
	if !strings.Contains(stopped.Reason, "cannot be put back either") || !strings.Contains(stopped.Reason, "crashed 3 times") {
		t.Errorf("reason %q", stopped.Reason)
	}
	_ = server.Close()
	l.WaitServed(fleet.Old, rig.Nodes-1)
	l.typed("resume", "resumed")
	l.typed("rollback", "then rollback")
}

// TestNodeReplaced: a node that was planned leaves the cluster while others are moved, and
// another one takes its place.
func TestNodeReplaced(t *testing.T) {
	t.Parallel()
	l := newLane(t, batches)
	added := func() string {
		node, err := l.Sandbox.AddNode(t.Context())
		l.Must(err)
		t.Cleanup(func() { l.removed(node.Name) })
		l.Eventually(node.Name+" is served", func() error {
			if side := l.Served()[node.Name]; side != fleet.Old {
				return fmt.Errorf("by %q", side)
			}
			return nil
		})
		return node.Name
	}
	var first, second string
	joined := rig.At(cutover.NodeDone, "edge-1", func() { first = added() })
	replaced := rig.At(cutover.NodeDone, "edge-2", func() {
		l.removed(first)
		second = added()
	})
	o := l.operator(nil)
	o.Settings.Batch, o.Settings.Floor = 1, rig.Floor
	o.Observer = observed{said{t}, func(e cutover.Event) { joined(e); replaced(e) }}
	l.Must(o.Run(o.ctx))
	l.names = append(l.names, second)
	l.switched("with another node")
	l.typed("rollback", "then rollback")
}

// removed takes a node away, if it is there, and its pods, which the collector leaves alone
// for a while.
func (l *lane) removed(name string) {
	ctx := context.WithoutCancel(l.T.Context())
	for _, n := range l.Sandbox.Nodes() {
		if n.Name != name {
			continue
		}
		if err := l.Sandbox.RemoveNode(ctx, name); err != nil {
			l.T.Error(err)
		}
		now := int64(0)
		err := l.Client.CoreV1().Pods(rig.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{FieldSelector: "spec.nodeName=" + name})
		if err != nil {
			l.T.Error(err)
		}
	}
}
