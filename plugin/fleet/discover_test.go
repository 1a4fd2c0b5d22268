package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestChoose(t *testing.T) {
	ds := func(name, image string) appsv1.DaemonSet {
		return appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: name, UID: types.UID(name)},
			Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "c", Image: image}},
			}}},
		}
	}
	named := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "edge", Name: name} }
	tests := map[string]struct {
		all      []appsv1.DaemonSet
		choice   Selection
		old, new string
		err      string
	}{
		"by image": {
			all: []appsv1.DaemonSet{ds("logs", "fluentd:1.7"), ds("a", "traefik:v1.7.34-alpine"), ds("b", "registry.example/mirror/traefik:2.11@sha256:0")},
			old: "a", new: "b",
		},
		"another controller, whose version looks like Traefik's": {
			all: []appsv1.DaemonSet{ds("n", "registry.k8s.io/ingress-nginx/controller:v1.11.3"), ds("b", "traefik:v3.1")}, new: "b",
		},
		"only the new one": {all: []appsv1.DaemonSet{ds("b", "traefik:v3.1")}, new: "b"},
		"two old ones": {
			all: []appsv1.DaemonSet{ds("a2", "traefik:1.7"), ds("a1", "traefik:1.7")},
			err: "2 DaemonSets have an image of Traefik 1.7 (edge/a1, edge/a2): choose one with --old NAMESPACE/NAME",
		},
		"a flag decides":      {all: []appsv1.DaemonSet{ds("a1", "traefik:1.7"), ds("a2", "traefik:1.7")}, choice: Selection{Old: named("a2")}, old: "a2"},
		"a flag beats images": {all: []appsv1.DaemonSet{ds("x", "edge-proxy:latest")}, choice: Selection{New: named("x")}, new: "x"},
		"a flag names nothing": {
			all: []appsv1.DaemonSet{ds("a", "traefik:1.7")}, choice: Selection{Old: named("b")},
			err: "there is no DaemonSet edge/b (given with --old)",
		},
		"a flag names one that was deleted in a cutover": {
			all: []appsv1.DaemonSet{guardedBy(ds("b", "traefik:2.11"), New)}, choice: Selection{Old: named("a"), New: named("b")}, new: "b",
		},
		"a flag names what was deleted, and the other is not the one": {
			all: []appsv1.DaemonSet{guardedBy(ds("a", "traefik:1.7"), Old)}, choice: Selection{Old: named("b"), New: named("c")},
			err: "there is no DaemonSet edge/b (given with --old)",
		},
		"one for both": {
			all: []appsv1.DaemonSet{ds("a", "traefik:1.7")}, choice: Selection{Old: named("a"), New: named("a")},
			err: "--old and --new both name DaemonSet edge/a: they must differ",
		},
		"a tag without a number": {all: []appsv1.DaemonSet{ds("a", "traefik:latest")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			old, new, err := choose(test.all, test.choice)
			got := [3]string{nameOf(old), nameOf(new), text(err)}
			if diff := cmp.Diff([3]string{test.old, test.new, test.err}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func guardedBy(ds appsv1.DaemonSet, side Side) appsv1.DaemonSet {
	ds.Spec.Template.Spec.Affinity = guarded(nil, side)
	return ds
}

func nameOf(ds *appsv1.DaemonSet) string {
	if ds == nil {
		return ""
	}
	return ds.Name
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestWebPorts(t *testing.T) {
	port := func(name string, host, container int32) corev1.ContainerPort {
		return corev1.ContainerPort{Name: name, HostPort: host, ContainerPort: container}
	}
	tests := map[string]struct {
		ports       []corev1.ContainerPort
		hostNetwork bool
		http, https []int32
	}{
		"S3's":               {ports: []corev1.ContainerPort{port("http", 80, 80), port("admin", 8080, 8080)}, http: []int32{80}},
		"by number":          {ports: []corev1.ContainerPort{port("", 80, 80), port("", 443, 443), port("", 8080, 8080)}, http: []int32{80}, https: []int32{443}},
		"by container port":  {ports: []corev1.ContainerPort{port("", 30080, 80), port("", 30443, 443)}, http: []int32{30080}, https: []int32{30443}},
		"host network":       {ports: []corev1.ContainerPort{port("web", 0, 8000), port("websecure", 0, 8443)}, hostNetwork: true, http: []int32{8000}, https: []int32{8443}},
		"no host ports":      {ports: []corev1.ContainerPort{port("web", 0, 8000)}},
		"8080 and only that": {ports: []corev1.ContainerPort{port("", 8080, 8080)}, http: []int32{8080}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Set{Ports: PortsOf(corev1.PodSpec{HostNetwork: test.hostNetwork, Containers: []corev1.Container{{Ports: test.ports}}})}
			http, https := s.WebPorts()
			if diff := cmp.Diff([][]int32{test.http, test.https}, [][]int32{http, https}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
