package cutover

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// lost takes the lease away from a session, which will see that at its next write.
func (s *session) lost(t *testing.T, clock *jumping) {
	t.Helper()
	if err := s.Client.CoordinationV1().Leases("edge").Delete(t.Context(), lock.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	clock.now = clock.now.Add(13 * time.Hour)
}

// balancer counts what it is told to do.
type balancer struct{ told []string }

func (b *balancer) Describe(context.Context) (lb.Facts, error) { return lb.Facts{}, nil }
func (b *balancer) Drain(_ context.Context, t lb.Target) error {
	b.told = append(b.told, "drain "+t.Node)
	return nil
}
func (b *balancer) Undrain(_ context.Context, t lb.Target) error {
	b.told = append(b.told, "undrain "+t.Node)
	return nil
}
func (b *balancer) State(context.Context, lb.Target) (lb.State, string, error) {
	return lb.InService, "", nil
}

// Who has lost the lease says so and touches nothing more: neither by way of putting a node
// back, nor at the load balancer.
func TestLeaseLostOnTheWay(t *testing.T) {
	for name, step := range map[string]func(*session, *fleet.Fleet) error{
		"putting a node back": func(s *session, f *fleet.Fleet) error {
			return s.putBack(t.Context(), f, "edge-1", fleet.New, &failedError{node: "edge-1", why: "routes differ"})
		},
		"back into rotation": func(s *session, f *fleet.Fleet) error {
			s.j.Node("edge-1").Drained = true
			return s.returnToRotation(t.Context(), f, "edge-1", fleet.New, arrival{})
		},
		"handed back": func(s *session, f *fleet.Fleet) error {
			s.j.Node("edge-1").Drained = true
			return s.handBack(t.Context(), f, "edge-1")
		},
		"out of rotation": func(s *session, f *fleet.Fleet) error {
			s.j.Node("edge-1").Drained = true
			return s.rotate(t.Context(), s.Drainer.Drain, lb.Target{Node: "edge-1"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &jumping{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			client := fake.NewClientset(append(edge(fleet.Old, "traefik:1.7"), edge(fleet.New, "traefik:2.11")...)...)
			s := held(t, client, clock)
			s.j.Plan(clock.now, "edge-1")
			b := &balancer{}
			s.Drainer = b
			f, err := s.read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.lost(t, clock)
			client.ClearActions()
			if err := step(s, f); !errors.Is(err, lock.ErrLost) {
				t.Errorf("want it to be lost, got %v", err)
			}
			if len(b.told) > 0 {
				t.Errorf("the load balancer was told: %v", b.told)
			}
			for _, a := range client.Actions() {
				if verb := a.GetVerb(); verb != "get" && verb != "list" && a.GetResource().Resource != "leases" {
					t.Errorf("%s %s", verb, a.GetResource().Resource)
				}
			}
		})
	}
}

// Where the load balancer obeys a label, its errors are the API server's, and pass.
func TestLabelOfTheBalancerUnanswered(t *testing.T) {
	clock := &jumping{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	client := fake.NewClientset(edge(fleet.Old, "traefik:1.7")...)
	s := held(t, client, clock)
	s.Drainer = lb.NewNodeLabel(client, time.Nanosecond)
	failures := 0
	client.PrependReactor("*", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		failures++
		return failures%2 == 1, nil, apierrors.NewServiceUnavailable("not now")
	})
	target := lb.Target{Node: "edge-1"}
	if err := s.rotate(t.Context(), s.Drainer.Drain, target); err != nil {
		t.Errorf("drain: %v", err)
	}
	if state, why, err := s.stateOf(t.Context(), target); err != nil || state == lb.InService {
		t.Errorf("%s (%s), %v", state, why, err)
	}
}

// A node that does not follow its label because somebody took a guard off is not the
// controller-manager's fault.
func TestGuardGoneIsSaid(t *testing.T) {
	for name, wait := range map[string]func(*session, *fleet.Fleet) error{
		"at a node": func(s *session, f *fleet.Fleet) error {
			return s.moveOne(t.Context(), f, "edge-1", fleet.New, 0)
		},
		"at the guard": func(s *session, f *fleet.Fleet) error { return s.settled(t.Context(), f, fleet.Old, true) },
	} {
		t.Run(name, func(t *testing.T) {
			clock := &jumping{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			objects := append(edge(fleet.Old, "traefik:1.7"), edge(fleet.New, "traefik:2.11")...)
			for _, o := range objects {
				switch o := o.(type) {
				case *corev1.Node:
					o.Labels = map[string]string{fleet.NodeLabel: fleet.LabelNew}
				case *appsv1.DaemonSet:
					if o.Name == "old" {
						o.Spec.Template.Spec.Affinity = nil
					}
				}
			}
			client := fake.NewClientset(objects...)
			s := held(t, client, clock)
			s.sides = []fleet.Side{fleet.Old, fleet.New}
			f, err := s.read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var stopped *Stopped
			if err := wait(s, f); !errors.As(err, &stopped) {
				t.Fatalf("want a stop, got %v", err)
			}
			if !strings.Contains(stopped.Reason, "the guard of DaemonSet edge/old is gone") || !strings.Contains(stopped.Next, resumeCommand) {
				t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
			}
			if why := s.record("edge-1").Why; name == "at a node" && !strings.Contains(why, "the guard of DaemonSet edge/old is gone") {
				t.Errorf("recorded of the node: %q", why)
			}
		})
	}
}
