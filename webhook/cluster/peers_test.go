package cluster_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
)

// indexer hands the indexes of Ingresses to a fake cache.
type indexer struct{ cache *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, object client.Object, field string, values client.IndexerFunc) error {
	if _, ok := object.(*networkingv1.Ingress); ok {
		i.cache.WithIndex(object, field, values)
	}
	return nil
}

// The index answers for one Ingress what convert.Peers finds among all.
func TestPeers(t *testing.T) {
	var all []*networkingv1.Ingress
	cache := fake.NewClientBuilder()
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
		cache.WithObjects(ing)
	}
	const group = "traefik.io"
	if err := cluster.AddIndexes(t.Context(), indexer{cache}, group, convert.HostKeys); err != nil {
		t.Fatal(err)
	}
	store := cluster.New(cache.Build(), group)
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
