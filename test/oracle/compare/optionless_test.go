package compare

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// TestOptionless: a pod answers where TLS options of another namespace closed the
// connection, which is excused for a route of a wider host alone.
func TestOptionless(t *testing.T) {
	const options = "metadata.annotations[traefik.ingress.kubernetes.io/router.tls.options]"
	const middlewares = "metadata.annotations[traefik.ingress.kubernetes.io/router.middlewares]"
	for name, test := range map[string]struct {
		field, optioned, wide string
		want                  diag.Code
	}{
		"any host":         {options, "h.test", "", diag.WTraefikCrossNS},
		"a wildcard":       {options, "h.test", "*.test", diag.WTraefikCrossNS},
		"the same host":    {options, "h.test", "h.test", ""},
		"another wildcard": {options, "h.test", "*.w.test", ""},
		"options of none":  {options, "", "", ""},
		"no options":       {middlewares, "h.test", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ingress := func(name, host, path, service string) *networkingv1.Ingress {
				backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service}}
				return &networkingv1.Ingress{
					ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: name},
					Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{
						HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: path, Backend: backend}}},
					}}}},
				}
			}
			set := &world.Set{Ingresses: []*networkingv1.Ingress{ingress("i", test.optioned, "/x", "a"), ingress("wide", test.wide, "/foo", "d")}}
			report := convert.IngressReport{Ingress: ir.Ref{Namespace: "one", Name: "i"}, Diagnostics: []diag.Diagnostic{diag.New(diag.WTraefikCrossNS, diag.Object{}, test.field, "")}}
			scene := NewScene(convert.FromTraefik, set, convert.Result{Ingresses: []convert.IngressReport{report}}, nil, nil)
			after := judge.Answer{Status: 200, Seen: &pods.Seen{Pod: "one/d/0", URI: "/foo"}}
			judged := scene.Judge(judge.Request{Method: "GET", Host: "h.test", Target: "/foo", TLS: true}, judge.Answer{Failure: "no answer"}, after)
			if len(judged) == 0 {
				t.Fatal("no difference")
			}
			for _, j := range judged {
				if j.Excuse != test.want {
					t.Errorf("%s: excuse %q, want %q", j.Difference, j.Excuse, test.want)
				}
			}
		})
	}
}
