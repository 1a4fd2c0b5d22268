package convert

import (
	"iter"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// NamedServices yields the Services of its own namespace that the conversion of ing
// asks for, with the port that it wants of each; an empty port is any. Some come more
// than once. With these alone among the Services of the input the objects are the same
// as with all of the cluster.
func NamedServices(ing *networkingv1.Ingress) iter.Seq[networkingv1.IngressServiceBackend] {
	return func(yield func(networkingv1.IngressServiceBackend) bool) {
		if ing == nil {
			return
		}
		if b := ing.Spec.DefaultBackend; b != nil && b.Service != nil && !yield(*b.Service) {
			return
		}
		for i := range ing.Spec.Rules {
			http := ing.Spec.Rules[i].HTTP
			for k := 0; http != nil && k < len(http.Paths); k++ {
				if service := http.Paths[k].Backend.Service; service != nil && !yield(*service) {
					return
				}
			}
		}
		for key, value := range ing.Annotations {
			// Of ingress-nginx, whose prefix can be chosen: a Service too many does no harm.
			// What is no name would be an error where Services are read.
			if strings.HasSuffix(key, "/default-backend") && len(validation.IsDNS1123Label(value)) == 0 && !yield(networkingv1.IngressServiceBackend{Name: value}) {
				return
			}
		}
	}
}
