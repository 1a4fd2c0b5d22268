package traefikv1_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// The small alphabets make Ingresses meet: equal keys, wildcards over hosts,
// equal priorities, several default backends.
var (
	hosts    = rapid.SampledFrom([]string{"", "a.w", "b.w", "*.w", "abcde.f", "t.co"})
	paths    = rapid.SampledFrom([]string{"", "/", "/foo", "/foo/", "/bar", "/id/{x}", "/id/{x", "/a,/b", `/a\\.b`, `/a\.b`, `/q"`, "/x;Host:a.w"})
	services = rapid.SampledFrom([]string{"a", "b", "c"})
	values   = map[string]*rapid.Generator[string]{
		"auth-realm":                rapid.SampledFrom([]string{"traefik", "foo"}),
		"auth-secret":               rapid.SampledFrom([]string{"users", ""}),
		"auth-type":                 rapid.SampledFrom([]string{"basic", "digest", "forward", "kerberos", ""}),
		"auth-url":                  rapid.SampledFrom([]string{"http://auth/", ""}),
		"app-root":                  rapid.Just("/login"),
		"custom-request-headers":    rapid.SampledFrom([]string{"X-A:1", "X.B:1", "Host:evil", "bad"}),
		"custom-response-headers":   rapid.SampledFrom([]string{"X-A:1", `X-Q:say "hi"`}),
		"error-pages":               rapid.SampledFrom([]string{"p: {status: ['404'], backend: a.w/foo, query: /x}", "p: {status: [abc], backend: a.w/}", "::"}),
		"frontend-entry-points":     rapid.SampledFrom([]string{"http", "https", "http,https", "nosuch", "nosuch,http", " , "}),
		"pass-tls-cert":             rapid.SampledFrom([]string{"true", "maybe"}),
		"priority":                  rapid.SampledFrom([]string{"10", "18", "-1", "x"}),
		"protocol":                  rapid.SampledFrom([]string{"https", "ftp"}),
		"rate-limit":                rapid.SampledFrom([]string{"{extractorfunc: client.ip, rateset: {r: {period: 10s, average: 2, burst: 3}}}", "extractorFunc: x"}),
		"redirect-entry-point":      rapid.SampledFrom([]string{"https", "http", "nosuch"}),
		"redirect-regex":            rapid.SampledFrom([]string{"^http://a.w/(.*)", "^http://(h", `a\.b`}),
		"redirect-replacement":      rapid.SampledFrom([]string{"https://o/$1", "https://{{.x}}/"}),
		"request-modifier":          rapid.SampledFrom([]string{"AddPrefix:/p", "StripPrefix:/p", "ReplacePathRegex: ^/a(.*) /b$1", "ReplacePath: /x"}),
		"rewrite-target":            rapid.SampledFrom([]string{"/", "/r", "a b"}),
		"rule-type":                 rapid.SampledFrom([]string{"Path", "PathPrefix", "PathStrip", "PathPrefixStrip", "ReplacePath", "PathRegex"}),
		"service-weights":           rapid.SampledFrom([]string{"a: 90%\nb: 10%", "a: 200%", "a: 20%", ""}),
		"whitelist-source-range":    rapid.SampledFrom([]string{"10.0.0.0/8", "nonsense"}),
		"whitelist-x-forwarded-for": rapid.SampledFrom([]string{"true", "false"}),
		"affinity":                  rapid.Just("true"),
	}
	annotationNames = slices.Sorted(maps.Keys(values))
	epoch           = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
)

func ingress(t *rapid.T, number int) ir.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace:   rapid.SampledFrom([]string{"x", "y"}).Draw(t, "namespace"),
		Name:        string(rune('a' + number)),
		Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"},
	}}
	if rapid.Bool().Draw(t, "stored") {
		ing.CreationTimestamp = metav1.NewTime(epoch.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "age")) * time.Hour))
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(annotationNames), 0, 3, rapid.ID[string]).Draw(t, "annotations") {
		prefix := rapid.SampledFrom([]string{"ingress.kubernetes.io/", "traefik.ingress.kubernetes.io/"}).Draw(t, "prefix")
		ing.Annotations[prefix+name] = values[name].Draw(t, name)
	}
	backend := func() networkingv1.IngressBackend {
		return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
			Name: services.Draw(t, "service"), Port: networkingv1.ServiceBackendPort{Number: 80},
		}}
	}
	if rapid.IntRange(0, 9).Draw(t, "default") == 0 {
		b := backend()
		ing.Spec.DefaultBackend = &b
	}
	for range rapid.IntRange(0, 2).Draw(t, "rules") {
		rule := networkingv1.IngressRule{Host: hosts.Draw(t, "host")}
		if rapid.IntRange(0, 9).Draw(t, "http") > 0 {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range rapid.IntRange(0, 2).Draw(t, "paths") {
				rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: paths.Draw(t, "path"), Backend: backend()})
			}
		}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	return ir.Ingress{Ingress: ing}
}

func cluster(t *rapid.T) ir.Input {
	var in ir.Input
	for i := range rapid.IntRange(1, 6).Draw(t, "ingresses") {
		in.Ingresses = append(in.Ingresses, ingress(t, i))
	}
	return in
}

// Nothing of the input disappears from both routes and report.
func TestNothingDisappears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := cluster(t)
		out := traefikv1.Translate(in, traefikv1.Facts{})
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
			text := ""
			for _, d := range outcome.Diagnostics {
				text += d.Field + " " + d.Text + "\n"
			}
			for r, rule := range ing.Spec.Rules {
				if rule.HTTP == nil {
					continue
				}
				for p, path := range rule.HTTP.Paths {
					origin := ir.Origin{Ingress: outcome.Ingress, Field: field(r, p)}
					where := "any host"
					if rule.Host != "" {
						where = rule.Host
					}
					if path.Path != "" {
						where += " " + path.Path
					}
					if !routed[origin] && !strings.Contains(text, "no route for "+where+",") {
						t.Fatalf("%s %s is neither routed nor reported:\n%s", outcome.Ingress, origin.Field, text)
					}
				}
			}
		}
	})
}

func field(rule, path int) string {
	return "spec.rules[" + string(rune('0'+rule)) + "].http.paths[" + string(rune('0'+path)) + "]"
}

// The order of the input changes nothing but the order of the report.
func TestOrderOfInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := cluster(t)
		want := traefikv1.Translate(in, traefikv1.Facts{})
		in.Ingresses = rapid.Permutation(in.Ingresses).Draw(t, "order")
		got := traefikv1.Translate(in, traefikv1.Facts{})
		if diff := cmp.Diff(want.Routes, got.Routes); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.Certificates, got.Certificates); diff != "" {
			t.Fatal(diff)
		}
	})
}

// An Ingress has the same routes when only its peers are translated with it: the
// webhook sees no more.
func TestPeersAreEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := cluster(t)
		whole := traefikv1.Translate(in, traefikv1.Facts{})
		var all []*networkingv1.Ingress
		for _, ing := range in.Ingresses {
			all = append(all, ing.Ingress)
		}
		for _, ing := range in.Ingresses {
			part := ir.Input{Ingresses: []ir.Ingress{ing}}
			for _, peer := range convert.Peers(ing.Ingress, all) {
				part.Ingresses = append(part.Ingresses, ir.Ingress{Ingress: peer})
			}
			owner := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
			want, got := owned(whole, owner), owned(traefikv1.Translate(part, traefikv1.Facts{}), owner)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s: -whole +peers\n%s", owner, diff)
			}
		}
	})
}

func owned(out ir.Translation, owner ir.Ref) []ir.Route {
	var routes []ir.Route
	for _, route := range out.Routes {
		if route.Owner == owner {
			routes = append(routes, route)
		}
	}
	return routes
}

// An Ingress that is added later takes nothing from routes of another namespace.
func TestNewcomerTakesNothingFromOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := cluster(t)
		for i, ing := range in.Ingresses {
			ing.CreationTimestamp = metav1.NewTime(epoch.Add(time.Duration(i) * time.Minute))
		}
		before := traefikv1.Translate(in, traefikv1.Facts{})
		newcomer := ingress(t, 20)
		newcomer.Namespace = "newcomer"
		newcomer.CreationTimestamp = metav1.Time{}
		in.Ingresses = append(in.Ingresses, newcomer)
		after := traefikv1.Translate(in, traefikv1.Facts{})
		key := func(r ir.Route) string {
			return cmp.Diff(nil, struct {
				O ir.Ref
				M ir.Match
				F []ir.Filter
				B ir.Backend
				E []string
			}{r.Owner, r.Match, r.Filters, r.Backend, r.EntryPoints})
		}
		kept := map[string]int{}
		for _, r := range after.Routes {
			kept[key(r)]++
		}
		for _, r := range before.Routes {
			if kept[key(r)]--; kept[key(r)] < 0 {
				t.Fatalf("a route is gone or changed: %+v", r)
			}
		}
	})
}

// Two routes that can take one request never have one priority.
func TestPrioritiesDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		out := traefikv1.Translate(cluster(t), traefikv1.Facts{})
		for i, a := range out.Routes {
			for _, b := range out.Routes[:i] {
				if a.Priority == b.Priority && meet(a, b) {
					t.Fatalf("both have priority %d:\n%+v\n%+v", a.Priority, a.Match, b.Match)
				}
			}
		}
	})
}

// meet asks for a handful of requests whether both routes take one of them.
func meet(a, b ir.Route) bool {
	if !slices.ContainsFunc(a.EntryPoints, func(ep string) bool { return slices.Contains(b.EntryPoints, ep) }) {
		return false
	}
	for _, host := range []string{"a.w", "b.w", "c.w", "abcde.f", "t.co", "other"} {
		for _, path := range []string{"/", "/foo", "/foo/", "/foo/x", "/bar", "/id/1", "/id/1/", "/a", "/b", "/q", "/x"} {
			for _, proto := range []string{"http", "https"} {
				if takes(a.Match, host, path, proto) && takes(b.Match, host, path, proto) {
					return true
				}
			}
		}
	}
	return false
}

func takes(m ir.Match, host, path, proto string) bool {
	_, rest, _ := strings.Cut(host, ".")
	return (len(m.Hosts) == 0 || slices.ContainsFunc(m.Hosts, func(h ir.Host) bool { return h.Value == host || h.Value == "*."+rest })) &&
		(len(m.Paths) == 0 || slices.ContainsFunc(m.Paths, func(p ir.Path) bool {
			prefix, _, template := strings.Cut(p.Value, "{")
			switch {
			case p.Kind == ir.PathExact:
				return path == p.Value
			case template:
				whole := strings.HasSuffix(path, "/") == strings.HasSuffix(p.Value, "/")
				return strings.HasPrefix(path, prefix) && len(path) > len(prefix) && (whole || p.Kind != ir.PathExactTemplate)
			}
			return strings.HasPrefix(path, p.Value)
		})) &&
		!slices.ContainsFunc(m.Headers, func(h ir.HeaderMatch) bool { return (proto == h.Value) == h.Not })
}
