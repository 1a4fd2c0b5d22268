package traefikingress

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// FuzzTranslate feeds a host, a path and two annotations, on the Ingress and on
// its Service; the result must be the same twice and know every annotation.
func FuzzTranslate(f *testing.F) {
	for _, a := range registry {
		f.Add("a.test", "/p", a.Key, "true", prefix+"router.tls.domains.0.main", "a.test", "3.7")
		f.Add("*.test", "/{x:(}", a.Key, "x-a@kubernetescrd,", prefix+"router.pathmatcher", "Path", "")
	}
	f.Add("`", "/`)", prefix+"router.tls.[", "]", prefix+"router.x]", "", "3.6.10")
	f.Add("", "", prefix+"router.middlewares", "a-b-c@kubernetescrd", prefix+"router.priority", "9223372036854775807", "3.6.12")
	f.Fuzz(func(t *testing.T, host, path, first, firstValue, second, secondValue, version string) {
		annotations := map[string]string{first: firstValue, second: secondValue}
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: "fuzzed", Annotations: annotations}}
		ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "s"}, {SecretName: path}}
		backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "a", Port: networkingv1.ServiceBackendPort{Number: 80}}}
		ing.Spec.Rules = []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Path: path, Backend: backend}, {Path: "/", Backend: backend}},
		}}}}
		other := ing.DeepCopy()
		other.Name, other.Annotations = "other", nil
		in := ir.Input{
			Ingresses: []ir.Ingress{{Ingress: ing}, {Ingress: other}},
			Services: []*corev1.Service{{
				ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: "a", Annotations: annotations},
				Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
			}},
		}
		out := Translate(in, Facts{Version: version})
		if !reflect.DeepEqual(out, Translate(in, Facts{Version: version})) {
			t.Fatal("two runs differ")
		}
		if len(out.Ingresses) != 2 || len(out.Ingresses[0].Annotations) != len(annotations) {
			t.Fatalf("annotations are lost: %+v", out.Ingresses)
		}
		for _, r := range out.Routes {
			if r.Priority == 0 {
				t.Fatalf("route without priority: %+v", r)
			}
		}
	})
}

func BenchmarkTranslate(b *testing.B) {
	var in ir.Input
	pathType := networkingv1.PathTypePrefix
	for i := range 5000 {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
			Namespace: "team-" + strconv.Itoa(i%60), Name: "app-" + strconv.Itoa(i),
			Annotations: map[string]string{classKey: "traefik", prefix + "router.entrypoints": "websecure", prefix + "router.tls": "true"},
		}}
		rule := networkingv1.IngressRule{Host: ing.Name + ".example.com", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
		for _, path := range []string{"/", "/api", "/static"} {
			rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, PathType: &pathType, Backend: networkingv1.IngressBackend{
				Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}},
			}})
		}
		ing.Spec.Rules = []networkingv1.IngressRule{rule}
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing})
	}
	for i := range 60 {
		in.Services = append(in.Services, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team-" + strconv.Itoa(i), Name: "web"},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := len(Translate(in, Facts{}).Routes); got != 15000 {
			b.Fatalf("%d routes", got)
		}
	}
}

// FuzzArgs reads command lines: an error, or facts with which Ingresses are
// translated without a panic.
func FuzzArgs(f *testing.F) {
	for _, line := range []string{
		"--providers.kubernetesingress.ingressclass=edge", "--entrypoints.web.address=:80/udp", "--EntryPoints..asdefault", "-core.defaultrulesyntax=v2",
		"--providers.kubernetesingress.crossprovidernamespaces=", "--providers.kubernetesingress.strictprefixmatching=maybe", "--entrypoints.a.asdefault --entrypoints.A.address=:1",
		"--providers.kubernetesingress.labelselector=((", "--providers.kubernetesingress.namespaces=a,,b",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		facts, err := FactsFromArgs(strings.Fields(line))
		if err != nil {
			return
		}
		for i, entryPoint := range facts.EntryPoints {
			if entryPoint.Name == "" || entryPoint.Name != strings.ToLower(entryPoint.Name) {
				t.Fatalf("entry point %d of %q is called %q", i, line, entryPoint.Name)
			}
		}
		Translate(ir.Input{Ingresses: []ir.Ingress{{Ingress: &networkingv1.Ingress{}}}}, facts)
	})
}
