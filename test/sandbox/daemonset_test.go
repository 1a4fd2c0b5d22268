package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

func TestDaemonSetsOnHostPorts(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 4, NodeLabels: map[string]string{"edge": "yes"}})

	spec := serverPod(8000, "-linger=2s")
	spec.NodeSelector = map[string]string{"edge": "yes"}
	c.daemonSet("one", spec)
	c.waitReady("one", 4)

	for _, node := range c.Nodes() {
		a := ask(t, "http://"+node.Address+":8000/")
		pod := c.pods("one")[node.Name][0]
		if a.Env["NODE_IP"] != node.Address || pod.Status.PodIP != node.Address || pod.Status.HostIP != node.Address {
			t.Errorf("%s: NODE_IP %s, podIP %s, hostIP %s, want %s", node.Name, a.Env["NODE_IP"], pod.Status.PodIP, pod.Status.HostIP, node.Address)
		}
		for _, cond := range pod.Status.Conditions {
			if cond.Status == corev1.ConditionTrue && cond.Reason != "" {
				t.Errorf("condition %s is true with reason %s, which says why it was not", cond.Type, cond.Reason)
			}
		}
		id := pod.Status.ContainerStatuses[0].ImageID
		if !strings.HasPrefix(id, "server@sha256:") {
			t.Errorf("imageID is %q", id)
		}
	}

	t.Run("the second set waits for the port", func(t *testing.T) {
		c.daemonSet("two", serverPod(8000))
		c.eventually("pods of two refused by the scheduler", func() error {
			waiting := c.pods("two")[""]
			for _, pod := range waiting {
				for _, cond := range pod.Status.Conditions {
					if cond.Type == corev1.PodScheduled && strings.Contains(cond.Message, "free ports") {
						return nil
					}
				}
			}
			return fmt.Errorf("%d pods wait", len(waiting))
		})
	})

	t.Run("a freed port goes to the waiting pod after a clean end", func(t *testing.T) {
		node := c.Nodes()[0]
		old := c.pods("one")[node.Name][0]
		// The set must not want the node any more, or it would compete for the port.
		patch := []byte(`{"metadata":{"labels":{"edge":null}}}`)
		if _, err := c.client.CoreV1().Nodes().Patch(c.ctx, node.Name, "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		c.waitGone(old.Name)
		if diff := cmp.Diff([]string{"started", "SIGTERM", "ended"}, c.lines(old.Name)); diff != "" {
			t.Errorf("life of the old pod: %s", diff)
		}
		c.eventually("two serves on "+node.Name, func() error {
			for _, pod := range c.pods("two")[node.Name] {
				if isReady(&pod) {
					return nil
				}
			}
			return fmt.Errorf("no Ready pod")
		})
	})
}

func TestPodEnds(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1})
	pinned := func(spec corev1.PodSpec) corev1.PodSpec {
		spec.NodeName = "edge-1"
		return spec
	}
	node := c.Nodes()[0].Address

	t.Run("draining is visible and preStop comes first", func(t *testing.T) {
		spec := pinned(serverPod(8001, "-linger=4s"))
		spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/hook", Port: spec.Containers[0].ReadinessProbe.HTTPGet.Port},
		}}
		c.pod("drains", spec)
		c.waitPod("drains", "Ready", isReady)
		c.deletePod("drains", metav1.DeleteOptions{})
		c.waitPod("drains", "not Ready while it ends", func(p *corev1.Pod) bool { return !isReady(p) })
		if body("http://"+node+":8001/") == "" {
			t.Error("a draining pod does not serve")
		}
		c.waitGone("drains")
		if diff := cmp.Diff([]string{"started", "hook", "SIGTERM", "ended"}, c.lines("drains")); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("preStop sleep delays SIGTERM", func(t *testing.T) {
		spec := pinned(serverPod(8002))
		spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}}
		c.pod("sleeps", spec)
		c.waitPod("sleeps", "Ready", isReady)
		c.deletePod("sleeps", metav1.DeleteOptions{})
		// The hook leaves the process alone: it is served and Ready for now.
		if body("http://"+node+":8002/") == "" || !isReady(c.get("sleeps")) {
			t.Error("the pod does not serve while it sleeps before its end")
		}
		c.waitGone("sleeps")
	})

	t.Run("grace ends with SIGKILL", func(t *testing.T) {
		spec := pinned(serverPod(8003, "-ignore-term"))
		two := int64(2)
		spec.TerminationGracePeriodSeconds = &two
		c.pod("stubborn", spec)
		c.waitPod("stubborn", "Ready", isReady)
		c.deletePod("stubborn", metav1.DeleteOptions{})
		c.waitGone("stubborn")
		if diff := cmp.Diff([]string{"started", "SIGTERM"}, c.lines("stubborn")); diff != "" {
			t.Error(diff)
		}
		if body("http://"+node+":8003/") != "" {
			t.Error("the process still serves")
		}
	})

	t.Run("an object deleted by force leaves a process that ends by itself", func(t *testing.T) {
		c.pod("forced", pinned(serverPod(8004, "-linger=3s")))
		c.waitPod("forced", "Ready", isReady)
		now := int64(0)
		c.deletePod("forced", metav1.DeleteOptions{GracePeriodSeconds: &now})
		c.waitGone("forced")
		if body("http://"+node+":8004/") == "" {
			t.Error("the process is gone at once; a real one lingers for its grace period")
		}
		c.waitProcesses("edge-1", 0)
		if diff := cmp.Diff([]string{"started", "SIGTERM", "ended"}, c.lines("forced")); diff != "" {
			t.Error(diff)
		}
	})
}

func (c *cluster) waitProcesses(node string, want int) {
	c.t.Helper()
	c.eventually("processes on "+node, func() error {
		pids, err := c.Processes(node)
		if err != nil {
			return err
		}
		if len(pids) != want {
			return fmt.Errorf("%d run, want %d", len(pids), want)
		}
		return nil
	})
}

func TestPodFailures(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1, CrashBackOff: 200 * time.Millisecond})

	t.Run("a crashing container backs off and is never Ready", func(t *testing.T) {
		spec := serverPod(8000, "-exit=3")
		spec.Containers[0].ReadinessProbe = nil
		c.pod("crashes", spec)
		pod := c.waitPod("crashes", "in back-off", func(p *corev1.Pod) bool {
			s := p.Status.ContainerStatuses
			return len(s) == 1 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "CrashLoopBackOff" && s[0].RestartCount >= 2
		})
		if last := pod.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.ExitCode != 3 {
			t.Errorf("last termination is %+v, want exit code 3", last)
		}
		if isReady(pod) || pod.Status.Phase != corev1.PodRunning {
			t.Errorf("phase %s, ready %v", pod.Status.Phase, isReady(pod))
		}
	})

	t.Run("an unknown image is not pulled, a known one heals the pod", func(t *testing.T) {
		spec := serverPod(8001)
		spec.Containers[0].Image = "registry.example/later:1"
		c.pod("later", spec)
		c.waitPod("later", "without image", func(p *corev1.Pod) bool {
			s := p.Status.ContainerStatuses
			return len(s) == 1 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "ImagePullBackOff"
		})
		c.SetImage("registry.example/later:1", program(t, "server"))
		c.waitPod("later", "Ready", isReady)
	})

	t.Run("a failed liveness probe restarts", func(t *testing.T) {
		spec := serverPod(8002, "-sick")
		spec.Containers[0].LivenessProbe = &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/live", Port: spec.Containers[0].ReadinessProbe.HTTPGet.Port}},
			PeriodSeconds: 1, FailureThreshold: 1,
		}
		c.pod("sick", spec)
		c.waitPod("sick", "restarted", func(p *corev1.Pod) bool {
			return len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].RestartCount > 0
		})
	})

	t.Run("what cannot be done is refused with a reason", func(t *testing.T) {
		spec := serverPod(8003)
		spec.Containers[0].LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8003}}}
		c.pod("grpc", spec)
		c.waitPod("grpc", "refused", func(p *corev1.Pod) bool {
			s := p.Status.ContainerStatuses
			return len(s) == 1 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "CreateContainerConfigError" &&
				strings.Contains(s[0].State.Waiting.Message, "gRPC")
		})
	})
}
