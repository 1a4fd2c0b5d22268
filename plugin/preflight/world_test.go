package preflight

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// world is a cluster in which all is well; each case spoils something.
type world struct {
	old, new *appsv1.DaemonSet
	nodes    []*corev1.Node
	oldPods  []*corev1.Pod
	newPods  []*corev1.Pod
	others   []runtime.Object
	crds     bool
	scan     *Scan
	settings cutover.Settings
	target   emit.Target
	accept   bool
	// denied are rights that whoever asks lacks, proxyDenied the new proxy's.
	denied, proxyDenied []Right
	dial                Dial
	seen                time.Duration
	drainer             lb.Drainer
	minor               string
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func set(name, image string, args ...string) *appsv1.DaemonSet {
	one, zero := intstr.FromInt32(1), intstr.FromInt32(0)
	grace := int64(60)
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: name, UID: types.UID(name)},
		Spec: appsv1.DaemonSetSpec{
			Selector:       &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one, MaxSurge: &zero}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
				Spec: corev1.PodSpec{
					HostNetwork: true, TerminationGracePeriodSeconds: &grace,
					Containers: []corev1.Container{{
						Name: "traefik", Image: image, Args: args,
						Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {Name: "admin", ContainerPort: 8080}},
					}},
				},
			},
		},
	}
}

func pod(of *appsv1.DaemonSet, node string) *corev1.Pod {
	controller := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "edge", Name: of.Name + "-" + node, UID: types.UID(of.Name + node), Labels: of.Spec.Template.Labels,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: of.Name, UID: of.UID, Controller: &controller}},
		},
		Spec:   corev1.PodSpec{NodeName: node},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

// waiting is a pod that is pinned to a node whose ports are taken.
func waiting(of *appsv1.DaemonSet, node string) *corev1.Pod {
	p := pod(of, node)
	p.Spec.NodeName = ""
	p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}}}}},
	}}}
	p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable",
		Message: "0/4 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
	}}}
	return p
}

// args are those of a Traefik 2 that has what it needs, and more.
func args(more ...string) []string {
	return append([]string{"--entrypoints.web.address=:80", "--providers.kubernetescrd", "--ping"}, more...)
}

func well() *world {
	w := &world{
		old:  set("traefik1", "traefik:1.7.34", "--lifecycle.requestacceptgracetimeout=22s", "--ping"),
		new:  set("traefik2", "traefik:2.11.50", args("--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=22")...),
		crds: true, scan: &Scan{Clean: true}, settings: cutover.DefaultSettings(), minor: "21",
	}
	w.settings.LongestRequest = 10 * time.Second
	w.settings.Balancer = cutover.Balancer{Interval: 5 * time.Second, Timeout: 2 * time.Second, Unhealthy: 2, Healthy: 2, Margin: 10 * time.Second}
	for i := range 4 {
		name := fmt.Sprintf("edge-%d", i+1)
		w.nodes = append(w.nodes, &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/hostname": name}},
			Status: corev1.NodeStatus{
				Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
				Images:     []corev1.ContainerImage{{Names: []string{"docker.io/library/traefik:2.11.50"}}},
			},
		})
		w.oldPods = append(w.oldPods, pod(w.old, name))
	}
	return w
}

func (w *world) facts(t *testing.T) *Facts {
	t.Helper()
	objects := append([]runtime.Object{w.old, w.new}, w.others...)
	for _, n := range w.nodes {
		objects = append(objects, n)
	}
	for _, p := range append(w.oldPods, w.newPods...) {
		objects = append(objects, p)
	}
	client := fake.NewClientset(objects...)
	discovery := client.Discovery().(*fakediscovery.FakeDiscovery)
	discovery.FakedServerVersion = &version.Info{Major: "1", Minor: w.minor, GitVersion: "v1." + w.minor + ".0"}
	if w.crds {
		for _, group := range []string{emit.Group, emit.LegacyGroup} {
			list := &metav1.APIResourceList{GroupVersion: group + "/v1alpha1"}
			for _, name := range resourcesOf3 {
				list.APIResources = append(list.APIResources, metav1.APIResource{Name: name})
			}
			client.Resources = append(client.Resources, list)
		}
	}
	client.PrependReactor("create", "selfsubjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview)
		review.Status.Allowed = !among(w.denied, review.Spec.ResourceAttributes)
		return true, review, nil
	})
	client.PrependReactor("create", "subjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview)
		review.Status.Allowed = !among(w.proxyDenied, review.Spec.ResourceAttributes)
		return true, review, nil
	})
	named := fleet.Selection{Old: types.NamespacedName{Namespace: "edge", Name: w.old.Name}, New: types.NamespacedName{Namespace: "edge", Name: w.new.Name}}
	f, err := (&fleet.Reader{Client: client, Selection: named, Now: func() time.Time { return now }}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	facts, err := Gather(t.Context(), client, f)
	if err != nil {
		t.Fatal(err)
	}
	facts.Scan, facts.Settings, facts.AcceptOwner, facts.Target = w.scan, w.settings, w.accept, w.target
	facts.Seen, facts.SeenIn = w.seen, "access.log"
	if w.dial != nil {
		facts.Knock(t.Context(), w.dial)
	}
	if w.drainer != nil {
		facts.AskLoadBalancer(t.Context(), w.drainer)
	}
	return facts
}

func among(rights []Right, a *authorizationv1.ResourceAttributes) bool {
	return slices.Contains(rights, Right{a.Verb, a.Resource, a.Group, a.Namespace, a.Name})
}

// found are all results that are not ok, as "CODE result: finding -> remedy".
func found(t *testing.T, spoil func(*world)) []string {
	t.Helper()
	w := well()
	spoil(w)
	var got []string
	for _, f := range Run(w.facts(t)).Findings {
		if f.Result != OK {
			got = append(got, fmt.Sprintf("%s %s: %s -> %s", f.Code, f.Result, f.Finding, f.Remedy))
		}
	}
	return got
}

func class(name string, value int32, global bool, policy corev1.PreemptionPolicy) *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value, GlobalDefault: global, PreemptionPolicy: &policy}
}

func clock() time.Time { return now }

func ref(ds *appsv1.DaemonSet) types.NamespacedName {
	return types.NamespacedName{Namespace: ds.Namespace, Name: ds.Name}
}
