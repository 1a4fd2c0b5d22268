package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
)

//go:embed objects/before.yaml
var ingressesBefore []byte

//go:embed objects/after.yaml
var ingressesAfter []byte

//go:embed objects/requests.txt
var requestsText string

// readRequests parses objects/requests.txt into the order of the load: after
// every three quick requests comes a slow one.
func readRequests() ([]load.Request, error) {
	var quick, slow []load.Request
	for line := range strings.Lines(requestsText) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, isSlow, err := parseRequest(line)
		if err != nil {
			return nil, err
		}
		if isSlow {
			slow = append(slow, r)
		} else {
			quick = append(quick, r)
		}
	}
	quick = append(quick, teamRequests()...)
	var all []load.Request
	for i, r := range quick {
		all = append(all, r)
		if i%3 == 2 {
			all = append(all, slow[(i/3)%len(slow)])
		}
	}
	return all, nil
}

func parseRequest(line string) (load.Request, bool, error) {
	method, rest, _ := strings.Cut(line, " ")
	address, header, _ := strings.Cut(strings.TrimSpace(rest), " ")
	r := load.Request{Name: line, Method: method, URL: address, Header: http.Header{}}
	u, err := url.Parse(address)
	if err != nil {
		return r, false, fmt.Errorf("request %q: %w", line, err)
	}
	r.Interchangeable = divided[u.Host]
	slow := method == "slow"
	if slow {
		query := u.Query()
		query.Set("sleep", "1s")
		u.RawQuery = query.Encode()
		r.Method, r.URL = http.MethodGet, u.String()
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		r.Name = method + " " + address + " with " + name
		r.Header.Set(name, value)
	}
	return r, slow, nil
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

// readServices lists the Services that the Ingresses name, each once, each to
// be served at an address of its own.
func readServices(address func(k int) string) ([]backend.Service, int, error) {
	var services []backend.Service
	ingresses := 0
	ofTeams, err := teamIngresses()
	if err != nil {
		return nil, 0, err
	}
	for _, text := range [][]byte{ingressesBefore, ofTeams, ingressesAfter} {
		reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			document, err := reader.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, 0, fmt.Errorf("reading the demo's Ingresses: %w", err)
			}
			var ingress anyIngress
			if err := yaml.Unmarshal(document, &ingress); err != nil {
				return nil, 0, fmt.Errorf("reading the demo's Ingresses: %w", err)
			}
			if ingress.Name == "" {
				continue // the empty document before the first separator
			}
			ingresses++
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
	return services, ingresses, nil
}
