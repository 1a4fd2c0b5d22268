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
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// ReadService reads a Service where it is stored; nil when there is none.
type ReadService func(context.Context, types.NamespacedName) (*corev1.Service, error)

// Confirming returns a Translator that asks for Services which the Store does not have,
// or not with the port that an Ingress leads to. One `kubectl apply` often brings both,
// and the Store may hear of the Ingress first: without asking, a route that serves would
// be taken away until the Store hears of the Service.
func (t *Translator) Confirming(service ReadService) *Translator {
	confirming := *t
	confirming.confirm = service
	return &confirming
}

// services returns the Services that the conversion of Ingresses asks for: those of the
// Store, and what it had not heard of yet. When they are the whole cluster, only those
// Ingresses are asked for whose objects are used.
func (t *Translator) services(ctx context.Context, ingresses []ir.Ingress, whole bool) ([]*corev1.Service, error) {
	var services []*corev1.Service
	// Services of which nothing more can be found out, and where the others are.
	asked, at := map[types.NamespacedName]bool{}, map[types.NamespacedName]int{}
	for _, ing := range ingresses {
		confirms := t.confirm != nil && (!whole || t.Everything(ing.Ingress))
		for wanted := range convert.NamedServices(ing.Ingress) {
			key := types.NamespacedName{Namespace: ing.Namespace, Name: wanted.Name}
			i, known := at[key]
			if !known {
				service, err := t.store.Service(ctx, key)
				if err != nil {
					return nil, fmt.Errorf("find Service %s: %w", key, err)
				}
				i, at[key] = len(services), len(services)
				services = append(services, service)
			}
			if !confirms || asked[key] || services[i] != nil && hasPort(services[i], wanted.Port) {
				continue
			}
			asked[key] = true
			service, err := t.confirm(ctx, key)
			if err != nil {
				return nil, fmt.Errorf("read Service %s: %w", key, err)
			}
			if service != nil {
				services[i] = service
			}
		}
	}
	return slices.DeleteFunc(services, func(s *corev1.Service) bool { return s == nil }), nil
}

// hasPort tells whether a Service has a port of this number or name; an empty one is any. The target port,
// which ingress-nginx looks at as well, may be one that another port is about to get.
func hasPort(service *corev1.Service, port networkingv1.ServiceBackendPort) bool {
	if port == (networkingv1.ServiceBackendPort{}) {
		return true
	}
	wanted := port.Name
	if wanted == "" {
		wanted = strconv.Itoa(int(port.Number))
	}
	return slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
		return p.Name == wanted || strconv.Itoa(int(p.Port)) == wanted
	})
}
