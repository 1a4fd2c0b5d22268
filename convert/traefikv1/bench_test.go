package traefikv1

import (
	"fmt"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// BenchmarkTranslate translates 5,000 Ingresses of 3 paths, TLS and 3
// annotations each; the time is per Ingress.
func BenchmarkTranslate(b *testing.B) {
	const count = 5000
	var in ir.Input
	for i := range count {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("team-%d", i%50), Name: fmt.Sprintf("app-%d", i),
			Annotations: map[string]string{
				"kubernetes.io/ingress.class":                          "traefik",
				"traefik.ingress.kubernetes.io/rule-type":              "PathPrefixStrip",
				"traefik.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8",
			},
		}}
		ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "crt"}}
		rule := networkingv1.IngressRule{Host: fmt.Sprintf("app-%d.example.com", i)}
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
		for _, path := range []string{"/", "/api", "/static"} {
			rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, Backend: networkingv1.IngressBackend{
				Service: &networkingv1.IngressServiceBackend{Name: "app", Port: networkingv1.ServiceBackendPort{Number: 80}},
			}})
		}
		ing.Spec.Rules = []networkingv1.IngressRule{rule}
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing})
	}
	b.ReportAllocs()
	for b.Loop() {
		Translate(in, Facts{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/ingress")
}
