package traefikv1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReferencedHosts(t *testing.T) {
	tests := map[string][]string{
		"a: {status: ['404'], backend: Err.test/x}":                                {"err.test"},
		"a: {status: ['404'], backend: 50-http_err.test/x}":                        {"50-http_err.test", "err.test"},
		"{a: {backend: b.test}, b: {backend: /only/path}, c: {backend: b.test/y}}": {"b.test"},
		"a: null": nil,
		"::":      nil,
		"":        nil,
	}
	for pages, want := range tests {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{traefikPrefix + "error-pages": pages}}}
		if diff := cmp.Diff(want, ReferencedHosts(ing)); diff != "" {
			t.Errorf("%s: -want +got\n%s", pages, diff)
		}
	}
	if got := ReferencedHosts(nil); got != nil {
		t.Errorf("nil: %q", got)
	}
}

func TestNamesEntryPoints(t *testing.T) {
	for _, a := range Annotations() {
		if got, want := NamesEntryPoints(a.Key), a.Name == "frontend-entry-points"; got != want {
			t.Errorf("%s: %v", a.Key, got)
		}
	}
}
