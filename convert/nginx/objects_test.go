package nginx_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	clusters "github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/nginx"
)

// Objects have names that a cluster accepts, each once, and those of an Ingress
// are the same when only its peers are converted with it.
func TestConvertedObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := clusters.Everything().Cluster(t)
		opts := convert.Options{
			From: convert.FromNginx, Nginx: clusters.Facts(t),
			Target: emit.Target{Version: rapid.SampledFrom([]emit.Version{emit.V2, emit.V3}).Draw(t, "version")},
		}
		whole := convert.Convert(in, opts)
		names := map[string]bool{}
		for _, o := range whole.Objects {
			kind := o.Object.GetObjectKind().GroupVersionKind().Kind
			if problems := validation.IsDNS1123Subdomain(o.Object.GetName()); len(problems) > 0 {
				t.Fatalf("%s %q: %v", kind, o.Object.GetName(), problems)
			}
			key := kind + " " + o.Object.GetNamespace() + "/" + o.Object.GetName()
			if names[key] {
				t.Fatalf("%s twice", key)
			}
			names[key] = true
		}
		var all []*networkingv1.Ingress
		for _, ing := range in.Ingresses {
			all = append(all, ing.Ingress)
		}
		for _, ing := range in.Ingresses {
			part := in
			part.Ingresses = []ir.Ingress{ing}
			for _, peer := range convert.Peers(ing.Ingress, all) {
				part.Ingresses = append(part.Ingresses, ir.Ingress{Ingress: peer})
			}
			owner := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
			if diff := cmp.Diff(objectsOf(t, whole, owner), objectsOf(t, convert.Convert(part, opts), owner)); diff != "" {
				t.Fatalf("%s: -whole +peers\n%s", owner, diff)
			}
		}
	})
}

func objectsOf(t *rapid.T, result convert.Result, owner ir.Ref) []string {
	var out []string
	for _, o := range result.Objects {
		if o.Owner != owner {
			continue
		}
		text, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}
