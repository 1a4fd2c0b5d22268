package redirects

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// ingress redirects paths as an Ingress of Traefik 1.7.
func ingress(name, kind string, paths ...string) ir.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "t", Name: name, Annotations: map[string]string{
		"kubernetes.io/ingress.class":                        "traefik",
		"traefik.ingress.kubernetes.io/rule-type":            kind,
		"traefik.ingress.kubernetes.io/redirect-regex":       captured.regex,
		"traefik.ingress.kubernetes.io/redirect-replacement": "$1/new/$2",
	}}}
	rule := networkingv1.IngressRule{Host: "h.test", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
	for _, path := range paths {
		rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}},
		}})
	}
	ing.Spec.Rules = []networkingv1.IngressRule{rule}
	return ir.Ingress{Ingress: ing}
}

// converted are the plain-text routers of the conversion.
func converted(t testing.TB, v3 bool, ingresses ...ir.Ingress) []route {
	t.Helper()
	options := convert.Options{From: convert.FromTraefikV1, Target: emit.Target{Version: emit.V2}, TraefikV1: traefikv1.DefaultFacts()}
	if v3 {
		options.Target.Version = emit.V3
	}
	middlewares := map[string]redirect{}
	var out []route
	for _, output := range convert.Convert(convert.Input{Ingresses: ingresses}, options).Objects {
		switch object := output.Object.(type) {
		case *v1alpha1.Middleware:
			if r := object.Spec.RedirectRegex; r != nil {
				middlewares[object.Name] = redirect{r.Regex, r.Replacement}
			}
		case *v1alpha1.IngressRoute:
			if !slices.Contains(object.Spec.EntryPoints, "web") {
				continue
			}
			for _, r := range object.Spec.Routes {
				one := route{rule: r.Match, priority: r.Priority}
				for _, m := range r.Middlewares {
					redirect, known := middlewares[m.Name]
					if !known {
						t.Fatalf("middleware %s does not redirect", m.Name)
					}
					one.redirects = append(one.redirects, redirect)
				}
				out = append(out, one)
			}
		}
	}
	return out
}

// asConverted is what the conversion makes of the redirects in one Ingress.
func asConverted(t testing.TB, v3 bool) []route {
	var paths []string
	for i := range many {
		paths = append(paths, path(i))
	}
	return site(converted(t, v3, ingress("i", "Path", paths...)))
}

// In real routers, redirects of one Ingress are answered as those of many, which
// are a router each.
func TestMergedRedirectsAnswerAsSingleOnes(t *testing.T) {
	quiet()
	for _, kind := range []string{"Path", "PathPrefix"} {
		var paths []string
		var each []ir.Ingress
		for i := range 40 {
			p := fmt.Sprintf("/old/%d-page", i)
			if i%4 == 0 {
				p = fmt.Sprintf("/old/%d.dir/", i)
			}
			paths = append(paths, p)
			each = append(each, ingress(fmt.Sprint("i", i), kind, p))
		}
		for _, v := range versions {
			single := converted(t, v.v3, each...)
			merged := converted(t, v.v3, ingress("i", kind, paths...))
			if len(single)-len(merged) < 30 {
				t.Errorf("%s: %d routers, %d when each Ingress has one path: nothing was merged", kind, len(merged), len(single))
			}
			before, after := v.load(t, site(single)), v.load(t, site(merged))
			redirected := 0
			for _, p := range append(paths, "/old/", "/", "/OLD/1-page", "/old/99-page", "/old/4xdir/") {
				for _, suffix := range []string{"", "/", "x", "/x", "?q=1", "%2F", "%20", "//"} {
					for _, host := range []string{"h.test", "H.TEST:80", "other.test", "none.test"} {
						for _, form := range []string{p, "/%6fld" + p[min(4, len(p)):], "/" + p} {
							url := "http://" + host + form + suffix
							want, got := answer(before, url), answer(after, url)
							if want != got {
								t.Errorf("Traefik %s, %s, %s: %s with a router each, %s merged", v.name, kind, url, want, got)
							}
							if want[0] == '3' {
								redirected++
							}
						}
					}
				}
			}
			if redirected == 0 {
				t.Errorf("Traefik %s, %s: no request was redirected", v.name, kind)
			}
		}
	}
}

func answer(handler http.Handler, url string) string {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, url, http.NoBody))
	return fmt.Sprint(recorder.Code, " ", recorder.Header().Get("Location"))
}

// Paths of whole segments need two expressions in one rule, which must not get
// into each other's way.
func TestTwoExpressionsInOneRule(t *testing.T) {
	quiet()
	rules := map[string]string{
		"2.11": "Host(`h.test`) && (Path(`/{expr:(?:a|b)}`) || PathPrefix(`/{expr:(?:a|b)/}`))",
		"3.7":  "Host(`h.test`) && (PathRegexp(`^/(?:a|b)$`) || PathRegexp(`^/(?:a/|b/)`))",
	}
	want := map[string]string{"/a": "200", "/b/": "200", "/b/c": "200", "/c": "404", "/ab": "404", "/a/": "200", "/x/a": "404"}
	for _, v := range versions {
		handler := v.load(t, []route{{rule: rules[v.name], priority: 10}})
		for path, status := range want {
			if got := answer(handler, "http://h.test"+path)[:3]; got != status {
				t.Errorf("Traefik %s, %s: %s, want %s", v.name, path, got, status)
			}
		}
	}
}
