package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// The background process is this program again.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestStartOrderStop(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	dir := t.TempDir()
	command := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		args = append([]string{args[0], "-dir", dir, "-nodes=1", "-edge=false"}, args[1:]...)
		if err := run(ctx, args, &out, os.Stderr); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out.String()
	}
	t.Cleanup(func() { _ = sandbox.StopOther(context.Background(), dir) })

	first := command("start")
	state, err := sandbox.ReadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first, "export KUBECONFIG="+state.Kubeconfig+"\n") {
		t.Errorf("start says %q", first)
	}
	if again := command("start"); again != first {
		t.Errorf("a second start says %q, the first %q", again, first)
	}
	command("add-node")
	nodes, err := exec.Command(state.Kubectl, "--kubeconfig", state.Kubeconfig, "get", "nodes", "-o", "name").CombinedOutput()
	if err != nil || string(nodes) != "node/edge-1\nnode/edge-2\n" {
		t.Errorf("nodes: %q, %v", nodes, err)
	}
	if err := run(ctx, []string{"kill-node", "-dir", dir, "edge-7"}, &bytes.Buffer{}, os.Stderr); err == nil || !strings.Contains(err.Error(), "no such node") {
		t.Errorf("killing an unknown node: %v", err)
	}

	if said := command("stop"); said != "sandbox stopped\n" {
		t.Errorf("stop says %q", said)
	}
	if state.Owner.Alive() {
		t.Error("the background process still runs")
	}
	for name, id := range state.Components {
		if id.Alive() {
			t.Errorf("%s still runs", name)
		}
	}
	if _, err := sandbox.ReadState(dir); !errors.Is(err, sandbox.ErrNoState) {
		t.Errorf("state after stop: %v", err)
	}
	if said := command("stop"); said != "no sandbox runs\n" {
		t.Errorf("a second stop says %q", said)
	}
}
