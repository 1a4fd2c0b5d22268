package convert

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/v1"
)

var (
	fuzzDialects = []Dialect{FromTraefikV1, FromTraefik, FromNginx, Auto}
	fuzzTargets  = []emit.Target{{Version: emit.V2}, {Version: emit.V3}, {Version: emit.V2, APIGroup: emit.LegacyGroup}}
)

// FuzzConvert feeds one Ingress with one annotation, on its Service too, beside a
// fixed second one, in every dialect for every target, and holds the result to
// what can be said of every result.
func FuzzConvert(f *testing.F) {
	for i, value := range v1.ValuePool {
		f.Add(v1.HostPool[i%len(v1.HostPool)], v1.PathPool[i%len(v1.PathPool)], "traefik.ingress.kubernetes.io/rule-type", value, "a", uint8(i))
	}
	for _, key := range []string{"service-weights", "rate-limit", "error-pages", "pass-client-tls-cert", "buffering", "custom-request-headers", "request-modifier", "redirect-regex"} {
		for _, value := range v1.ValuePool {
			f.Add("a.x", "/foo", "ingress.kubernetes.io/"+key, value, "a", uint8(0))
		}
	}
	addStories(f)
	f.Fuzz(func(t *testing.T, host, path, key, value, service string, way uint8) {
		opts := Options{From: fuzzDialects[way%4], Target: fuzzTargets[way/4%3]}
		in := fuzzInput(opts.From, host, path, key, value, service)
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
		if len(result.Ingresses) != 2 || !slices.ContainsFunc(result.Ingresses[0].Annotations, func(a ir.Annotation) bool { return a.Key == key }) {
			t.Fatalf("report: %+v", result.Ingresses)
		}
		for _, o := range result.Objects {
			if errs := validation.IsDNS1123Subdomain(o.Object.GetName()); errs != nil || o.Object.GetNamespace() != "one" {
				t.Fatalf("object %s/%s: %v", o.Object.GetNamespace(), o.Object.GetName(), errs)
			}
		}
	})
}

func fuzzInput(from Dialect, host, path, key, value, service string) Input {
	ingress := func(name, host string, annotations map[string]string) ir.Ingress {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: name, Annotations: annotations}}
		class := "nginx"
		if from == FromNginx {
			ing.Spec.IngressClassName = &class
		}
		ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "crt"}}
		ing.Spec.Rules = []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Path: path, Backend: networkingv1.IngressBackend{
				Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}},
			}}},
		}}}}
		return ir.Ingress{Ingress: ing}
	}
	return Input{
		Ingresses: []ir.Ingress{ingress("fuzzed", host, map[string]string{key: value}), ingress("second", "a.x", nil)},
		Services: []*corev1.Service{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: service, Annotations: map[string]string{key: value}},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
		}},
	}
}

// addStories adds every annotation of the stories, with the first path beside it.
func addStories(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		parts := map[string][]byte{}
		for _, part := range archive.Files {
			parts[part.Name] = part.Data
		}
		opts := readOptions(f, parts["options.yaml"])
		way := slices.Index(fuzzDialects, opts.From)
		if opts.Target.Version == emit.V3 {
			way += len(fuzzDialects)
		}
		for _, ing := range readInput(f, parts["input.yaml"]).Ingresses {
			for _, rule := range ing.Spec.Rules[:min(1, len(ing.Spec.Rules))] {
				if rule.HTTP == nil || len(rule.HTTP.Paths) == 0 {
					continue
				}
				for key, value := range ing.Annotations {
					f.Add(rule.Host, rule.HTTP.Paths[0].Path, key, value, "a", uint8(way))
				}
			}
		}
	}
}
