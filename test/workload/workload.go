// Package workload holds what the applications of a cluster want of its edge:
// Ingresses, the Secrets that they name, and the requests of the applications'
// clients, in the shapes that real clusters have.
package workload

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
)

// Workload is one cluster's applications.
type Workload struct {
	// Before are the Ingresses that are older than the migration, Later those that
	// are applied while it goes on: streams of YAML.
	Before, Later [][]byte
	Secrets       []*corev1.Secret
	// Requests are in the order of the load: after every three quick ones comes
	// one that takes a second.
	Requests []load.Request
	// Probe is a request for one application that answers on every node.
	Probe Probe
}

// Probe is a host, asked for / over TLS, and the application that must answer.
type Probe struct{ Host, Service string }

//go:embed objects/shops-before.yaml
var shopsBefore []byte

//go:embed objects/shops-later.yaml
var shopsLater []byte

//go:embed objects/shops-requests.txt
var shopsRequests string

// Shops are a shop, a bank, a TV company and some more teams on Traefik 1.7.
func Shops() (*Workload, error) {
	ofTeams, err := teamIngresses()
	if err != nil {
		return nil, err
	}
	secrets, err := shopsSecrets()
	if err != nil {
		return nil, err
	}
	// The hosts whose requests go to several Services by weight.
	divided := map[string][]string{
		"myapp.pay.test": {"pay/myapp", "pay/myapp-canary"},
		"both.tv.test":   {"tv/epg", "tv/player"},
	}
	requests, err := readRequests(shopsRequests, divided, teamRequests())
	if err != nil {
		return nil, err
	}
	return &Workload{
		Before: [][]byte{shopsBefore, ofTeams}, Later: [][]byte{shopsLater},
		Secrets: secrets, Requests: requests, Probe: Probe{Host: "www.shop.test", Service: "shop/front"},
	}, nil
}

// anyIngress is the shape of both API versions, as far as backends go.
type anyIngress struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Rules []struct {
			HTTP struct {
				Paths []struct {
					Backend struct {
						ServiceName string `json:"serviceName"`
						Service     struct {
							Name string `json:"name"`
						} `json:"service"`
					} `json:"backend"`
				} `json:"paths"`
			} `json:"http"`
		} `json:"rules"`
	} `json:"spec"`
}

// Tell notes differences that a conversion tells of.
func (w *Workload) Tell(told load.Told) {
	for i := range w.Requests {
		w.Requests[i].Told = told
	}
}

// Services lists the Services that the Ingresses name, each once, each to be
// served at an address of its own.
func (w *Workload) Services(address func(k int) string) ([]backend.Service, error) {
	var services []backend.Service
	for _, text := range slices.Concat(w.Before, w.Later) {
		reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("reading Ingresses: %w", err)
			}
			var ingress anyIngress
			if err := yaml.Unmarshal(document, &ingress); err != nil {
				return nil, fmt.Errorf("reading Ingresses: %w", err)
			}
			// The document before the first separator is empty: it has no rules.
			for _, rule := range ingress.Spec.Rules {
				for _, path := range rule.HTTP.Paths {
					name := path.Backend.ServiceName + path.Backend.Service.Name
					known := func(s backend.Service) bool { return s.Namespace == ingress.Namespace && s.Name == name }
					if !slices.ContainsFunc(services, known) {
						services = append(services, backend.Service{
							Namespace: ingress.Namespace, Name: name, Address: address(100 + len(services)),
						})
					}
				}
			}
		}
	}
	return services, nil
}
