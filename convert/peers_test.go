package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/v1"
)

func ingressOf(name string, hosts ...string) *networkingv1.Ingress {
	ing := &networkingv1.Ingress{}
	ing.Namespace, ing.Name = "n", name
	for _, h := range hosts {
		ing.Spec.Rules = append(ing.Spec.Rules, networkingv1.IngressRule{Host: h})
	}
	return ing
}

func errorPages(value string) *networkingv1.Ingress {
	ing := ingressOf("i", "a.x")
	ing.Annotations = map[string]string{"traefik.ingress.kubernetes.io/error-pages": value}
	return ing
}

func TestHostKeys(t *testing.T) {
	withDefault := ingressOf("d", "a.x")
	withDefault.Spec.DefaultBackend = &networkingv1.IngressBackend{}
	for name, tc := range map[string]struct {
		ing  *networkingv1.Ingress
		want []string
	}{
		"hosts, sorted, in lower case, once": {ingressOf("i", "b.x", "A.x", "a.x"), []string{"a.x", "b.x"}},
		"wildcard":                           {ingressOf("i", "*.x", "a.x"), []string{"*", "a.x"}},
		"no host":                            {ingressOf("i", ""), []string{"*"}},
		"default backend":                    {withDefault, []string{"*", "a.x"}},
		"no rule":                            {ingressOf("i"), []string{"*"}},
		"host of an error page": {
			errorPages("e: {status: [\"500\"], backend: \"10-http_Err.x/page\", query: /}\nf:\n  backend: f.x"),
			[]string{"10-http_err.x", "a.x", "err.x", "f.x", "http_err.x"},
		},
		"nothing": {nil, nil},
	} {
		if diff := cmp.Diff(tc.want, HostKeys(tc.ing)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPeers(t *testing.T) {
	all := []*networkingv1.Ingress{ingressOf("1", "a.x"), ingressOf("2", "A.X", "b.x"), ingressOf("3", "b.x"), ingressOf("4", "*.y"), nil}
	for name, tc := range map[string]struct {
		of   int
		want []string
	}{
		"same host and any host": {0, []string{"2", "4"}},
		"both hosts":             {1, []string{"1", "3", "4"}},
		"any host meets all":     {3, []string{"1", "2", "3"}},
	} {
		var got []string
		for _, p := range Peers(all[tc.of], all) {
			got = append(got, p.Name)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// An error page of another host is served by the Service of that host's Ingress.
func TestErrorPageNeedsItsHost(t *testing.T) {
	shop := withPath(errorPages("e: {status: [\"500\"], backend: err.x/page, query: /}"))
	pages := withPath(ingressOf("pages", "err.x"))
	pages.Spec.Rules[0].HTTP.Paths[0].Path = "/page"
	all := []*networkingv1.Ingress{shop, pages}
	whole := Convert(Input{Ingresses: []ir.Ingress{{Ingress: shop}, {Ingress: pages}}}, Options{})
	part := Input{Ingresses: []ir.Ingress{{Ingress: shop}}}
	for _, p := range Peers(shop, all) {
		part.Ingresses = append(part.Ingresses, ir.Ingress{Ingress: p})
	}
	ref := ir.Ref{Namespace: "n", Name: "i"}
	want := objectsOf(whole, ref)
	if diff := cmp.Diff(want, objectsOf(Convert(part, Options{}), ref)); diff != "" {
		t.Error(diff)
	}
	if alone := objectsOf(Convert(Input{Ingresses: part.Ingresses[:1]}, Options{}), ref); cmp.Equal(want, alone) {
		t.Error("the page's Ingress makes no difference: this test shows nothing")
	}
}

func withPath(ing *networkingv1.Ingress) *networkingv1.Ingress {
	ing.Spec.Rules[0].HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", Backend: networkingv1.IngressBackend{
		Service: &networkingv1.IngressServiceBackend{Name: "a", Port: networkingv1.ServiceBackendPort{Number: 80}},
	}}}}
	return ing
}

// The contract of HostKeys: converting an Ingress with its peers gives the same
// objects for it as converting everything.
func TestPeersAreEnough(t *testing.T) {
	g := v1.New()
	rapid.Check(t, func(t *rapid.T) {
		in, opts := g.Cluster(t), options(g, t)
		if opts.From == Auto && (opts.Controllers == nil || opts.Controllers.InPlay == nil) {
			// Whoever converts parts has to say what the whole shows.
			shown := Detect(in, opts)
			opts.Controllers = &shown
		}
		whole := Convert(in, opts)
		var all []*networkingv1.Ingress
		for _, ing := range in.Ingresses {
			all = append(all, ing.Ingress)
		}
		for _, ing := range in.Ingresses {
			part := in
			part.Ingresses = []ir.Ingress{ing}
			for _, peer := range Peers(ing.Ingress, all) {
				part.Ingresses = append(part.Ingresses, ir.Ingress{Ingress: peer})
			}
			ref := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
			if diff := cmp.Diff(objectsOf(whole, ref), objectsOf(Convert(part, opts), ref)); diff != "" {
				t.Fatalf("%v with %d of %d peers: %s", ref, len(part.Ingresses)-1, len(all)-1, diff)
			}
		}
	})
}
