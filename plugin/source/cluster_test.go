package source

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func withHost(namespace, name string, hosts ...string) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{ObjectMeta: meta(namespace, name)}
	for _, host := range hosts {
		ingress.Spec.Rules = append(ingress.Spec.Rules, networkingv1.IngressRule{Host: host})
	}
	return ingress
}

// hide makes the server know a resource of some versions only.
func hide(client *fake.Clientset, resource string, versions ...string) {
	client.PrependReactor("list", resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
		if slices.Contains(versions, action.GetResource().GroupVersion().String()) {
			return true, nil, apierrors.NewNotFound(action.GetResource().GroupResource(), "")
		}
		return false, nil, nil
	})
}

func names(loaded Loaded) []string {
	var found []string
	for _, ingress := range loaded.Input.Ingresses {
		found = append(found, ingress.Namespace+"/"+ingress.Name)
	}
	slices.Sort(found)
	return found
}

// Clusters of Traefik 1.7 are older than networking.k8s.io/v1.
func TestOldServers(t *testing.T) {
	port := intstr.FromString("http")
	want := &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Name: "http"}}}
	cases := map[string]struct {
		object runtime.Object
		hidden []string
	}{
		"1.18": {&networkingv1beta1.Ingress{ObjectMeta: meta("shop", "cart"), Spec: networkingv1beta1.IngressSpec{
			Backend: &networkingv1beta1.IngressBackend{ServiceName: "web", ServicePort: port}}}, []string{"networking.k8s.io/v1"}},
		"1.13": {&extensionsv1beta1.Ingress{ObjectMeta: meta("shop", "cart"), Spec: extensionsv1beta1.IngressSpec{
			Backend: &extensionsv1beta1.IngressBackend{ServiceName: "web", ServicePort: port}}}, []string{"networking.k8s.io/v1", "networking.k8s.io/v1beta1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(c.object,
				&ir.Endpoints{ObjectMeta: meta("shop", "web"), Subsets: []ir.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: "10.0.0.1"}}}}})
			hide(client, "ingresses", c.hidden...)
			hide(client, "endpointslices", "discovery.k8s.io/v1")
			loaded, err := FromCluster(context.Background(), client, Scope{Namespace: "shop"}, Everything)
			if err != nil {
				t.Fatal(err)
			}
			if len(loaded.Input.Ingresses) != 1 {
				t.Fatalf("found %v", names(loaded))
			}
			if diff := cmp.Diff(want, loaded.Input.Ingresses[0].Spec.DefaultBackend); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(loaded.Input.Endpoints) != 1 || !loaded.Input.EndpointsKnown {
				t.Errorf("endpoints: %v", loaded.Input.Endpoints)
			}
		})
	}
	t.Run("none at all", func(t *testing.T) {
		client := fake.NewClientset()
		hide(client, "ingresses", "networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1")
		if _, err := FromCluster(context.Background(), client, Scope{}, Routes); err == nil || !strings.Contains(err.Error(), "the server has no Ingress resource") {
			t.Errorf("got %v", err)
		}
	})
}

// Most peers are those that can meet the same request.
func TestScopeAndPeers(t *testing.T) {
	labelled := withHost("a", "labelled", "l.test")
	labelled.Labels = map[string]string{"team": "x"}
	all := []runtime.Object{
		withHost("a", "cart", "shop.test"), labelled, withHost("b", "same", "SHOP.test"),
		withHost("b", "other", "other.test"), withHost("c", "wildcard", "*.test"),
	}
	for i, name := range []string{"named", "secure"} {
		ingress := withHost("d", name, name+".test")
		ingress.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "one"}}
		if i == 0 {
			ingress.Annotations = map[string]string{"traefik.ingress.kubernetes.io/frontend-entry-points": "https"}
		}
		all = append(all, ingress)
	}
	selector, err := labels.Parse("team=x")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		scope Scope
		want  []string
	}{
		"everything":                {Scope{}, []string{"a/cart", "a/labelled", "b/other", "b/same", "c/wildcard", "d/named", "d/secure"}},
		"a namespace":               {Scope{Namespace: "a"}, []string{"a/cart", "a/labelled", "b/same", "c/wildcard"}},
		"one":                       {Scope{Namespace: "a", Names: []string{"cart"}}, []string{"a/cart", "b/same", "c/wildcard"}},
		"one with a secret":         {Scope{Namespace: "d", Names: []string{"secure"}}, []string{"c/wildcard", "d/named", "d/secure"}},
		"by label":                  {Scope{Selector: selector}, []string{"a/labelled", "c/wildcard"}},
		"a wildcard meets everyone": {Scope{Namespace: "c"}, []string{"a/cart", "a/labelled", "b/other", "b/same", "c/wildcard", "d/named", "d/secure"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			loaded, err := FromCluster(context.Background(), fake.NewClientset(all...), c.scope, Routes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, names(loaded)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	_, err = FromCluster(context.Background(), fake.NewClientset(all...), Scope{Namespace: "a", Names: []string{"same"}}, Routes)
	if !apierrors.IsNotFound(err) {
		t.Errorf("a name of another namespace: %v", err)
	}
}

// Every read that is refused leaves something unknown, with one note, and the
// conversion goes on.
func TestMissingRights(t *testing.T) {
	ingress := withHost("shop", "cart", "shop.test")
	ingress.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "one"}, {SecretName: "two"}, {SecretName: "not/a name"}}
	ingress.Annotations = map[string]string{"traefik.ingress.kubernetes.io/auth-secret": "users"}
	client := fake.NewClientset(ingress)
	for _, resource := range []string{"services", "endpointslices", "endpoints", "secrets"} {
		client.PrependReactor("*", resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: action.GetResource().Resource}, "", nil)
		})
	}
	loaded, err := FromCluster(context.Background(), client, Scope{Namespace: "shop"}, Everything)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"not allowed to list services in namespace shop: what Ingresses refer to is not checked",
		"not allowed to list endpoints in namespace shop: what Ingresses refer to is not checked",
		"not allowed to read 3 secrets that Ingresses refer to: whether they exist and are well formed is not checked",
	}
	if diff := cmp.Diff(want, loaded.Notes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if loaded.Input.ServicesKnown || loaded.Input.EndpointsKnown || loaded.Input.SecretsKnown {
		t.Error("what may not be read is not known")
	}
}

// The right to list secrets is never asked for, and their data is not kept.
func TestSecretsAreReadByName(t *testing.T) {
	ingress := withHost("shop", "cart", "shop.test")
	ingress.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "tls"}, {SecretName: "missing"}}
	client := fake.NewClientset(ingress,
		&corev1.Secret{ObjectMeta: meta("shop", "tls"), Type: corev1.SecretTypeTLS, Data: map[string][]byte{"tls.crt": []byte("x"), "tls.key": []byte("x")}},
		&corev1.Secret{ObjectMeta: meta("shop", "unrelated")})
	loaded, err := FromCluster(context.Background(), client, Scope{Namespace: "shop"}, Everything)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Input.Secrets) != 1 || loaded.Input.Secrets[0].Problem != "tls.crt is not PEM" || !loaded.Input.SecretsKnown {
		t.Errorf("got %+v", loaded.Input.Secrets)
	}
	for _, action := range client.Actions() {
		if action.GetResource().Resource == "secrets" && action.GetVerb() != "get" {
			t.Errorf("%s secrets", action.GetVerb())
		}
	}
}

// Of thousands of objects only what a conversion reads is held.
func TestWhatNoConversionReadsIsLetGoOf(t *testing.T) {
	applied := map[string]string{corev1.LastAppliedConfigAnnotation: "{}", "traefik.ingress.kubernetes.io/affinity": "true"}
	full := metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: applied, Labels: map[string]string{"team": "shop"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}}
	ports := []corev1.ServicePort{{Name: "http", Port: 80}}
	client := fake.NewSimpleClientset(
		&networkingv1.Ingress{ObjectMeta: *full.DeepCopy()},
		&corev1.Service{ObjectMeta: *full.DeepCopy(), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "None", ClusterIPs: []string{"None"}, Ports: ports, Selector: map[string]string{"app": "web"}}},
	)
	loaded, err := FromCluster(t.Context(), client, Scope{}, Routes)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]string{"traefik.ingress.kubernetes.io/affinity": "true"}
	named := map[string]string{corev1.LastAppliedConfigAnnotation: "", "traefik.ingress.kubernetes.io/affinity": "true"}
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: named, Labels: map[string]string{"team": "shop"}}}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: kept},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "None", Ports: ports}}
	if diff := cmp.Diff(ingress, loaded.Input.Ingresses[0].Ingress); diff != "" {
		t.Errorf("Ingress (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]*corev1.Service{service}, loaded.Input.Services); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
}
