// Package backend runs the applications behind the sandbox's edge: servers that
// answer with what reached them.
//
// Endpoints in 127.0.0.0/8 are refused by the API server, so each application
// is an ExternalName Service that names an IP address, one address per
// application: to Traefik, equal address and port is one server.
package backend

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DefaultPort is above the ports that need privileges.
const DefaultPort = 8080

// Service is one application.
type Service struct {
	Namespace, Name string
	// Address is the IP address to listen on. Empty: 127.0.9.N, N counting the
	// services of one Start from 1.
	Address string
	// Port is listened on and listed in the Service; 0 is DefaultPort.
	Port int32
	// PortName is the port's name in the Service; empty is "http".
	PortName string
}

// Set is a number of running applications.
type Set struct {
	services []Service
	servers  []*http.Server
	counts   map[string]*counts
}

// counts are a service's.
type counts struct{ served, inFlight atomic.Int64 }

// Start listens for every service, in this process, until Close or the end of
// ctx.
func Start(ctx context.Context, services []Service) (*Set, error) {
	s := &Set{counts: map[string]*counts{}}
	for i, service := range services {
		service = withDefaults(service, i+1)
		if err := s.serve(ctx, service); err != nil {
			return nil, errors.Join(fmt.Errorf("starting backend %s: %w", key(service.Namespace, service.Name), err), s.Close())
		}
	}
	context.AfterFunc(ctx, func() { s.Close() })
	return s, nil
}

func withDefaults(service Service, n int) Service {
	if service.Address == "" {
		service.Address = fmt.Sprintf("127.0.9.%d", n)
	}
	if service.Port == 0 {
		service.Port = DefaultPort
	}
	if service.PortName == "" {
		service.PortName = "http"
	}
	return service
}

func (s *Set) serve(ctx context.Context, service Service) error {
	name := key(service.Namespace, service.Name)
	if _, ok := s.counts[name]; ok {
		return errors.New("named twice")
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(service.Address, strconv.Itoa(int(service.Port))))
	if err != nil {
		return err
	}
	counted := &counts{}
	server := &http.Server{Handler: echo(service, counted)}
	go server.Serve(listener) // ends with Close
	s.services = append(s.services, service)
	s.servers = append(s.servers, server)
	s.counts[name] = counted
	return nil
}

// Close ends all servers at once.
func (s *Set) Close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// Served is how many requests a service has answered.
func (s *Set) Served(namespace, name string) int64 {
	return s.countsOf(namespace, name).served.Load()
}

// InFlight is how many requests a service is answering.
func (s *Set) InFlight(namespace, name string) int64 {
	return s.countsOf(namespace, name).inFlight.Load()
}

func (s *Set) countsOf(namespace, name string) *counts {
	if counted, ok := s.counts[key(namespace, name)]; ok {
		return counted
	}
	return &counts{}
}

// Objects are the Services of the applications, in the order given to Start.
func (s *Set) Objects() []*corev1.Service { return Objects(s.services) }

// Objects are the Services of applications that another process runs.
func Objects(services []Service) []*corev1.Service {
	objects := make([]*corev1.Service, 0, len(services))
	for i, service := range services {
		service = withDefaults(service, i+1)
		objects = append(objects, &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name},
			Spec: corev1.ServiceSpec{
				Type:         corev1.ServiceTypeExternalName,
				ExternalName: service.Address,
				Ports:        []corev1.ServicePort{{Name: service.PortName, Port: service.Port, Protocol: corev1.ProtocolTCP}},
			},
		})
	}
	return objects
}

// Namespaces are those of the services, sorted, each once.
func (s *Set) Namespaces() []string {
	var names []string
	for _, service := range s.services {
		names = append(names, service.Namespace)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func key(namespace, name string) string { return namespace + "/" + name }
