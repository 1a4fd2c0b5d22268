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
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// applyTraefik2 creates the new DaemonSet the way the story did: its pods stay
// Pending, because the host ports are taken.
func (s *story) applyTraefik2(ctx context.Context) error {
	deployment, err := edge.Traefik2(world.EdgeOptions())
	if err != nil {
		return err
	}
	if err := s.ApplyEdge(ctx, deployment); err != nil {
		return err
	}
	// Exit status 1 says that something is to be fixed; the demo shows what.
	_ = s.Operator.Run(ctx, nil, append([]string{"ingress-migrate", "preflight"}, world.BalancerFlags()...)...)
	return nil
}

// cutover moves every node, resuming as often as it stops at a gate.
func (s *story) cutover(ctx context.Context) error {
	err := s.Operator.Run(ctx, nil, append([]string{"ingress-migrate", "cutover", "run", "--yes"}, world.Pace()...)...)
	for range 3 {
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != plugin.StatusStopped {
			break
		}
		if err := world.Poll(ctx, "the killed node", func() error { return s.nodesReady(ctx) }); err != nil {
			return err
		}
		err = s.Operator.Run(ctx, nil, "ingress-migrate", "cutover", "resume", "--yes")
	}
	return err
}

func (s *story) nodesReady(ctx context.Context) error {
	nodes, err := s.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
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
func (s *story) killWhileSwitched(ctx context.Context, name string, away time.Duration) error {
	if err := world.PollFor(ctx, 5*time.Minute, name+" to be switched", func() error {
		node, err := s.Client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if node.Labels[fleet.NodeLabel] == "" {
			return fmt.Errorf("%s has no label yet", name)
		}
		pods, err := s.Client.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{LabelSelector: "app=traefik1", FieldSelector: "spec.nodeName=" + name})
		if err != nil {
			return err
		}
		if len(pods.Items) > 0 {
			return fmt.Errorf("%s still runs Traefik 1.7", name)
		}
		return s.outOfRotation(ctx, name)
	}); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "  !! %s loses its power\n", name)
	if err := s.Sandbox.KillNode(name); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(away):
	}
	fmt.Fprintf(s.Out, "  !! %s is switched on again\n", name)
	return s.Sandbox.StartNode(ctx, name)
}

func (s *story) outOfRotation(ctx context.Context, name string) error {
	stats, err := s.Balancer.Stats(ctx)
	if err != nil {
		return err
	}
	for _, stat := range stats {
		if stat.Target == name && stat.State != balancer.Unhealthy {
			return fmt.Errorf("the balancer says that %s is %s", name, stat.State)
		}
	}
	return nil
}

// rollback brings every node back to Traefik 1.7 and its DaemonSet to what it was.
func (s *story) rollback(ctx context.Context) error {
	return s.Operator.Run(ctx, nil, "ingress-migrate", "rollback", "--all", "--yes")
}

// recycle replaces pods that are stuck or of an old generation, one by one.
func (s *story) recycle(ctx context.Context) error {
	if err := s.Operator.Run(ctx, nil, "ingress-migrate", "recycle", "--yes"); err != nil {
		return err
	}
	return s.Modern.Run(ctx, nil, "ingress-migrate", "status")
}
