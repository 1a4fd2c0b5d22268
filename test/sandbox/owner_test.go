package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

var errNotRefused = errors.New("the webhook was not asked")

const ownerDir = "SANDBOX_TEST_DIR"

// ownSandbox is a program that starts a sandbox with a pod and waits to be killed.
func ownSandbox() int {
	exe, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s, err := sandbox.Start(context.Background(), sandbox.Options{
		Dir: os.Getenv(ownerDir), Nodes: 1, Log: os.Stdout,
		Images: map[string]kubelet.Program{"server:1": {Path: exe, Env: []string{runAs + "=server"}}},
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("sandbox runs, pods at", s.Nodes())
	select {}
}

// startOwner starts ownSandbox in a process of its own and waits for its state.
func startOwner(t *testing.T, dir string) (*exec.Cmd, sandbox.State) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), runAs+"=owner", ownerDir+"="+dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	deadline := time.Now().Add(30 * time.Minute)
	for {
		state, err := sandbox.ReadState(dir)
		if err == nil {
			return cmd, state
		}
		if !errors.Is(err, sandbox.ErrNoState) || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func waitDead(t *testing.T, ids map[string]process.Identity) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for name, id := range ids {
		if err := id.WaitGone(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// processesOf finds what mentions dir on its command line or works beneath it.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range procs {
		if p == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		line, _ := os.ReadFile(p + "/cmdline")
		cwd, _ := os.Readlink(p + "/cwd")
		if strings.Contains(string(line), dir) || strings.HasPrefix(cwd, dir) {
			found = append(found, p+": "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

func TestNothingOutlivesAKilledOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, state := startOwner(t, dir)
	pod := exec.Command(state.Kubectl, "--kubeconfig", state.Kubeconfig, "run", "server", "--image=server:1",
		"--overrides", `{"spec":{"nodeName":"edge-1"}}`, "--", "-listen=$(POD_IP):8000")
	if out, err := pod.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wait := exec.Command(state.Kubectl, "--kubeconfig", state.Kubeconfig, "wait", "--for=condition=Ready", "pod/server", "--timeout=90s")
	if out, err := wait.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(processesOf(t, dir)) < 5 {
		t.Fatalf("four components and a pod should run: %v", processesOf(t, dir))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	waitDead(t, state.Components)
	deadline := time.Now().Add(patience)
	for left := processesOf(t, dir); len(left) > 0; left = processesOf(t, dir) {
		if time.Now().After(deadline) {
			t.Fatalf("left: %v", left)
		}
		time.Sleep(50 * time.Millisecond)
	}
	// What is left of a killed owner is its files; another shell clears them up.
	if err := sandbox.StopOther(context.Background(), dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(state.RunDir); !os.IsNotExist(err) {
		t.Errorf("run directory %s: %v, want it gone", state.RunDir, err)
	}
	if _, err := sandbox.ReadState(dir); !errors.Is(err, sandbox.ErrNoState) {
		t.Errorf("state is left: %v", err)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	dir := t.TempDir()
	s, err := sandbox.Start(ctx, sandbox.Options{
		Dir: dir, Nodes: 2, Log: testLog{t}, Images: map[string]kubelet.Program{"server:1": program(t, "server")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{Sandbox: s, t: t, ctx: ctx, client: clientOf(t, s)}
	// A host port without hostNetwork adds forwarded connections to what must end.
	spec := serverPod(8000, "-listen=$(POD_IP):8000")
	spec.HostNetwork = false
	spec.Containers[0].Ports[0].HostPort = 8000
	c.daemonSet("edge", spec)
	c.waitReady("edge", 2)
	for _, node := range s.Nodes() {
		if ask(t, "http://"+node.Address+":8000/").Env["NODE_IP"] != node.Address {
			t.Errorf("the host port of %s leads elsewhere", node.Name)
		}
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if left := processesOf(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	goleak.VerifyNone(t, ignore)
}

func TestFailedStartExplainsItselfAndLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	dir := t.TempDir()
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: dir, Log: testLog{t}, APIServerFlags: []string{"--no-such-flag"}})
	if err == nil {
		_ = s.Stop()
		t.Fatal("an API server with an unknown flag started")
	}
	if !strings.Contains(err.Error(), "start kube-apiserver") || !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("the error does not say why: %v", err)
	}
	if left := processesOf(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestOneSandboxADirectory(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{})
	if _, err := sandbox.Start(c.ctx, sandbox.Options{Dir: c.Dir(), Log: testLog{t}}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second sandbox in the same directory: %v", err)
	}
	if _, err := sandbox.ReadState(c.Dir()); err != nil {
		t.Errorf("the first one's state: %v", err)
	}
	if _, err := c.client.Discovery().ServerVersion(); err != nil {
		t.Errorf("the first one does not answer: %v", err)
	}
}
