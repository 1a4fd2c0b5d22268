package lb_test

import (
	"context"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// TestNodeLabel asks a real API server, whose managed fields tell the label's age.
func TestNodeLabel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	cluster, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	}()
	client := kubernetes.NewForConfigOrDie(cluster.RESTConfig())
	// Objects of which nobody ever owned a field are not tracked; nodes of a kubelet are.
	for name, labels := range map[string]map[string]string{"edge-1": {"tier": "edge"}, "edge-2": {corev1.LabelNodeExcludeBalancers: ""}} {
		if _, err := client.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	// The label is older than no time at all and younger than a day.
	slow, fast := lb.NewNodeLabel(client, 24*time.Hour), lb.NewNodeLabel(client, time.Nanosecond)
	ours, others := lb.Target{Node: "edge-1"}, lb.Target{Node: "edge-2"}
	want := func(when string, n *lb.NodeLabel, target lb.Target, want lb.State) {
		t.Helper()
		if got, why, err := n.State(ctx, target); err != nil || got != want {
			t.Errorf("%s: %s is %s (%s) %v, want %s", when, target.Node, got, why, err, want)
		}
	}
	want("before", slow, ours, lb.InService)
	want("labelled by somebody else", slow, others, lb.Draining)
	want("labelled by somebody else", fast, others, lb.Out)
	for range 2 { // idempotent
		if err := slow.Drain(ctx, ours); err != nil {
			t.Fatal(err)
		}
	}
	want("drained", slow, ours, lb.Draining)
	want("drained", fast, ours, lb.Out)
	if err := slow.Undrain(ctx, ours); err != nil {
		t.Fatal(err)
	}
	want("given back", slow, ours, lb.Initial)
	want("given back", fast, ours, lb.InService)
	node, err := client.CoreV1().Nodes().Get(ctx, "edge-1", metav1.GetOptions{})
	if err != nil || len(node.Labels) != 1 {
		t.Errorf("labels %v %v", node.Labels, err)
	}
	if state, _, err := slow.State(ctx, lb.Target{Node: "edge-9"}); err == nil || state != lb.Unknown {
		t.Errorf("no such node: %s %v", state, err)
	}
}
