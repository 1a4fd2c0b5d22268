package source

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// endpointsOf says what an EndpointSlice says in the words of Endpoints, which
// is what Traefik 1.7 reads. The name stays the slice's; mergeSlices uses the
// Service's.
func endpointsOf(slice *discoveryv1.EndpointSlice) *ir.Endpoints {
	subset := ir.EndpointSubset{}
	for _, endpoint := range slice.Endpoints {
		for _, address := range endpoint.Addresses {
			a := corev1.EndpointAddress{IP: address, NodeName: endpoint.NodeName, TargetRef: endpoint.TargetRef}
			// Nil is to be taken as ready (k8s.io/api/discovery/v1/types.go).
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				subset.Addresses = append(subset.Addresses, a)
			} else {
				subset.NotReadyAddresses = append(subset.NotReadyAddresses, a)
			}
		}
	}
	for _, port := range slice.Ports {
		p := corev1.EndpointPort{AppProtocol: port.AppProtocol}
		if port.Name != nil {
			p.Name = *port.Name
		}
		if port.Port != nil {
			p.Port = *port.Port
		}
		if port.Protocol != nil {
			p.Protocol = *port.Protocol
		}
		subset.Ports = append(subset.Ports, p)
	}
	return &ir.Endpoints{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: slice.Namespace,
			Name:      slice.Name,
			Labels:    map[string]string{discoveryv1.LabelServiceName: slice.Labels[discoveryv1.LabelServiceName]},
		},
		Subsets: []ir.EndpointSubset{subset},
	}
}

// mergeSlices adds to endpoints those of Services that only have slices, one
// subset per slice.
func mergeSlices(endpoints, slices []*ir.Endpoints) []*ir.Endpoints {
	known := make(map[string]*ir.Endpoints, len(endpoints))
	for _, e := range endpoints {
		known[e.Namespace+"/"+e.Name] = nil // complete already
	}
	for _, slice := range slices {
		service := slice.Labels[discoveryv1.LabelServiceName]
		if service == "" {
			continue
		}
		key := slice.Namespace + "/" + service
		whole, seen := known[key]
		switch {
		case seen && whole == nil:
		case seen:
			whole.Subsets = append(whole.Subsets, slice.Subsets...)
		default:
			whole = &ir.Endpoints{
				ObjectMeta: metav1.ObjectMeta{Namespace: slice.Namespace, Name: service},
				Subsets:    slice.Subsets,
			}
			known[key] = whole
			endpoints = append(endpoints, whole)
		}
	}
	return endpoints
}
