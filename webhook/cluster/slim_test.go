package cluster

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// route is one of ours as the API server sends it.
func route(annotations map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
		"metadata": map[string]any{
			"namespace": "shop", "name": "cart", "uid": "7", "resourceVersion": "12",
			"labels": map[string]any{desired.ManagedLabel: "true"}, "annotations": map[string]any{desired.IngressAnnotation: "web"},
			"managedFields": []any{map[string]any{"manager": "ingress-migrate"}},
		},
		"spec": map[string]any{"entryPoints": []any{"web"}, "routes": []any{map[string]any{"priority": int64(7)}}},
	}}
	own := u.Object["metadata"].(map[string]any)["annotations"].(map[string]any)
	own[desired.AppliedAnnotation] = desired.SpecHash(u)
	maps.Copy(own, annotations)
	return u
}

// Of a Traefik object that is as we applied it a fingerprint is cached; any other one is
// unpacked as it was sent. Of both it is known whose they are.
func TestTraefikObjectsArePacked(t *testing.T) {
	for name, c := range map[string]struct {
		object  *unstructured.Unstructured
		applied bool
	}{
		"as applied":     {route(nil), true},
		"edited by hand": {route(map[string]any{desired.AppliedAnnotation: "other"}), false},
		"of somebody":    {func() *unstructured.Unstructured { u := route(nil); u.SetLabels(nil); return u }(), false},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.object.DeepCopy()
			print := desired.Fingerprint(want)
			want.SetManagedFields(nil)
			cached, err := Slim(c.object)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Slim(cached); err != nil || again != cached {
				t.Errorf("packed twice: %v, %v", again, err)
			}
			object, ok := cached.(*Object)
			if !ok || object.Owner != desired.MadeFor(want) || object.ours != desired.IsOurs(want) || object.Name != "cart" || object.Namespace != "shop" || object.Version != "12" {
				t.Fatalf("cached: %v", cached)
			}
			if got := object.packed == print; got != c.applied {
				t.Errorf("cached as a fingerprint: %v, want %v", got, c.applied)
			}
			got, err := object.unpack()
			if err != nil {
				t.Fatal(err)
			}
			if TakenBy(got, "web") != TakenBy(want, "web") || TakenBy(got, "other") != TakenBy(want, "other") {
				t.Errorf("taken by %q and %q", TakenBy(got, "web"), TakenBy(got, "other"))
			}
			if diff := cmp.Diff(want, got); diff != "" && !c.applied {
				t.Errorf("-sent +unpacked:\n%s", diff)
			}
		})
	}
}

func TestWhatNobodyReadsIsNotCached(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "web", Labels: map[string]string{"team": "shop"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
		Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: "{}", "a": "b"}}
	kept := map[string]string{"a": "b"}
	ports := []corev1.ServicePort{{Port: 80}}
	for _, c := range []struct{ sent, want any }{
		{
			&networkingv1.Ingress{ObjectMeta: *meta.DeepCopy(), Status: networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{Ingress: []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}}}},
			&networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: meta.Labels, Annotations: kept}},
		},
		{
			&corev1.Service{ObjectMeta: *meta.DeepCopy(), Spec: corev1.ServiceSpec{Ports: ports, Selector: meta.Labels}},
			&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: kept}, Spec: corev1.ServiceSpec{Ports: ports}},
		},
		{
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: meta.Labels, ManagedFields: meta.ManagedFields}},
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: meta.Labels}},
		},
	} {
		got, err := Slim(c.sent)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("-want +cached:\n%s", diff)
		}
	}
}
