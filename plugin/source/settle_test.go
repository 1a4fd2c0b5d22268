package source

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Which controllers there are is a matter of the whole cluster, also for whoever
// looks at one namespace.
func TestSettleKnowsTheWholeCluster(t *testing.T) {
	other := withHost("b", "other", "other.test")
	other.Annotations = map[string]string{"traefik.ingress.kubernetes.io/router.tls": "true"}
	client := fake.NewClientset(withHost("a", "mine", "mine.test"), other)
	loaded, err := FromCluster(context.Background(), client, Scope{Namespace: "a"}, Routes)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Input.Ingresses) != 1 {
		t.Fatalf("read %v", names(loaded))
	}
	for name, c := range map[string]struct{ in, want convert.Options }{
		"open": {convert.Options{From: convert.Auto}, convert.Options{From: convert.Auto, Controllers: &convert.Controllers{InPlay: []convert.Dialect{convert.FromTraefik}}}},
		"said": {convert.Options{From: convert.FromNginx}, convert.Options{From: convert.FromNginx}},
		"seen": {
			convert.Options{From: convert.Auto, Controllers: &convert.Controllers{Seen: []convert.Dialect{convert.FromNginx}}},
			convert.Options{From: convert.Auto, Controllers: &convert.Controllers{InPlay: []convert.Dialect{convert.FromTraefik, convert.FromNginx}, Seen: []convert.Dialect{convert.FromNginx}}},
		},
	} {
		if diff := cmp.Diff(c.want, loaded.Settle(c.in)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
