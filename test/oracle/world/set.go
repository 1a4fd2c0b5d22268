// Package world describes clusters: a Set of objects with requests to send, the
// place that a set takes in a cluster shared with others, and its story in a file.
package world

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
)

// Set is a small cluster: what is in it and what it is asked. Its hosts end in
// ".test", its namespaces are those of Namespaces.
type Set struct {
	Ingresses []*networkingv1.Ingress
	Services  []*corev1.Service
	Endpoints []*corev1.Endpoints
	Secrets   []*corev1.Secret
	// Traefik are the Middlewares, TLSOptions and ServersTransports that were
	// there before the conversion.
	Traefik  []*unstructured.Unstructured
	Requests []judge.Request
}

// Namespaces of sets.
func Namespaces() []string { return []string{"one", "two"} }

// ServiceNames are the Services that have pods.
func ServiceNames() []string { return []string{"a", "b", "c", "d", "err"} }

// PodsPerService is how many pods of each Service run. Endpoints list some of them.
const PodsPerService = 3

// Addresses of sets are in network 127.1.0; Place moves them into a slot's.
const (
	network         = "127.1.0."
	sentinelPod     = 254
	authPod         = 253
	SentinelAddress = network + "254"
	AuthAddress     = network + "253"
)

// Pods are all pods that the Endpoints of sets may name.
func Pods() []pods.Pod {
	out := []pods.Pod{{Name: judge.SentinelPod, Address: SentinelAddress}}
	for _, namespace := range Namespaces() {
		for _, service := range ServiceNames() {
			for n := range PodsPerService {
				out = append(out, pods.Pod{Name: fmt.Sprintf("%s/%s/%d", namespace, service, n), Address: PodAddress(namespace, service, n)})
			}
		}
	}
	return out
}

// PodAddress is the address of a pod; empty for Services without pods.
func PodAddress(namespace, service string, n int) string {
	i, j := slices.Index(Namespaces(), namespace), slices.Index(ServiceNames(), service)
	if i < 0 || j < 0 || n >= PodsPerService {
		return ""
	}
	return fmt.Sprintf("%s%d", network, 1+(i*len(ServiceNames())+j)*PodsPerService+n)
}

// Service makes a ClusterIP Service with port 80 named http.
func Service(namespace, name string) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.0.0.1",
			Ports:     []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(pods.Port)}},
		},
	}
}

// EndpointsOf makes Endpoints with n ready pods for a Service: one port each, of
// the same name, https to the pods' TLS port.
func EndpointsOf(service *corev1.Service, n int) *corev1.Endpoints {
	out := &corev1.Endpoints{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Endpoints"},
		ObjectMeta: metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name},
	}
	var subset corev1.EndpointSubset
	for i := range n {
		address := PodAddress(service.Namespace, service.Name, i)
		if address == "" {
			continue
		}
		subset.Addresses = append(subset.Addresses, corev1.EndpointAddress{
			IP: address, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: fmt.Sprintf("%s-%s-%d", service.Namespace, service.Name, i)},
		})
	}
	if len(subset.Addresses) == 0 {
		return out
	}
	for _, port := range service.Spec.Ports {
		target := int32(pods.Port)
		if port.Port == 443 || port.Name == "https" {
			target = pods.PortTLS
		}
		subset.Ports = append(subset.Ports, corev1.EndpointPort{Name: port.Name, Port: target})
	}
	out.Subsets = []corev1.EndpointSubset{subset}
	return out
}

// Complete adds a Service with one pod for every Service name of package world
// that an Ingress of s refers to, unless s has one. A Service called "nosuch" or
// otherwise unknown stays missing.
func (s *Set) Complete() {
	for _, ingress := range s.Ingresses {
		for _, name := range ServiceNames() {
			if refersTo(ingress, name) {
				s.Need(ingress.Namespace, name)
			}
		}
	}
}

// Need adds a Service with one pod unless s has it.
func (s *Set) Need(namespace, name string) {
	if slices.ContainsFunc(s.Services, func(have *corev1.Service) bool { return have.Namespace == namespace && have.Name == name }) {
		return
	}
	service := Service(namespace, name)
	s.Services = append(s.Services, service)
	s.Endpoints = append(s.Endpoints, EndpointsOf(service, 1))
}

func refersTo(ingress *networkingv1.Ingress, service string) bool {
	is := func(b *networkingv1.IngressBackend) bool {
		return b != nil && b.Service != nil && b.Service.Name == service
	}
	if is(ingress.Spec.DefaultBackend) {
		return true
	}
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for i := range rule.HTTP.Paths {
			if is(&rule.HTTP.Paths[i].Backend) {
				return true
			}
		}
	}
	return false
}

// Clone returns a deep copy.
func (s *Set) Clone() *Set {
	out := &Set{}
	for _, o := range s.Ingresses {
		out.Ingresses = append(out.Ingresses, o.DeepCopy())
	}
	for _, o := range s.Services {
		out.Services = append(out.Services, o.DeepCopy())
	}
	for _, o := range s.Endpoints {
		out.Endpoints = append(out.Endpoints, o.DeepCopy())
	}
	for _, o := range s.Secrets {
		out.Secrets = append(out.Secrets, o.DeepCopy())
	}
	for _, o := range s.Traefik {
		out.Traefik = append(out.Traefik, o.DeepCopy())
	}
	for _, r := range s.Requests {
		r.Header = r.Header.Clone()
		out.Requests = append(out.Requests, r)
	}
	return out
}
