package cutover

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// edge is a cluster of one node that the old proxy serves, with a guard.
func edge(side fleet.Side, image string) []runtime.Object {
	name, controller := string(side), true
	op := corev1.NodeSelectorOpNotIn
	if side == fleet.New {
		op = corev1.NodeSelectorOpIn
	}
	labels := map[string]string{"app": name}
	ds := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: name, UID: types.UID(name)},
		Spec: appsv1.DaemonSetSpec{
			Selector:       &metav1.LabelSelector{MatchLabels: labels},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "c", Image: image}},
				Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
					NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: fleet.NodeLabel, Operator: op, Values: []string{fleet.LabelNew}}}}},
				}}},
			}},
		},
	}
	if side == fleet.New {
		return []runtime.Object{ds}
	}
	return []runtime.Object{ds,
		&corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: "edge-1"},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		},
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "edge", Name: name + "-x", UID: "pod", Labels: labels,
				OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: name, UID: ds.UID, Controller: &controller}},
			},
			Spec:   corev1.PodSpec{NodeName: "edge-1"},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		},
	}
}

// held is a session that has the lease of a cluster, and a journal that is not stored.
func held(t *testing.T, client kubernetes.Interface, clock *jumping) *session {
	t.Helper()
	l, err := lock.Acquire(t.Context(), lock.Config{Client: client, Namespace: "edge", Holder: "a@x/1", Duration: 24 * time.Hour, Now: clock.Now, After: clock.After})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Release(context.WithoutCancel(t.Context())) })
	s := &session{
		Engine: &Engine{Client: client, Reader: &fleet.Reader{Client: client, Now: clock.Now}, Gate: &gate.Client{}, Clock: clock, Observer: deaf{}, Settings: DefaultSettings()},
		lock:   l, store: journal.NewStore(client, "edge"), skip: map[string]bool{}, pulses: map[string]pulse{},
		j: &journal.Journal{ID: "7f3a"}, id: "7f3a", home: "edge",
	}
	s.placement = labels{s}
	return s
}

// Waiting for the floor takes as long as it is seen not to be there; an API server
// that is away shows nothing.
func TestPatienceIsForWhatIsSeen(t *testing.T) {
	const away, patience = time.Hour, 10 * time.Minute
	for name, wait := range map[string]func(*session) error{
		"the loop":  func(s *session) error { return s.loop(t.Context(), fleet.New) },
		"a recycle": func(s *session) error { return s.awaitFloor(t.Context(), Action{Node: "edge-1"}) },
	} {
		t.Run(name, func(t *testing.T) {
			clock := &jumping{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			start := clock.now
			client := fake.NewClientset(append(edge(fleet.Old, "traefik:1.7"), edge(fleet.New, "traefik:2.11")...)...)
			client.PrependReactor("list", "daemonsets", func(clienttesting.Action) (bool, runtime.Object, error) {
				since := clock.now.Sub(start)
				return since > time.Minute && since < away, nil, apierrors.NewServiceUnavailable("away")
			})
			s := held(t, client, clock)
			s.Settings.NodeTimeout, s.Settings.Floor = patience, 1
			s.j.Floor = 1
			s.j.Plan(start, "edge-1")
			var stopped *Stopped
			if err := wait(s); !errors.As(err, &stopped) {
				t.Fatalf("want a stop, got %v", err)
			}
			if took := clock.now.Sub(start); took < away+patience-2*time.Minute {
				t.Errorf("gave up after %s, of which %s could be seen", took, took-away+time.Minute)
			}
		})
	}
}
