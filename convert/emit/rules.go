package emit

import (
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Rules returns the rules of an IngressRoute or IngressRouteTCP of the output;
// false for other objects.
func Rules(object Object) ([]string, bool) {
	if !isRoute(object) {
		return nil, false
	}
	var rules []string
	switch route := object.(type) {
	case *v1alpha1.IngressRoute:
		for i := range route.Spec.Routes {
			rules = append(rules, route.Spec.Routes[i].Match)
		}
	case *v1alpha1.IngressRouteTCP:
		for i := range route.Spec.Routes {
			rules = append(rules, route.Spec.Routes[i].Match)
		}
	case *unstructured.Unstructured: // see withCookies
		routes, _, _ := unstructured.NestedSlice(route.Object, "spec", "routes")
		for _, r := range routes {
			fields, _ := r.(map[string]any)
			rule, _ := fields["match"].(string)
			rules = append(rules, rule)
		}
	}
	return rules, true
}

// isRoute tells whether an object has rules.
func isRoute(object Object) bool {
	switch object := object.(type) {
	case *v1alpha1.IngressRoute, *v1alpha1.IngressRouteTCP:
		return true
	case *unstructured.Unstructured:
		return object.GetKind() == "IngressRoute"
	}
	return false
}
