package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

func workloadMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "edge", Name: name, Generation: 2}
}

func podTemplate(name, image string, ports ...corev1.ContainerPort) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy", Image: image, Ports: ports}}},
	}
}

func beside(name, image string, ports ...corev1.ContainerPort) []runtime.Object {
	one := int32(1)
	return []runtime.Object{
		&appsv1.Deployment{
			ObjectMeta: workloadMeta(name),
			Spec:       appsv1.DeploymentSpec{Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}, Template: podTemplate(name, image, ports...)},
			Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1},
		},
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: name + "-x", Labels: map[string]string{"app": name}}, Spec: corev1.PodSpec{NodeName: "n1"},
			Status: corev1.PodStatus{PodIP: "10.1.0.7", HostIP: "10.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		},
	}
}

func readerOf(objects ...runtime.Object) *fleet.Reader {
	return &fleet.Reader{Client: fake.NewClientset(objects...), Now: time.Now}
}

func TestParseWorkload(t *testing.T) {
	for text, want := range map[string]string{
		"edge/new": "DaemonSet or Deployment edge/new", "deployment/edge/new": "Deployment edge/new", "DaemonSet/edge/new": "DaemonSet edge/new",
	} {
		if got, err := fleet.ParseWorkload(text); err != nil || got.String() != want {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
	for _, bad := range []string{"new", "edge/", "statefulset/edge/new", "a/b/c/d"} {
		if got, err := fleet.ParseWorkload(bad); err == nil {
			t.Errorf("%q is taken for %s", bad, got)
		}
	}
	if got, err := fleet.ParseWorkload(""); err != nil || got.Name != "" {
		t.Errorf("nothing: %v %v", got, err)
	}
}

func TestFindWorkload(t *testing.T) {
	objects := append(beside("new", "docker.io/traefik:v3.4.1"),
		&appsv1.DaemonSet{
			ObjectMeta: workloadMeta("old"),
			Spec:       appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{}, Template: podTemplate("old", "traefik:v1.7.34")},
			Status:     appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 4, NumberReady: 3, UpdatedNumberScheduled: 4},
		},
		&appsv1.Deployment{ObjectMeta: workloadMeta("shop"), Spec: appsv1.DeploymentSpec{Template: podTemplate("shop", "shop:v2.0")}})
	r := readerOf(objects...)
	found, err := r.FindWorkload(t.Context(), fleet.New, fleet.WorkloadRef{})
	if err != nil || found.Kind != "Deployment" || found.Title != "traefik-3.4" || !found.Settled || found.Desired != 1 || found.Ready != 1 || len(found.Pods) != 1 {
		t.Errorf("new: %+v %v", found, err)
	}
	found, err = r.FindWorkload(t.Context(), fleet.Old, fleet.WorkloadRef{})
	if err != nil || found.Kind != "DaemonSet" || found.Title != "traefik-1.7" || found.Settled || found.Desired != 4 || found.Ready != 3 {
		t.Errorf("old: %+v %v", found, err)
	}
	named := func(text string) (*fleet.Workload, error) {
		ref, err := fleet.ParseWorkload(text)
		if err != nil {
			t.Fatal(err)
		}
		return r.FindWorkload(t.Context(), fleet.New, ref)
	}
	if found, err := named("edge/shop"); err != nil || found.Title != "shop-2.0" {
		t.Errorf("by name: %+v %v", found, err)
	}
	for text, want := range map[string]string{"daemonset/edge/new": "there is no DaemonSet edge/new (given with --new)", "edge/x": "there is no DaemonSet or Deployment edge/x"} {
		if _, err := named(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if found, err := readerOf().FindWorkload(t.Context(), fleet.New, fleet.WorkloadRef{}); found != nil || err != nil {
		t.Errorf("of nothing: %+v %v", found, err)
	}
	r = readerOf(append(beside("new", "traefik:v3.4.1"), beside("newer", "traefik:v3.5")...)...)
	if _, err := r.FindWorkload(t.Context(), fleet.New, fleet.WorkloadRef{}); err == nil || !strings.Contains(err.Error(), "deployment/edge/new, deployment/edge/newer): choose one with --new") {
		t.Errorf("of two: %v", err)
	}
}

// TestURLs: host ports come first, then what a cloud gave a Service, then its node ports.
func TestURLs(t *testing.T) {
	service := func(kind corev1.ServiceType, address string, selects string) *corev1.Service {
		s := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "front-" + selects},
			Spec: corev1.ServiceSpec{Type: kind, Selector: map[string]string{"app": selects}, Ports: []corev1.ServicePort{
				{Name: "admin", Port: 8080, NodePort: 30080}, {Name: "web", Port: 80, NodePort: 30081}, {Name: "websecure", Port: 443, NodePort: 30443},
			}},
		}
		if address != "" {
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address}}
		}
		return s
	}
	hostPort := corev1.ContainerPort{Name: "web", ContainerPort: 8000, HostPort: 8081}
	for name, test := range map[string]struct {
		port    []corev1.ContainerPort
		service *corev1.Service
		want    []string
	}{
		"host port":      {[]corev1.ContainerPort{hostPort}, service(corev1.ServiceTypeNodePort, "", "new"), []string{"http://10.0.0.1:8081"}},
		"load balancer":  {nil, service(corev1.ServiceTypeLoadBalancer, "203.0.113.5", "new"), []string{"http://203.0.113.5:80", "https://203.0.113.5:443"}},
		"node port":      {nil, service(corev1.ServiceTypeNodePort, "", "new"), []string{"http://10.0.0.1:30081", "https://10.0.0.1:30443"}},
		"other's":        {nil, service(corev1.ServiceTypeNodePort, "", "shop"), nil},
		"not yet bought": {nil, service(corev1.ServiceTypeLoadBalancer, "", "new"), []string{"http://10.0.0.1:30081", "https://10.0.0.1:30443"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := readerOf(append(beside("new", "traefik:v3.4", test.port...), test.service)...)
			w, err := r.FindWorkload(t.Context(), fleet.New, fleet.WorkloadRef{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.URLs(t.Context(), w)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("-want +got: %s %v", diff, err)
			}
		})
	}
}
