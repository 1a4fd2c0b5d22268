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

// TestOpened: what was refused before is let through now.
func TestOpened(t *testing.T) {
	pod := judge.Answer{Status: 200, Seen: &pods.Seen{Pod: "one/a/0", URI: "/foo%2Fx"}}
	page := judge.Answer{Status: 401, Seen: &pods.Seen{Pod: "one/err/0"}}
	for name, test := range map[string]struct {
		code          diag.Code
		target        string
		tls           bool
		before, after judge.Answer
		want          diag.Code
	}{
		"refused, then a pod":             {diag.WEncodedSlash, "/foo%2Fx", false, judge.Answer{Status: 401}, pod, ""},
		"a page of a refusal, then a pod": {diag.WEncodedSlash, "/foo%2Fx", false, page, pod, ""},
		"no certificate, then a pod":      {diag.WEncodedSlash, "/foo%2Fx", true, judge.Answer{Failure: "no answer"}, pod, ""},
		"refused by chance":               {diag.WPrioTie, "/foo%2Fx", false, judge.Answer{Status: 403}, pod, diag.WPrioTie},
		"refused, then none":              {diag.WEncodedSlash, "/foo%2Fx", false, judge.Answer{Status: 401}, judge.Answer{Status: 404}, diag.WEncodedSlash},
		"refused, then by a page":         {diag.WEncodedSlash, "/foo%2Fx", false, judge.Answer{Status: 403}, page, diag.WEncodedSlash},
		"refused, then cleaned":           {diag.WPathSanitize, "/x/../foo", false, judge.Answer{Status: 401}, pod, diag.WPathSanitize},
		"no route, then a pod":            {diag.WEncodedSlash, "/foo%2Fx", false, judge.Answer{Status: 404}, pod, diag.WEncodedSlash},
	} {
		t.Run(name, func(t *testing.T) {
			backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "a"}}
			set := &world.Set{Ingresses: []*networkingv1.Ingress{{
				ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: "i"},
				Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: "h.test", IngressRuleValue: networkingv1.IngressRuleValue{
					HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/foo", Backend: backend}}},
				}}}},
			}}}
			report := convert.IngressReport{Ingress: ir.Ref{Namespace: "one", Name: "i"}, Diagnostics: []diag.Diagnostic{diag.New(test.code, diag.Object{}, "spec.rules[0]", "")}}
			scene := NewScene(convert.FromTraefikV1, set, convert.Result{Ingresses: []convert.IngressReport{report}}, nil, nil)
			judged := scene.Judge(judge.Request{Method: "GET", Host: "h.test", Target: test.target, TLS: test.tls}, test.before, test.after)
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
