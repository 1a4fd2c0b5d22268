package translate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// ReadService reads a Service where it is stored; nil when there is none.
type ReadService func(context.Context, types.NamespacedName) (*corev1.Service, error)

// Confirming returns a Translator that asks for Services which the Store does not have,
// or not with the port that an Ingress leads to. One `kubectl apply` often brings both,
// and the Store may hear of the Ingress first: without asking, a route that serves would
// be taken away until the Store hears of the Service.
func (t *Translator) Confirming(service ReadService) *Translator {
	confirming := *t
	confirming.service = service
	return &confirming
}

// confirm returns the Services of in with what the Store had not heard of yet. When in
// is the whole cluster, only those Ingresses are asked for whose objects are used.
func (t *Translator) confirm(ctx context.Context, in convert.Input, whole bool) ([]*corev1.Service, error) {
	services := in.Services
	asked := map[types.NamespacedName]bool{}
	for _, ing := range in.Ingresses {
		if whole && !t.Everything(ing.Ingress) {
			continue
		}
		for backend := range backends(ing.Ingress) {
			key := types.NamespacedName{Namespace: ing.Namespace, Name: backend.Name}
			at := slices.IndexFunc(services, func(s *corev1.Service) bool { return s.Namespace == key.Namespace && s.Name == key.Name })
			if asked[key] || at >= 0 && hasPort(services[at], backend.Port) {
				continue
			}
			asked[key] = true
			service, err := t.service(ctx, key)
			switch {
			case err != nil:
				return nil, fmt.Errorf("read Service %s: %w", key, err)
			case service == nil:
			case at >= 0:
				services = slices.Clone(services)
				services[at] = service
			default:
				services = append(slices.Clip(services), service)
			}
		}
	}
	return services, nil
}

// backends yields the Services that an Ingress leads to.
func backends(ing *networkingv1.Ingress) func(yield func(*networkingv1.IngressServiceBackend) bool) {
	return func(yield func(*networkingv1.IngressServiceBackend) bool) {
		if b := ing.Spec.DefaultBackend; b != nil && b.Service != nil && !yield(b.Service) {
			return
		}
		for _, rule := range ing.Spec.Rules {
			if rule.HTTP == nil {
				continue
			}
			for i := range rule.HTTP.Paths {
				if service := rule.HTTP.Paths[i].Backend.Service; service != nil && !yield(service) {
					return
				}
			}
		}
	}
}

// hasPort tells whether a Service has a port of this number or name. The target port,
// which ingress-nginx looks at as well, may be one that another port is about to get.
func hasPort(service *corev1.Service, port networkingv1.ServiceBackendPort) bool {
	wanted := port.Name
	if wanted == "" {
		wanted = strconv.Itoa(int(port.Number))
	}
	return slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
		return p.Name == wanted || strconv.Itoa(int(p.Port)) == wanted
	})
}
