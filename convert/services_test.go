package convert

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// No other Service than those that NamedServices yields changes anything.
func TestOtherServicesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		in.ServicesKnown = true
		named := map[ir.Ref]bool{}
		for _, ing := range in.Ingresses {
			for service := range NamedServices(ing.Ingress) {
				named[ir.Ref{Namespace: ing.Namespace, Name: service.Name}] = true
			}
		}
		want := render(t, Convert(in, opts))
		// A namespace is known to exist by its Services, whatever they are.
		namespaces := map[string]bool{}
		in.Services = slices.DeleteFunc(slices.Clone(in.Services), func(s *corev1.Service) bool {
			first := s != nil && !namespaces[s.Namespace]
			if first {
				namespaces[s.Namespace] = true
			}
			return s == nil || !first && !named[ir.Ref{Namespace: s.Namespace, Name: s.Name}]
		})
		if got := render(t, Convert(in, opts)); got != want {
			t.Fatal(gocmp.Diff(want, got))
		}
	})
}

func TestNamedServices(t *testing.T) {
	ing := withPath(ingressOf("i", "a.x"))
	ing.Annotations = map[string]string{"nginx.ingress.kubernetes.io/default-backend": "pages", "other.example.com/default-backend": "../secrets/s"}
	ing.Spec.DefaultBackend = ing.Spec.Rules[0].HTTP.Paths[0].Backend.DeepCopy()
	ing.Spec.DefaultBackend.Service.Name = "fallback"
	var names []string
	for service := range NamedServices(ing) {
		names = append(names, service.Name)
	}
	if diff := gocmp.Diff([]string{"fallback", ing.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name, "pages"}, names); diff != "" {
		t.Error(diff)
	}
}
