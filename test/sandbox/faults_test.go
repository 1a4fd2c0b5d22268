package sandbox_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

func TestNodeFaults(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 3, NodeMonitorGracePeriod: 8 * time.Second})
	c.daemonSet("edge", serverPod(8000, "-linger=1s"))
	c.waitReady("edge", 3)

	t.Run("a killed node serves nothing and is noticed; it comes back with its pods", func(t *testing.T) {
		node := c.Nodes()[1]
		before := c.pods("edge")[node.Name][0]
		if err := c.KillNode(node.Name); err != nil {
			t.Fatal(err)
		}
		if body("http://"+node.Address+":8000/") != "" {
			t.Error("a process of the killed node answers")
		}
		if !c.nodeReady(node.Name) {
			t.Error("the node reported its own death")
		}
		c.waitNode(node.Name, false)
		c.eventually("the lost pod marked not Ready", func() error {
			if isReady(c.get(before.Name)) {
				return fmt.Errorf("it is Ready")
			}
			return nil
		})
		if err := c.StartNode(c.ctx, node.Name); err != nil {
			t.Fatal(err)
		}
		c.waitNode(node.Name, true)
		c.waitReady("edge", 3)
		after := c.pods("edge")[node.Name][0]
		if after.UID != before.UID {
			t.Error("the pod that was bound to the node was replaced")
		}
		status := after.Status.ContainerStatuses[0]
		if status.RestartCount != 1 || status.LastTerminationState.Terminated == nil {
			t.Errorf("container status after the reboot: %+v", status)
		}
	})

	t.Run("processes outlive their kubelet and are found again", func(t *testing.T) {
		node := c.Nodes()[2]
		pod := c.pods("edge")[node.Name][0]
		pid := ask(t, "http://"+node.Address+":8000/").PID
		if err := c.StopKubelet(node.Name); err != nil {
			t.Fatal(err)
		}
		c.waitNode(node.Name, false)
		if got := ask(t, "http://"+node.Address+":8000/").PID; got != pid {
			t.Errorf("process %d answers, want %d", got, pid)
		}
		if err := c.StartNode(c.ctx, node.Name); err != nil {
			t.Fatal(err)
		}
		c.waitReady("edge", 3)
		if got := ask(t, "http://"+node.Address+":8000/").PID; got != pid {
			t.Errorf("process %d answers after the kubelet's return, want %d", got, pid)
		}
		if again := c.get(pod.Name); again.Status.ContainerStatuses[0].RestartCount != 0 {
			t.Errorf("restart count is %d, want 0", again.Status.ContainerStatuses[0].RestartCount)
		}
	})

	t.Run("what was deleted while the kubelet was away ends on its return", func(t *testing.T) {
		node := c.Nodes()[2]
		pod := c.pods("edge")[node.Name][0]
		if err := c.StopKubelet(node.Name); err != nil {
			t.Fatal(err)
		}
		now := int64(0)
		c.deletePod(pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		c.waitGone(pod.Name)
		if err := c.StartNode(c.ctx, node.Name); err != nil {
			t.Fatal(err)
		}
		c.waitReady("edge", 3)
		c.waitProcesses(node.Name, 1)
	})

	t.Run("a removed node is gone, an added one gets its pod", func(t *testing.T) {
		gone := c.Nodes()[2]
		if err := c.RemoveNode(c.ctx, gone.Name); err != nil {
			t.Fatal(err)
		}
		added, err := c.AddNode(c.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if added.Name == gone.Name || added.Address == gone.Address {
			t.Errorf("the new node %v took the place of %v", added, gone)
		}
		c.eventually("a Ready pod on "+added.Name, func() error {
			for _, pod := range c.pods("edge")[added.Name] {
				if isReady(&pod) {
					return nil
				}
			}
			return fmt.Errorf("there is none")
		})
		if body("http://"+gone.Address+":8000/") != "" {
			t.Error("the removed node serves")
		}
	})
}

func TestProcessThatDies(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1, CrashBackOff: time.Second})
	spec := serverPod(8000)
	spec.NodeName = "edge-1"
	c.pod("dies", spec)
	c.waitPod("dies", "Ready", isReady)
	pids, err := c.Processes("edge-1")
	if err != nil || len(pids) != 1 {
		t.Fatalf("processes %v, %v; want one", pids, err)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	pod := c.waitPod("dies", "Ready again", func(p *corev1.Pod) bool {
		return isReady(p) && p.Status.ContainerStatuses[0].RestartCount == 1
	})
	if last := pod.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.ExitCode != 137 {
		t.Errorf("last termination is %+v, want exit code 137", last)
	}
}

func TestControlPlaneFaults(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 2})
	c.daemonSet("edge", serverPod(8000))
	c.waitReady("edge", 2)
	node := c.Nodes()[0]
	pid := ask(t, "http://"+node.Address+":8000/").PID

	t.Run("pods do not notice that the API server restarts", func(t *testing.T) {
		c.StopAPIServer(c.ctx)
		if _, err := c.client.CoreV1().Nodes().List(c.ctx, metav1.ListOptions{}); err == nil {
			t.Error("a stopped API server answers")
		}
		if got := ask(t, "http://"+node.Address+":8000/").PID; got != pid {
			t.Errorf("process %d answers, want %d", got, pid)
		}
		if err := c.StartAPIServer(c.ctx); err != nil {
			t.Fatal(err)
		}
		c.waitReady("edge", 2)
		c.waitNode(node.Name, true)
		if got := ask(t, "http://"+node.Address+":8000/").PID; got != pid {
			t.Errorf("process %d answers after the restart, want %d", got, pid)
		}
	})

	t.Run("a pod deleted while the controllers are down is not replaced before they are back", func(t *testing.T) {
		c.StopControllerManager(c.ctx)
		pod := c.pods("edge")[node.Name][0]
		c.deletePod(pod.Name, metav1.DeleteOptions{})
		c.waitGone(pod.Name)
		if left := c.pods("edge")[node.Name]; len(left) != 0 {
			t.Errorf("%d pods on the node without controllers", len(left))
		}
		if err := c.StartControllerManager(c.ctx); err != nil {
			t.Fatal(err)
		}
		c.waitReady("edge", 2)
	})

	t.Run("without a scheduler pods stay Pending", func(t *testing.T) {
		c.StopScheduler(c.ctx)
		pod := c.pods("edge")[node.Name][0]
		c.deletePod(pod.Name, metav1.DeleteOptions{})
		c.eventually("a Pending pod", func() error {
			if len(c.pods("edge")[""]) != 1 {
				return fmt.Errorf("there is none")
			}
			return nil
		})
		if err := c.StartScheduler(c.ctx); err != nil {
			t.Fatal(err)
		}
		c.waitReady("edge", 2)
	})

	t.Run("the state file names the processes that run now", func(t *testing.T) {
		state, err := sandbox.ReadState(c.Dir())
		if err != nil {
			t.Fatal(err)
		}
		if state.Owner.PID != os.Getpid() || len(state.Components) != 4 {
			t.Errorf("state is %+v", state)
		}
		for name, id := range state.Components {
			if !id.Alive() {
				t.Errorf("%s is recorded as %+v, which does not run", name, id)
			}
		}
	})
}
