package edge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nginxObjects are one Ingress and its Service; paths are "Type path".
func nginxObjects(annotations map[string]string, paths ...string) NginxObjects {
	ingress := networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "front", Annotations: annotations}}
	rule := networkingv1.IngressRule{Host: "a.test", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
	for _, p := range paths {
		var kind networkingv1.PathType
		var path string
		fmt.Sscan(p, &kind, &path)
		rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, PathType: &kind, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "front", Port: networkingv1.ServiceBackendPort{Number: 8080}},
		}})
	}
	ingress.Spec.Rules = append(ingress.Spec.Rules, rule)
	service := corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "front"},
		Spec:       corev1.ServiceSpec{ExternalName: "127.2.1.1", Ports: []corev1.ServicePort{{Port: 8080}}},
	}
	return NginxObjects{Ingresses: []networkingv1.Ingress{ingress}, Services: []corev1.Service{service}}
}

func TestNginxLocations(t *testing.T) {
	tests := map[string]struct {
		annotations map[string]string
		paths, want []string
	}{
		"kinds, the longest first": {
			paths: []string{"Prefix /", "Prefix /b", "Exact /long", "ImplementationSpecific /c"},
			want:  []string{"= /long", "/b/", "= /b", "/c", "/"},
		},
		"patterns": {
			annotations: map[string]string{nginxPrefix + "rewrite-target": "/$2"},
			paths:       []string{"ImplementationSpecific /api(/|$)(.*)", "Exact /x"},
			want:        []string{`~* "^/api(/|$)(.*)"`, `~* "^/x$"`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files, err := renderNginx(Options{}.withDefaults("nginx", ImageNginx), nginxObjects(test.annotations, test.paths...))
			if err != nil {
				t.Fatal(err)
			}
			_, server, _ := strings.Cut(string(files["nginx.conf"]), "server_name a.test;")
			var got []string
			for line := range strings.Lines(server) {
				if match, ok := strings.CutPrefix(strings.TrimSpace(line), "location "); ok {
					got = append(got, strings.TrimSuffix(match, " {"))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is not rendered must not look as if it were.
func TestNginxRefusesWhatItDoesNotKnow(t *testing.T) {
	_, err := renderNginx(Options{}, nginxObjects(map[string]string{nginxPrefix + "canary": "true"}, "Prefix /"))
	if err == nil || !strings.Contains(err.Error(), "canary is not known here") {
		t.Errorf("error %v, want one that names the annotation", err)
	}
}
