package fleet

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

// edgeOf makes a cluster whose nodes one set serves.
func edgeOf(count int) []runtime.Object {
	old := daemonSet(nil)
	fresh := daemonSet(nil)
	fresh.Name, fresh.UID = "traefik2", "u2"
	fresh.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "traefik2"}}
	fresh.Spec.Template.Spec.Containers[0].Image = "traefik:2.11.50"
	objects := []runtime.Object{old, fresh}
	controller := true
	for i := range count {
		name := fmt.Sprintf("edge-%04d", i)
		objects = append(objects,
			&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: name},
				Status: corev1.NodeStatus{
					Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
					Addresses:  []corev1.NodeAddress{{Type: corev1.NodeExternalIP, Address: "192.0.2.1"}, {Type: corev1.NodeInternalIP, Address: "10.0.0.1"}},
				},
			},
			&corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: "edge", Name: "traefik1-" + name, Labels: map[string]string{"app": "traefik1"},
					OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: "traefik1", UID: old.UID, Controller: &controller}},
				},
				Spec:   corev1.PodSpec{NodeName: name},
				Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
			})
	}
	return objects
}

// The picture of a large edge costs as many requests as that of a small one.
func TestReadIsAHandfulOfRequests(t *testing.T) {
	client := fake.NewClientset(edgeOf(1000)...)
	f, err := (&Reader{Client: client, Now: time.Now}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Nodes) != 1000 || f.Serving() != 1000 {
		t.Errorf("%d nodes, %d serve", len(f.Nodes), f.Serving())
	}
	var requests []string
	for _, a := range client.Actions() {
		requests = append(requests, a.GetVerb()+" "+a.GetResource().Resource)
	}
	want := []string{
		"list daemonsets",
		"list controllerrevisions", "list pods", "list controllerrevisions", "list pods",
		"get leases", "list configmaps", "list nodes",
	}
	if diff := cmp.Diff(want, requests); diff != "" {
		t.Error(diff)
	}
}

func TestNodesThatMatter(t *testing.T) {
	objects := edgeOf(2)
	for _, o := range objects {
		if n, ok := o.(*corev1.Node); ok {
			n.Labels = map[string]string{"edge": "yes"}
		}
	}
	objects[0], objects[1] = selecting(objects[0]), selecting(objects[1])
	tainted := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a-tainted", Labels: map[string]string{"edge": "yes"}}, Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "other", Effect: corev1.TaintEffectNoSchedule}}}}
	away := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "b-away", Labels: map[string]string{"edge": "yes", NodeLabel: LabelNew}}, Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoSchedule}}}}
	worker := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker"}}
	client := fake.NewClientset(append(objects, tainted, away, worker)...)
	f, err := (&Reader{Client: client, Now: time.Now}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Name, Address string
		Side, Serves  Side
		Ready         bool
	}
	var got []row
	for i := range f.Nodes {
		n := &f.Nodes[i]
		got = append(got, row{n.Name, n.Address, n.Side(), n.Serves(), n.Ready})
	}
	want := []row{
		{"b-away", "", New, "", false}, // its taint comes with its illness: it is still an edge node
		{"edge-0000", "10.0.0.1", Old, Old, true},
		{"edge-0001", "10.0.0.1", Old, Old, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func selecting(o runtime.Object) runtime.Object {
	ds := o.(*appsv1.DaemonSet)
	ds.Spec.Template.Spec.NodeSelector = map[string]string{"edge": "yes"}
	return ds
}
