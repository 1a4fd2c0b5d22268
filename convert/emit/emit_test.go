package emit

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// at returns a route of shop/cart for the given path.
func at(p string, change ...func(*ir.Route)) ir.Route {
	r := plainRoute()
	r.Match.Paths = []ir.Path{path(ir.PathPrefix, p)}
	for _, c := range change {
		c(&r)
	}
	return r
}

func tls(secret string) func(*ir.Route) {
	return func(r *ir.Route) {
		r.TLS = &ir.TLS{SecretName: secret}
		r.EntryPoints = []string{"websecure"}
	}
}

func filters(f ...ir.Filter) func(*ir.Route) { return func(r *ir.Route) { r.Filters = f } }

func entryPoints(eps ...string) func(*ir.Route) {
	return func(r *ir.Route) { r.EntryPoints = eps }
}

func owned(namespace, name string) func(*ir.Route) {
	return func(r *ir.Route) { r.Owner = ir.Ref{Namespace: namespace, Name: name} }
}

// outline is one line per object: what it is and the essence of its spec.
func outline(t *testing.T, out []Output) string {
	t.Helper()
	var lines []string
	for _, o := range out {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		var fields struct {
			Kind string
			Spec struct {
				EntryPoints []string
				TLS         *struct{ SecretName string }
				Routes      []struct {
					Match       string
					Priority    int
					Middlewares []struct{ Name string }
					Services    []struct{ Name, Kind string }
				}
			}
		}
		if err := yaml.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		line := fields.Kind + " " + o.Object.GetNamespace() + "/" + o.Object.GetName()
		if fields.Spec.EntryPoints != nil {
			line += " on " + strings.Join(fields.Spec.EntryPoints, ",")
		}
		if fields.Spec.TLS != nil {
			line += " tls " + fields.Spec.TLS.SecretName
		}
		for _, r := range fields.Spec.Routes {
			line += "\n  " + r.Match + " ->"
			for _, m := range r.Middlewares {
				line += " " + m.Name
			}
			for _, s := range r.Services {
				line += " " + s.Name
			}
		}
		lines = append(lines, line)
	}
	return withoutHashes(strings.Join(lines, "\n"))
}

// withoutHashes writes #1, #2, … for the hashes in names, in order of appearance.
func withoutHashes(s string) string {
	seen := map[string]string{}
	return regexp.MustCompile(`-[0-9a-f]{8}(-[0-9a-f]{8})?\b`).ReplaceAllStringFunc(s, func(hash string) string {
		if seen[hash] == "" {
			seen[hash] = "-#" + strconv.Itoa(len(seen)+1)
		}
		return seen[hash]
	})
}

// Emit writes the objects for one translation alone.
func Emit(t ir.Translation, target Target) ([]Output, []diag.Diagnostic) {
	e := NewEmitter(target)
	out, problems := e.Emit(nil, t)
	return out, append(problems, e.Findings()...)
}

func TestObjectsOfRoutes(t *testing.T) {
	auth := ir.BasicAuth{Secret: "s"}
	limit := ir.RateLimit{Average: 1, Burst: 1}
	for name, tc := range map[string]struct {
		in   ir.Translation
		want []string
	}{
		"plain and TLS": {
			ir.Translation{Routes: []ir.Route{at("/a"), at("/a", tls("crt")), at("/b"), at("/b", tls("crt"))}},
			[]string{
				"IngressRoute shop/cart on web", "  Host(`h`) && PathPrefix(`/a`) -> a", "  Host(`h`) && PathPrefix(`/b`) -> a",
				"IngressRoute shop/cart-tls-#1 on websecure tls crt", "  Host(`h`) && PathPrefix(`/a`) -> a", "  Host(`h`) && PathPrefix(`/b`) -> a",
			},
		},
		"only TLS": {
			ir.Translation{Routes: []ir.Route{at("/a", tls(""))}},
			[]string{"IngressRoute shop/cart-tls-#1 on websecure tls ", "  Host(`h`) && PathPrefix(`/a`) -> a"},
		},
		"equal middlewares are one, in the given order": {
			ir.Translation{Routes: []ir.Route{at("/a", filters(auth, ir.StripPrefix{Prefixes: []string{"/a"}})), at("/b", filters(ir.StripPrefix{Prefixes: []string{"/a"}}, auth))}},
			[]string{
				"Middleware shop/cart-auth-#1", "Middleware shop/cart-strip-#2", "IngressRoute shop/cart on web",
				"  Host(`h`) && PathPrefix(`/a`) -> cart-auth-#1 cart-strip-#2 a",
				"  Host(`h`) && PathPrefix(`/b`) -> cart-strip-#2 cart-auth-#1 a",
			},
		},
		"limits count per entry point": {
			ir.Translation{Routes: []ir.Route{at("/a", entryPoints("web", "alt"), filters(limit)), at("/b", entryPoints("web", "alt"))}},
			[]string{
				"Middleware shop/cart-ratelimit-#1",
				"IngressRoute shop/cart on web,alt", "  Host(`h`) && PathPrefix(`/b`) -> a",
				"IngressRoute shop/cart-alt-#2 on alt", "  Host(`h`) && PathPrefix(`/a`) -> cart-ratelimit-#1 a",
				"IngressRoute shop/cart-web-#3 on web", "  Host(`h`) && PathPrefix(`/a`) -> cart-ratelimit-#1 a",
			},
		},
		"same match, same route": {
			ir.Translation{Routes: []ir.Route{at("/a"), at("/a")}},
			[]string{"IngressRoute shop/cart on web", "  Host(`h`) && PathPrefix(`/a`) -> a"},
		},
		"same match, other route": {
			ir.Translation{Routes: []ir.Route{at("/a"), at("/a", filters(auth)), at("/b")}},
			[]string{
				"Middleware shop/cart-auth-#1",
				"IngressRoute shop/cart on web", "  Host(`h`) && PathPrefix(`/a`) -> a", "  Host(`h`) && PathPrefix(`/b`) -> a",
				"IngressRoute shop/cart-route-2-#2 on web", "  Host(`h`) && PathPrefix(`/a`) -> cart-auth-#1 a",
			},
		},
		"nothing behind": {
			ir.Translation{Routes: []ir.Route{at("/a", func(r *ir.Route) { r.Backend = ir.Backend{} })}},
			[]string{"IngressRoute shop/cart on web", "  Host(`h`) && PathPrefix(`/a`) -> noop@internal"},
		},
		"certificates that no route carries": {
			ir.Translation{
				Routes: []ir.Route{at("/a", tls("one"))},
				Certificates: []ir.Certificate{
					{Owner: ir.Ref{Namespace: "shop", Name: "cart"}, EntryPoints: []string{"websecure"}, SecretName: "one"},
					{Owner: ir.Ref{Namespace: "shop", Name: "cart"}, EntryPoints: []string{"websecure"}, SecretName: "two"},
					{Owner: ir.Ref{Namespace: "shop", Name: "cart"}, EntryPoints: []string{"websecure"}, SecretName: "two"},
				},
			},
			[]string{
				"IngressRoute shop/cart-cert-two-#1 on websecure tls two",
				"IngressRoute shop/cart-tls-#2 on websecure tls one", "  Host(`h`) && PathPrefix(`/a`) -> a",
			},
		},
		"owners in order": {
			ir.Translation{Routes: []ir.Route{at("/a", owned("shop", "b")), at("/a", owned("shop", "a")), at("/a", owned("blog", "z"))}},
			[]string{
				"IngressRoute blog/z on web", "  Host(`h`) && PathPrefix(`/a`) -> a",
				"IngressRoute shop/a on web", "  Host(`h`) && PathPrefix(`/a`) -> a",
				"IngressRoute shop/b on web", "  Host(`h`) && PathPrefix(`/a`) -> a",
			},
		},
		"a name that is the name of a twin": {
			ir.Translation{Routes: []ir.Route{at("/a", owned("shop", taggedName("shop", "cart", "tls"))), at("/a", tls(""))}},
			[]string{
				"IngressRoute shop/cart-tls-#1 on websecure tls ", "  Host(`h`) && PathPrefix(`/a`) -> a",
				"IngressRoute shop/cart-tls-#1-route-#2 on web", "  Host(`h`) && PathPrefix(`/a`) -> a",
			},
		},
		"one router identity in two namespaces": {
			ir.Translation{Routes: []ir.Route{
				at("/a", owned("a", "b-c")), at("/a", owned("a-b", "c")), at("/b", owned("a", "b-d")), at("/c", owned("a-b", "d")),
			}},
			[]string{
				"IngressRoute a/b-c on web", "  Host(`h`) && PathPrefix(`/a`) -> a",
				"IngressRoute a/b-d on web", "  Host(`h`) && PathPrefix(`/b`) -> a",
				"IngressRoute a-b/c-ns-a-b-c-#1 on web", "  Host(`h`) && PathPrefix(`/a`) -> a",
				"IngressRoute a-b/d on web", "  Host(`h`) && PathPrefix(`/c`) -> a",
			},
		},
		"equal weighted groups are one": {
			ir.Translation{Routes: []ir.Route{at("/a", weights(90, 10)), at("/b", weights(90, 10)), at("/c", weights(1, 1))}},
			[]string{
				"TraefikService shop/cart-weighted-#1", "TraefikService shop/cart-weighted-#2",
				"IngressRoute shop/cart on web",
				"  Host(`h`) && PathPrefix(`/a`) -> cart-weighted-#1", "  Host(`h`) && PathPrefix(`/b`) -> cart-weighted-#1",
				"  Host(`h`) && PathPrefix(`/c`) -> cart-weighted-#2",
			},
		},
		"several groups of entry points": {
			ir.Translation{Routes: []ir.Route{at("/a", entryPoints("alt")), at("/b"), at("/c", tls("x")), at("/d", tls("y"))}},
			[]string{
				"IngressRoute shop/cart on alt", "  Host(`h`) && PathPrefix(`/a`) -> a",
				"IngressRoute shop/cart-tls-#1 on websecure tls x", "  Host(`h`) && PathPrefix(`/c`) -> a",
				"IngressRoute shop/cart-web-#2 on web", "  Host(`h`) && PathPrefix(`/b`) -> a",
				"IngressRoute shop/cart-websecure-tls-#3 on websecure tls y", "  Host(`h`) && PathPrefix(`/d`) -> a",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := Emit(tc.in, Target{Version: V2})
			if diff := cmp.Diff(strings.Join(tc.want, "\n"), outline(t, out)); diff != "" {
				t.Error(diff)
			}
			e := NewEmitter(Target{Version: V2})
			ways := map[string]func(ir.Translation, func([]Output) bool) []diag.Diagnostic{"Each": e.Each}
			if !mayClash(tc.in, Target{Version: V2}) {
				ways["stream"] = e.stream
			}
			for name, way := range ways {
				var each []Output
				way(tc.in, func(own []Output) bool { each = append(each, own...); return true })
				if diff := cmp.Diff(outline(t, out), outline(t, each)); diff != "" {
					t.Errorf("-Emit +%s: %s", name, diff)
				}
			}
		})
	}
}

func weights(ws ...int) func(*ir.Route) {
	return func(r *ir.Route) {
		r.Backend = ir.Backend{}
		for i, w := range ws {
			r.Backend.Services = append(r.Backend.Services, ir.Service{Name: string(rune('a' + i)), PortNumber: 80, Weight: &w})
		}
	}
}

func TestUnwritableRouteIsWithheldAndReported(t *testing.T) {
	bad := at("no-slash")
	bad.Origins = []ir.Origin{{Ingress: bad.Owner, Field: "spec.rules[0].http.paths[0]"}}
	out, problems := Emit(ir.Translation{Routes: []ir.Route{bad}, Ingresses: []ir.Outcome{{Ingress: bad.Owner, File: "x.yaml"}}}, Target{})
	want := diag.New(diag.ERuleTarget, diag.Object{Kind: "Ingress", Namespace: "shop", Name: "cart", File: "x.yaml"},
		"spec.rules[0].http.paths[0]", `path "no-slash" does not begin with a slash`).Block()
	if diff := cmp.Diff([]diag.Diagnostic{want}, problems); diff != "" {
		t.Error(diff)
	}
	if len(out) != 0 {
		t.Errorf("got %d objects", len(out))
	}
}

func TestSharedServiceWithOtherSettings(t *testing.T) {
	off := false
	other := weights(1, 2)
	r := at("/b", other)
	r.Backend.Services[0].PassHostHeader = &off
	_, problems := Emit(ir.Translation{Routes: []ir.Route{at("/a", weights(1, 2)), r, at("/c", weights(5, 6))}}, Target{})
	if len(problems) != 1 || problems[0].Code != diag.WSharedService || problems[0].Value != "a" {
		t.Errorf("got %+v", problems)
	}
}

func TestMetadata(t *testing.T) {
	labels := map[string]string{"team": "x"}
	out, _ := Emit(ir.Translation{
		Routes:    []ir.Route{at("/a", filters(ir.BasicAuth{Secret: "s"}), weights(1, 2))},
		Ingresses: []ir.Outcome{{Ingress: ir.Ref{Namespace: "shop", Name: "cart"}, Labels: labels}},
	}, Target{Version: V2, IngressClass: "edge"})
	if len(out) != 3 {
		t.Fatalf("%d objects", len(out))
	}
	for _, o := range out {
		kind := o.Object.GetObjectKind().GroupVersionKind()
		if diff := cmp.Diff(map[string]string{"team": "x", ManagedLabel: "true"}, o.Object.GetLabels()); diff != "" {
			t.Errorf("%v: %s", kind, diff)
		}
		if kind.GroupVersion().String() != "traefik.io/v1alpha1" {
			t.Errorf("group and version are %v", kind)
		}
		var want map[string]string
		if kind.Kind == "IngressRoute" {
			want = map[string]string{"kubernetes.io/ingress.class": "edge"}
		}
		if diff := cmp.Diff(want, o.Object.GetAnnotations()); diff != "" {
			t.Errorf("%v: %s", kind, diff)
		}
	}
	if len(labels) != 1 {
		t.Errorf("the labels of the input were changed: %v", labels)
	}
}

func TestTraefik3HasNoLegacyGroup(t *testing.T) {
	if got := (Target{Version: V3, APIGroup: LegacyGroup}).APIVersion(); got != "traefik.io/v1alpha1" {
		t.Errorf("got %s", got)
	}
}

func TestStickyFieldsOfTraefik3(t *testing.T) {
	cookie := &ir.Sticky{CookieName: "c", Path: "/p", Domain: "d", MaxAge: 5, KeepsTerminating: true}
	direct := at("/a", func(r *ir.Route) {
		r.Backend = ir.Backend{Services: []ir.Service{{Name: "a", PortNumber: 80, Sticky: cookie}}}
	})
	grouped := at("/b", weights(1, 2))
	grouped.Backend.Sticky = cookie
	grouped.Backend.Services[1].Sticky = cookie
	in := ir.Translation{Routes: []ir.Route{at("/0"), direct, grouped}}

	out, problems := Emit(in, Target{Version: V3})
	var text strings.Builder
	for _, o := range out {
		y, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(y)
	}
	if n := strings.Count(text.String(), "domain: d"); n != 3 || len(problems) != 0 {
		t.Errorf("v3: %d cookies with a domain, want 3; problems %v\n%s", n, problems, text.String())
	}
	_, problems = Emit(in, Target{Version: V2})
	if len(problems) != 1 || problems[0].Code != diag.WStickyFields {
		t.Errorf("v2: got %v", problems)
	}
}

func TestPriorityIsNeverLeftToTraefik(t *testing.T) {
	out, _ := Emit(ir.Translation{Routes: []ir.Route{at("/a", func(r *ir.Route) { r.Priority = 0 })}}, Target{})
	if route := out[0].Object.(*v1alpha1.IngressRoute); route.Spec.Routes[0].Priority != 1 {
		t.Errorf("priority %d", route.Spec.Routes[0].Priority)
	}
}
