package convert

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/v1"
)

// FuzzConvert feeds one Ingress with one annotation, beside a fixed second one,
// and holds the result to what can be said of every result.
func FuzzConvert(f *testing.F) {
	for i, value := range v1.ValuePool {
		f.Add(v1.HostPool[i%len(v1.HostPool)], v1.PathPool[i%len(v1.PathPool)], "traefik.ingress.kubernetes.io/rule-type", value, "a", i%2 == 0)
	}
	for _, key := range []string{"service-weights", "rate-limit", "error-pages", "pass-client-tls-cert", "buffering", "custom-request-headers", "request-modifier", "redirect-regex"} {
		for _, value := range v1.ValuePool {
			f.Add("a.x", "/foo", "ingress.kubernetes.io/"+key, value, "a", true)
		}
	}
	f.Fuzz(func(t *testing.T, host, path, key, value, service string, v3 bool) {
		ingress := func(name, host string, annotations map[string]string) ir.Ingress {
			ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: name, Annotations: annotations}}
			ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "crt"}}
			ing.Spec.Rules = []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{Path: path, Backend: networkingv1.IngressBackend{
					Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}},
				}}},
			}}}}
			return ir.Ingress{Ingress: ing}
		}
		in := Input{
			Ingresses: []ir.Ingress{ingress("fuzzed", host, map[string]string{key: value}), ingress("second", "a.x", nil)},
			Services: []*corev1.Service{{
				ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: service, Annotations: map[string]string{key: value}},
				Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
			}},
		}
		opts := Options{From: FromTraefikV1, Target: emit.Target{Version: emit.V2}}
		if v3 {
			opts.Target.Version = emit.V3
		}
		result := Convert(in, opts)
		first, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(Convert(in, opts))
		if err != nil {
			t.Fatal(err)
		}
		if string(first) != string(second) {
			t.Fatalf("two runs differ:\n%s\n%s", first, second)
		}
		if len(result.Ingresses) != 2 || len(result.Ingresses[0].Annotations) != 1 {
			t.Fatalf("report: %+v", result.Ingresses)
		}
	})
}
