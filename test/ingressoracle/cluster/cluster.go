// Package cluster makes up clusters full of what Traefik's Ingress provider is
// particular about, and the requests to ask them.
package cluster

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Set is a few Ingresses that can meet each other and no Ingress of another set.
type Set struct {
	// Domain ends every host of the set; Namespaces are its own.
	Domain     string
	Namespaces []string

	Ingresses   []*networkingv1.Ingress
	Services    []*corev1.Service
	Endpoints   []*corev1.Endpoints
	Secrets     []*corev1.Secret
	Middlewares []ir.TraefikObject
}

// maker draws one set.
type maker struct {
	*rand.Rand
	set *Set
	// alone: the set is the only one of its cluster, so that rules without host
	// and default backends hurt nobody.
	alone bool
}

// New draws set number n.
func New(r *rand.Rand, n int, alone bool) *Set {
	m := maker{Rand: r, alone: alone, set: &Set{Domain: fmt.Sprintf("d%d.test", n), Namespaces: []string{fmt.Sprintf("x%d", n), fmt.Sprintf("y%d", n)}}}
	for i, namespace := range m.set.Namespaces {
		for j, name := range []string{"a", "b", "c", "none", "ext"} {
			m.service(namespace, name, n, i*10+j)
		}
		m.set.Secrets = append(m.set.Secrets, secret(namespace, "s"), secret(namespace, "s2"), broken(namespace, "bad"))
		for _, kind := range []string{"Middleware", "TLSOption", "ServersTransport"} {
			m.set.Middlewares = append(m.set.Middlewares, ir.TraefikObject{Kind: kind, Namespace: namespace, Name: "o"}, ir.TraefikObject{Kind: kind, Namespace: namespace, Name: "o-p"})
		}
	}
	for i := range 1 + m.IntN(4) {
		m.ingress(i)
	}
	return m.set
}

// chance is true once in n times.
func (m maker) chance(n int) bool { return m.IntN(n) == 0 }

func pick[T any](m maker, values ...T) T { return values[m.IntN(len(values))] }

func (m maker) service(namespace, name string, n, i int) {
	s := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: map[string]string{}},
	}
	s.Spec.ClusterIP = pick(m, "10.9.0.1", "10.9.0.1", "None")
	s.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}, {Name: pick(m, "tls", "https-x"), Port: pick[int32](m, 443, 8443)}}
	if m.chance(4) {
		m.serviceAnnotations(s.Annotations)
	}
	switch name {
	case "ext":
		s.Spec.Type, s.Spec.ExternalName, s.Spec.ClusterIP = corev1.ServiceTypeExternalName, fmt.Sprintf("ext%d.example", n), ""
	case "none":
	default:
		m.endpoints(s, fmt.Sprintf("10.%d.%d.%d", i+1, n/250, 1+n%250))
	}
	m.set.Services = append(m.set.Services, s)
}

func (m maker) endpoints(s *corev1.Service, address string) {
	e := &corev1.Endpoints{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Endpoints"}, ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}}
	subset := corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: address}}}
	for _, port := range s.Spec.Ports {
		subset.Ports = append(subset.Ports, corev1.EndpointPort{Name: port.Name, Port: port.Port + 1000})
	}
	e.Subsets = []corev1.EndpointSubset{subset}
	m.set.Endpoints = append(m.set.Endpoints, e)
}

// slicesOf mirrors Endpoints as an EndpointSlice, which Traefik 3 reads.
func slicesOf(e *corev1.Endpoints) *discoveryv1.EndpointSlice {
	out := &discoveryv1.EndpointSlice{
		TypeMeta:    metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta:  metav1.ObjectMeta{Namespace: e.Namespace, Name: e.Name + "-1", Labels: map[string]string{discoveryv1.LabelServiceName: e.Name}},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	for _, subset := range e.Subsets {
		for i := range subset.Ports {
			out.Ports = append(out.Ports, discoveryv1.EndpointPort{Name: &subset.Ports[i].Name, Port: &subset.Ports[i].Port})
		}
		for _, address := range subset.Addresses {
			out.Endpoints = append(out.Endpoints, discoveryv1.Endpoint{Addresses: []string{address.IP}})
		}
	}
	return out
}

func secret(namespace, name string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Type: corev1.SecretTypeTLS,
		// The providers look at the names of the keys alone.
		Data: map[string][]byte{"tls.crt": []byte(namespace + "/" + name), "tls.key": []byte("key")},
	}
}

func broken(namespace, name string) *corev1.Secret {
	s := secret(namespace, name)
	delete(s.Data, "tls.key")
	return s
}
