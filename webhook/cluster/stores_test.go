package cluster_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/informer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
)

const group = "traefik.io"

// The index answers for one Ingress what convert.Peers finds among all.
func TestPeers(t *testing.T) {
	var all []*networkingv1.Ingress
	for _, tc := range []struct{ name, host, secret, entryPoints string }{
		{"cart", "a.x", "crt", ""}, {"second", "b.x", "crt", ""}, {"shop", "c.x", "crt", "https"}, {"same", "A.x", "", ""}, {"other", "d.x", "other", "http"},
	} {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: tc.name}}
		ing.Spec.Rules = []networkingv1.IngressRule{{Host: tc.host}}
		ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: tc.secret}}
		if tc.entryPoints != "" {
			ing.Annotations = map[string]string{"traefik.ingress.kubernetes.io/frontend-entry-points": tc.entryPoints}
		}
		all = append(all, ing)
	}
	stores := cluster.NewStores(convert.HostKeys)
	informer.Fill(t, stores, &networkingv1.Ingress{}, len(all), func(from, n int) runtime.Object {
		list := &networkingv1.IngressList{}
		for _, ing := range all[from : from+n] {
			list.Items = append(list.Items, *ing)
		}
		return list
	})
	store := cluster.New(nil, stores, group)
	for _, ing := range all {
		found, err := store.Peers(t.Context(), convert.PeerKeys(ing))
		if err != nil {
			t.Fatal(err)
		}
		// Whether an Ingress finds itself does not matter.
		want, got := append(names(convert.Peers(ing, all)), ing.Name), append(names(found), ing.Name)
		if diff := cmp.Diff(once(want), once(got)); diff != "" {
			t.Errorf("%s: -convert.Peers +index: %s", ing.Name, diff)
		}
	}
	if ing, err := store.Ingress(t.Context(), types.NamespacedName{Namespace: "n", Name: "none"}); ing != nil || err != nil {
		t.Errorf("an Ingress that there is not: %v, %v", ing, err)
	}
}

// A kind is listed in pages, and the objects of all of them are found by name and by
// their Ingress.
func TestTraefikObjectsOfManyPages(t *testing.T) {
	kind := cluster.Kinds(group)[0]
	object := func(i int) unstructured.Unstructured {
		u := unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{}}}
		u.SetGroupVersionKind(kind)
		u.SetNamespace("n")
		u.SetName(fmt.Sprintf("o-%d", i))
		u.SetLabels(map[string]string{desired.ManagedLabel: "true"})
		u.SetAnnotations(map[string]string{desired.IngressAnnotation: fmt.Sprintf("web-%d", i/2), desired.AppliedAnnotation: desired.SpecHash(&u)})
		return u
	}
	example, total := object(0), 1100
	stores := cluster.NewStores(convert.HostKeys)
	informer.Fill(t, stores, &example, total, func(from, n int) runtime.Object {
		list := &unstructured.UnstructuredList{}
		for i := range n {
			list.Items = append(list.Items, object(from+i))
		}
		return list
	})
	store := cluster.New(nil, stores, group)
	for i := range total {
		want := object(i)
		if asWanted, err := store.AsWanted(t.Context(), &want); !asWanted || err != nil {
			t.Fatalf("%s is not there: %v", want.GetName(), err)
		}
	}
	made, err := store.MadeFor(t.Context(), types.NamespacedName{Namespace: "n", Name: "web-549"})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, one := range made {
		found = append(found, one.Key.String())
	}
	if diff := cmp.Diff([]string{"n/o-1098", "n/o-1099"}, once(found)); diff != "" {
		t.Errorf("made for one Ingress (-want +got):\n%s", diff)
	}
}

func names(ingresses []*networkingv1.Ingress) []string {
	var names []string
	for _, ing := range ingresses {
		names = append(names, ing.Name)
	}
	return names
}

func once(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func TestServicesAreFoundByName(t *testing.T) {
	stores := cluster.NewStores(convert.HostKeys)
	informer.Fill(t, stores, &corev1.Service{}, 2, func(from, n int) runtime.Object {
		list := &corev1.ServiceList{}
		for i := range n {
			list.Items = append(list.Items, corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("n%d", from+i), Name: "web"}})
		}
		return list
	})
	store := cluster.New(nil, stores, group)
	for key, want := range map[types.NamespacedName]bool{
		{Namespace: "n1", Name: "web"}: true, {Namespace: "n2", Name: "web"}: false, {Namespace: "n1", Name: "other"}: false,
	} {
		found, err := store.Service(t.Context(), key)
		if err != nil || (found != nil) != want || want && found.Namespace != key.Namespace {
			t.Errorf("%s: %v, %v", key, found, err)
		}
	}
}
