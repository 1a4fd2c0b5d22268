package world

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// slicesOf mirrors Endpoints as EndpointSlices, which Traefik 3 reads.
func slicesOf(endpoints *corev1.Endpoints) []any {
	var out []any
	tcp := corev1.ProtocolTCP // which an API server fills in
	for i, subset := range endpoints.Subsets {
		slice := &discoveryv1.EndpointSlice{
			TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
			ObjectMeta: metav1.ObjectMeta{
				Namespace: endpoints.Namespace, Name: fmt.Sprintf("%s-%d", endpoints.Name, i),
				Labels: map[string]string{discoveryv1.LabelServiceName: endpoints.Name},
			},
			AddressType: discoveryv1.AddressTypeIPv4,
		}
		for _, port := range subset.Ports {
			slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &port.Port, Protocol: &tcp})
		}
		for _, address := range subset.Addresses {
			ready := true
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
				Addresses: []string{address.IP}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}, TargetRef: address.TargetRef,
			})
		}
		out = append(out, slice)
	}
	return out
}
