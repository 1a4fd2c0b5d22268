package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/balancer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// pace makes the demo as quick as its balancer, which checks every second,
// allows. Production takes the defaults: minutes of watching per node.
var pace = []string{
	"--lb-interval=1s", "--lb-timeout=500ms", "--lb-unhealthy=2", "--lb-healthy=5", "--lb-margin=1s",
	"--canary-soak=2s", "--soak=1s", "--settle=3s", "--gate-every=500ms",
}

// judged are the flags of pace that preflight takes as well.
var judged = pace[:5]

// applyTraefik2 creates the new DaemonSet the way the story did: its pods stay
// Pending, because the host ports are taken.
func (w *world) applyTraefik2(ctx context.Context) error {
	deployment, err := edge.Traefik2(edgeOptions())
	if err != nil {
		return err
	}
	if err := edge.Apply(ctx, w.sandbox.RESTConfig(), deployment); err != nil {
		return err
	}
	// Exit status 1 says that something is to be fixed; the demo shows what.
	_ = w.modern.run(ctx, nil, append([]string{"ingress-migrate", "preflight"}, judged...)...)
	return nil
}

// cutover moves every node, resuming as often as it stops at a gate.
func (w *world) cutover(ctx context.Context) error {
	err := w.modern.run(ctx, nil, append([]string{"ingress-migrate", "cutover", "run", "--yes"}, pace...)...)
	for range 3 {
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != plugin.StatusStopped {
			break
		}
		if err := poll(ctx, "the killed node", func() error { return w.nodesReady(ctx) }); err != nil {
			return err
		}
		err = w.modern.run(ctx, nil, "ingress-migrate", "cutover", "resume", "--yes")
	}
	return err
}

func (w *world) nodesReady(ctx context.Context) error {
	nodes, err := w.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
				return fmt.Errorf("%s is not ready", node.Name)
			}
		}
	}
	return nil
}

// killWhileSwitched waits until a node has been given to the new proxy and the
// balancer has left it out, loses it, and brings it back a while later.
func (w *world) killWhileSwitched(ctx context.Context, name string, away time.Duration) error {
	if err := pollFor(ctx, 5*time.Minute, name+" to be switched", func() error {
		node, err := w.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if node.Labels[fleet.NodeLabel] == "" {
			return fmt.Errorf("%s has no label yet", name)
		}
		pods, err := w.client.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{LabelSelector: "app=traefik1", FieldSelector: "spec.nodeName=" + name})
		if err != nil {
			return err
		}
		if len(pods.Items) > 0 {
			return fmt.Errorf("%s still runs Traefik 1.7", name)
		}
		return w.outOfRotation(ctx, name)
	}); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "  !! %s loses its power\n", name)
	if err := w.sandbox.KillNode(name); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(away):
	}
	fmt.Fprintf(w.out, "  !! %s is switched on again\n", name)
	return w.sandbox.StartNode(ctx, name)
}

func (w *world) outOfRotation(ctx context.Context, name string) error {
	stats, err := w.balancer.Stats(ctx)
	if err != nil {
		return err
	}
	for _, s := range stats {
		if s.Target == name && s.State != balancer.Unhealthy {
			return fmt.Errorf("the balancer says that %s is %s", name, s.State)
		}
	}
	return nil
}

// rollback brings every node back to Traefik 1.7 and its DaemonSet to what it was.
func (w *world) rollback(ctx context.Context) error {
	return w.modern.run(ctx, nil, "ingress-migrate", "rollback", "--all", "--yes")
}

// recycle replaces pods that are stuck or of an old generation, one by one.
func (w *world) recycle(ctx context.Context) error {
	if err := w.modern.run(ctx, nil, "ingress-migrate", "recycle", "--yes"); err != nil {
		return err
	}
	return w.modern.run(ctx, nil, "ingress-migrate", "status")
}
