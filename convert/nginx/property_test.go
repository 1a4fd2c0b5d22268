package nginx_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	clusters "github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/nginx"
)

func field(rule, path int) string {
	return "spec.rules[" + string(rune('0'+rule)) + "].http.paths[" + string(rune('0'+path)) + "]"
}

// Nothing of the input disappears from both routes and report.
func TestNothingDisappears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := clusters.Everything().Cluster(t)
		out := nginx.Translate(in, clusters.Facts(t))
		routed := map[ir.Origin]bool{}
		for _, route := range out.Routes {
			for _, origin := range route.Origins {
				routed[origin] = true
			}
			if route.Priority <= 0 || len(route.EntryPoints) == 0 {
				t.Fatalf("route without priority or entry points: %+v", route)
			}
		}
		for i, ing := range in.Ingresses {
			outcome := out.Ingresses[i]
			if len(outcome.Annotations) != len(ing.Annotations) {
				t.Fatalf("%d annotations in the report, %d in the Ingress", len(outcome.Annotations), len(ing.Annotations))
			}
			whole, texts, fields := false, "", map[string]bool{}
			for _, d := range outcome.Diagnostics {
				texts += d.Text + "\n"
				fields[d.Field] = true
				whole = whole || d.Code == diag.ENginxNotServed && strings.Contains(d.Text, "ignores the Ingress")
			}
			for r, rule := range ing.Spec.Rules {
				if rule.HTTP == nil {
					continue
				}
				for p, path := range rule.HTTP.Paths {
					origin := ir.Origin{Ingress: outcome.Ingress, Field: field(r, p)}
					if routed[origin] || whole || fields[origin.Field] || strings.Contains(texts, "no route for") {
						continue
					}
					t.Fatalf("%s %s (%s) is neither routed nor reported:\n%s", outcome.Ingress, origin.Field, path.Path, texts)
				}
			}
		}
	})
}

// The order of the input changes nothing but the order of the report.
func TestOrderOfInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, f := clusters.Everything().Cluster(t), clusters.Facts(t)
		want := nginx.Translate(in, f)
		in.Ingresses = rapid.Permutation(in.Ingresses).Draw(t, "order")
		got := nginx.Translate(in, f)
		if diff := cmp.Diff(want.Routes, got.Routes); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.Certificates, got.Certificates); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.Passthroughs, got.Passthroughs); diff != "" {
			t.Fatal(diff)
		}
	})
}

// An Ingress has the same routes when only its peers are translated with it: the
// webhook sees no more.
func TestPeersAreEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, f := clusters.Everything().Cluster(t), clusters.Facts(t)
		whole := nginx.Translate(in, f)
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
			if diff := cmp.Diff(owned(whole, owner), owned(nginx.Translate(part, f), owner)); diff != "" {
				t.Fatalf("%s: -whole +peers\n%s", owner, diff)
			}
		}
	})
}

func owned(out ir.Translation, owner ir.Ref) ir.Translation {
	var mine ir.Translation
	for _, route := range out.Routes {
		if route.Owner == owner {
			mine.Routes = append(mine.Routes, route)
		}
	}
	for _, c := range out.Certificates {
		if c.Owner == owner {
			mine.Certificates = append(mine.Certificates, c)
		}
	}
	for _, p := range out.Passthroughs {
		if p.Owner == owner {
			mine.Passthroughs = append(mine.Passthroughs, p)
		}
	}
	return mine
}

// A blocking finding that protects something leaves no route of that Ingress
// that leads to a Service.
func TestWithheldIngressReachesNoService(t *testing.T) {
	protective := []diag.Code{diag.ENginxAuth, diag.ENginxSnippet, diag.ENginxClientIP, diag.ENginxReference, diag.EXNS}
	rapid.Check(t, func(t *rapid.T) {
		out := nginx.Translate(clusters.Everything().Cluster(t), clusters.Facts(t))
		for _, outcome := range out.Ingresses {
			if !slices.ContainsFunc(outcome.Diagnostics, func(d diag.Diagnostic) bool {
				return d.Blocking && slices.Contains(protective, d.Code) && !strings.Contains(d.Text, "over TLS")
			}) {
				continue
			}
			for _, r := range out.Routes {
				if r.Owner == outcome.Ingress && len(r.Backend.Services) > 0 {
					t.Fatalf("%s is withheld and has a route: %+v", outcome.Ingress, r)
				}
			}
		}
	})
}

// All routes of a host over TLS carry the same options, or Traefik takes none.
func TestTLSOptionsAgreePerHost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		out := nginx.Translate(clusters.Everything().Cluster(t), clusters.Facts(t))
		seen := map[string]*ir.TLSOptions{}
		for _, r := range out.Routes {
			if r.TLS == nil {
				continue
			}
			if r.TLS.Options != nil && r.TLS.Options.Owner.Namespace != r.Owner.Namespace {
				t.Fatalf("route of %s refers to options of %s", r.Owner, r.TLS.Options.Owner)
			}
			for _, h := range r.Match.Hosts {
				if h.Kind != ir.HostExact {
					if r.TLS.Options != nil && r.TLS.Options.ClientAuth != "" {
						t.Fatalf("client certificates on %+v", h)
					}
					continue
				}
				if other, ok := seen[h.Value]; ok && !cmp.Equal(other, r.TLS.Options) {
					t.Fatalf("host %s has two options: %+v and %+v", h.Value, other, r.TLS.Options)
				}
				seen[h.Value] = r.TLS.Options
			}
		}
	})
}
