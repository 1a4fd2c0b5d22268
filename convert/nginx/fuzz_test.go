package nginx

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func ingressRule(host string, paths ...string) networkingv1.IngressRule {
	rule := networkingv1.IngressRule{Host: host}
	if len(paths) == 0 {
		return rule
	}
	rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
	for _, path := range paths {
		rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "a", Port: networkingv1.ServiceBackendPort{Number: 80}},
		}})
	}
	return rule
}

// FuzzTranslate feeds two annotations, a host and a path; the result must be the
// same twice and know every annotation, whatever they are.
func FuzzTranslate(f *testing.F) {
	for _, a := range registry {
		f.Add(a.Name, "true", "use-regex", "true", "a.test", "/a(/|$)(.*)", "")
		f.Add(a.Name, "x/y", "rewrite-target", "/$2", "*.test", "/a|/b", "proxy-body-size: 0")
	}
	f.Add("configuration-snippet", "a { b; \"", "server-snippet", "}", "", "/[", "block-user-agents: ~*(")
	f.Add("server-alias", "~(,*.x,~^a$", "from-to-www-redirect", "true", "www.a", "no-slash", "whitelist-source-range: 10/8")
	f.Fuzz(func(t *testing.T, first, firstValue, second, secondValue, host, path, setting string) {
		class := "nginx"
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "fuzzed", Annotations: map[string]string{
			DefaultPrefix + "/" + first: firstValue, DefaultPrefix + "/" + second: secondValue,
		}}}
		ing.Spec.IngressClassName = &class
		ing.Spec.Rules = []networkingv1.IngressRule{ingressRule(host, path, "/")}
		other := ing.DeepCopy()
		other.Name, other.Annotations = "other", nil
		key, value, _ := strings.Cut(setting, ": ")
		facts := Facts{ConfigMap: map[string]string{key: value}, EnableSSLPassthrough: true, LimitBodies: true}
		in := ir.Input{Ingresses: []ir.Ingress{{Ingress: ing}, {Ingress: other}}}
		out := Translate(in, facts)
		if !reflect.DeepEqual(out, Translate(in, facts)) {
			t.Fatal("two runs differ")
		}
		if len(out.Ingresses) != 2 || len(out.Ingresses[0].Annotations) != len(ing.Annotations) {
			t.Fatalf("annotations are lost: %+v", out.Ingresses)
		}
		for _, r := range out.Routes {
			if r.Priority <= 0 || len(r.EntryPoints) != 1 {
				t.Fatalf("route without priority or entry point: %+v", r)
			}
		}
	})
}

func BenchmarkTranslate(b *testing.B) {
	class := "nginx"
	in := ir.Input{}
	for i := range 5000 {
		name := "i" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("0", i/26%50) + string(rune('a'+i/1300))
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}}
		ing.Spec.IngressClassName = &class
		ing.Spec.Rules = []networkingv1.IngressRule{ingressRule(name+".test", "/", "/a", "/b")}
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing})
	}
	b.ReportAllocs()
	for b.Loop() {
		Translate(in, Facts{})
	}
}

// FuzzExpressions holds the parts into which a path is taken against the whole:
// one of them matches where the expression that the controller renders does.
func FuzzExpressions(f *testing.F) {
	for _, path := range []string{"/a|/b", "/a(/|$)(.*)", "/x[|]y|z", `/a\|b|c`, `/\Qa|b\E|c`, "/(?:a|b)|c", "/a|", "/a|^/b", "/[]|]|x", "/(?-i)a|B", "/a|[/x]b"} {
		f.Add(path, "/z/b")
		f.Add(path, "/B")
	}
	f.Fuzz(func(t *testing.T, path, request string) {
		if !strings.HasPrefix(path, "/") || !strings.HasPrefix(request, "/") || strings.ContainsAny(request, "\n\r") {
			return
		}
		parts, err := expressions(path)
		if err != nil {
			return
		}
		want := regexp.MustCompile("(?i)^" + unquote.Replace(path)).MatchString(request)
		got := slices.ContainsFunc(parts, func(part string) bool { return regexp.MustCompile(part).MatchString(request) })
		if got != want {
			t.Fatalf("%q takes %q: %v; its parts %q: %v", path, request, want, parts, got)
		}
	})
}

// FuzzDirectives splits snippets; whatever they are, no directive is lost.
func FuzzDirectives(f *testing.F) {
	for _, text := range []string{"deny all;", `more_set_headers "X: a;b";`, "if ($x) { return 403; } allow all", "# deny\nallow all;", `set $x "\";";`, "a{b{c;}d;}", "}{"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, directive := range directives(text) {
			if len(directive) == 0 {
				t.Fatalf("%q has a directive without words", text)
			}
		}
		if all := directives("deny all;\n" + text); len(all) == 0 || !slices.Equal(all[0], []string{"deny", "all"}) {
			t.Fatalf("deny all is lost before %q: %q", text, all)
		}
	})
}
