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

// withSecrets gives an Ingress TLS secrets, and annotations with the given keys.
func withSecrets(ing *networkingv1.Ingress, secrets []string, annotations ...string) *networkingv1.Ingress {
	for _, name := range secrets {
		ing.Spec.TLS = append(ing.Spec.TLS, networkingv1.IngressTLS{SecretName: name})
	}
	ing.Annotations = map[string]string{}
	for _, key := range annotations {
		ing.Annotations[key] = "http"
	}
	return ing
}

const entryPoints = "traefik.ingress.kubernetes.io/frontend-entry-points"

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
		"TLS secrets": {
			withSecrets(ingressOf("i", "a.x"), []string{"s", "", "r", "s"}, "traefik.ingress.kubernetes.io/priority"),
			[]string{"a.x", "secret n/r", "secret n/s"},
		},
		"TLS secrets and entry points": {
			withSecrets(ingressOf("i", ""), []string{"s", "r"}, entryPoints),
			[]string{"*", "entry points n/r", "entry points n/s", "secret n/r", "secret n/s"},
		},
		"entry points alone": {withSecrets(ingressOf("i", "a.x"), nil, entryPoints), []string{"a.x"}},
		"nothing":            {nil, nil},
	} {
		if diff := cmp.Diff(tc.want, HostKeys(tc.ing)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPeerKeys(t *testing.T) {
	for name, tc := range map[string]struct {
		ing  *networkingv1.Ingress
		want []string
	}{
		"hosts, sorted, in lower case, once": {ingressOf("i", "b.x", "A.x", "a.x"), []string{"a.x", "b.x"}},
		"no host":                            {ingressOf("i", ""), []string{"*"}},
		"TLS secrets": {
			withSecrets(ingressOf("i", "a.x"), []string{"s", "", "r", "s"}), []string{"a.x", "entry points n/r", "entry points n/s"},
		},
		"TLS secrets and entry points": {
			withSecrets(ingressOf("i", ""), []string{"s", "r"}, entryPoints), []string{"*", "secret n/r", "secret n/s"},
		},
		"nothing": {nil, nil},
	} {
		if diff := cmp.Diff(tc.want, PeerKeys(tc.ing)); diff != "" {
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
	needsPeers(t, shop, pages)
}

// The certificate of a secret is loaded where Ingresses that name it say, whatever
// their hosts, and not where the others are served.
func TestCertificateNeedsWhoNamesEntryPoints(t *testing.T) {
	cart := withSecrets(withPath(ingressOf("cart", "a.x")), []string{"crt"})
	second := withSecrets(withPath(ingressOf("second", "b.x")), []string{"crt"})
	for _, key := range []string{entryPoints, "ingress.kubernetes.io/frontend-entry-points", "traefik.frontend.entryPoints"} {
		shop := withSecrets(withPath(ingressOf("shop", "c.x")), []string{"other", "crt"}, key)
		needsPeers(t, cart, second, shop)
		all := []*networkingv1.Ingress{cart, second, shop}
		for i, want := range [][]*networkingv1.Ingress{{shop}, {shop}, {cart, second}} {
			if diff := cmp.Diff(want, Peers(all[i], all)); diff != "" {
				t.Errorf("%s: peers of %s: %s", key, all[i].Name, diff)
			}
		}
	}
}

// needsPeers checks that an Ingress has the same objects with its peers as with all
// others, and not without.
func needsPeers(t *testing.T, ing *networkingv1.Ingress, others ...*networkingv1.Ingress) {
	t.Helper()
	ref := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
	objects := func(beside []*networkingv1.Ingress) []Object {
		in := Input{Ingresses: []ir.Ingress{{Ingress: ing}}}
		for _, other := range beside {
			in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: other})
		}
		return objectsOf(Convert(in, Options{}), ref)
	}
	want := objects(others)
	if diff := cmp.Diff(want, objects(Peers(ing, others))); diff != "" {
		t.Errorf("-with all +with its peers: %s", diff)
	}
	if cmp.Equal(want, objects(nil)) {
		t.Error("the others make no difference: this test shows nothing")
	}
}

func withPath(ing *networkingv1.Ingress) *networkingv1.Ingress {
	ing.Spec.Rules[0].HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", Backend: networkingv1.IngressBackend{
		Service: &networkingv1.IngressServiceBackend{Name: "a", Port: networkingv1.ServiceBackendPort{Number: 80}},
	}}}}
	return ing
}

// The contract of HostKeys and PeerKeys: converting an Ingress with its peers gives the same
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
