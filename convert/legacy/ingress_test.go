package legacy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/legacy"
)

func TestToV1(t *testing.T) {
	class, prefix, any := "edge", networkingv1beta1.PathTypePrefix, networkingv1.PathTypeImplementationSpecific
	newPrefix := networkingv1.PathTypePrefix
	bucket := &corev1.TypedLocalObjectReference{Kind: "Bucket", Name: "files"}
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "cart", Annotations: map[string]string{"a": "b"}, Labels: map[string]string{"c": "d"}}
	old := networkingv1beta1.Ingress{ObjectMeta: meta, Spec: networkingv1beta1.IngressSpec{
		IngressClassName: &class,
		Backend:          &networkingv1beta1.IngressBackend{ServiceName: "web", ServicePort: intstr.FromInt32(80)},
		TLS:              []networkingv1beta1.IngressTLS{{Hosts: []string{"cart.test"}, SecretName: "cert"}},
		Rules: []networkingv1beta1.IngressRule{
			{Host: "none.test"},
			{Host: "cart.test", IngressRuleValue: networkingv1beta1.IngressRuleValue{HTTP: &networkingv1beta1.HTTPIngressRuleValue{Paths: []networkingv1beta1.HTTPIngressPath{
				{Path: "/a", Backend: networkingv1beta1.IngressBackend{ServiceName: "web", ServicePort: intstr.FromString("http")}},
				{Path: "/b", PathType: &prefix, Backend: networkingv1beta1.IngressBackend{ServiceName: "web", ServicePort: intstr.FromString("80")}},
				{Path: "/c", Backend: networkingv1beta1.IngressBackend{Resource: bucket}},
				{Path: "/d"},
			}}}},
		},
	}}
	service := func(port networkingv1.ServiceBackendPort) networkingv1.IngressBackend {
		return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: port}}
	}
	byNumber := service(networkingv1.ServiceBackendPort{Number: 80})
	want := &networkingv1.Ingress{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"}, ObjectMeta: meta,
		Spec: networkingv1.IngressSpec{
			IngressClassName: &class,
			DefaultBackend:   &byNumber,
			TLS:              []networkingv1.IngressTLS{{Hosts: []string{"cart.test"}, SecretName: "cert"}},
			Rules: []networkingv1.IngressRule{
				{Host: "none.test"},
				{Host: "cart.test", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{
					{Path: "/a", PathType: &any, Backend: service(networkingv1.ServiceBackendPort{Name: "http"})},
					{Path: "/b", PathType: &newPrefix, Backend: service(networkingv1.ServiceBackendPort{Name: "80"})},
					{Path: "/c", PathType: &any, Backend: networkingv1.IngressBackend{Resource: bucket}},
					{Path: "/d", PathType: &any},
				}}}},
			},
		},
	}
	if diff := cmp.Diff(want, legacy.ToV1(&old)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
