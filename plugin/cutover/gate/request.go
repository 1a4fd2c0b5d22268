// Package gate asks a node's proxy directly, past the load balancer: whether its
// routes answer as the old proxy's did, and who it is that answers. A ready pod
// and a good /ping prove neither: a proxy is ready before it has loaded a route,
// and a lingering old process answers on the new one's port.
package gate

import (
	"net/url"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// Request is one question: a GET without redirects being followed.
type Request struct {
	Scheme string `json:"scheme"`
	Port   int32  `json:"port"`
	Host   string `json:"host"`
	Path   string `json:"path"`
}

func (r Request) String() string { return r.Scheme + "://" + r.Host + r.Path }

// Ports are the host ports to ask.
type Ports struct {
	HTTP  []int32 `json:"http,omitempty"`
	HTTPS []int32 `json:"https,omitempty"`
}

// FromIngresses makes one request for every host and path of the Ingresses on
// every port, in a fixed order. Paths that are patterns are left out: what they
// match is not known here.
func FromIngresses(ingresses []*networkingv1.Ingress, ports Ports) []Request {
	type route struct{ host, path string }
	seen := map[route]bool{}
	var routes []route
	for _, ing := range ingresses {
		for _, rule := range ing.Spec.Rules {
			if rule.HTTP == nil {
				continue
			}
			for _, p := range rule.HTTP.Paths {
				path := p.Path
				if path == "" {
					path = "/"
				}
				r := route{host: concreteHost(rule.Host), path: path}
				if !askable(path) || seen[r] {
					continue
				}
				seen[r] = true
				routes = append(routes, r)
			}
		}
	}
	slices.SortFunc(routes, func(a, b route) int {
		if d := strings.Compare(a.host, b.host); d != 0 {
			return d
		}
		return strings.Compare(a.path, b.path)
	})
	var requests []Request
	for _, r := range routes {
		for _, port := range ports.HTTP {
			requests = append(requests, Request{Scheme: "http", Port: port, Host: r.host, Path: r.path})
		}
		for _, port := range ports.HTTPS {
			requests = append(requests, Request{Scheme: "https", Port: port, Host: r.host, Path: r.path})
		}
	}
	return requests
}

// concreteHost turns a wildcard into one host that it matches, and no host into
// one that nobody owns (RFC 2606).
func concreteHost(host string) string {
	switch {
	case host == "":
		return "any-host.ingress-migrate.invalid"
	case strings.HasPrefix(host, "*."):
		return "ingress-migrate-probe" + host[1:]
	}
	return host
}

func askable(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "()[]{}^$*+?|\\`\"'<> \t\r\n#") {
		return false
	}
	_, err := url.ParseRequestURI(path)
	return err == nil
}

// Sample keeps at most limit requests, spread evenly, so that hosts (which sort
// together) are all represented while there are fewer of them than limit.
func Sample(requests []Request, limit int) []Request {
	if limit <= 0 || len(requests) <= limit {
		return requests
	}
	// One per host first.
	var first, rest []Request
	for i, r := range requests {
		if i == 0 || requests[i-1].Host != r.Host {
			first = append(first, r)
		} else {
			rest = append(rest, r)
		}
	}
	if len(first) >= limit {
		return spread(first, limit)
	}
	return append(first, spread(rest, limit-len(first))...)
}

func spread(requests []Request, n int) []Request {
	out := make([]Request, 0, n)
	for i := range n {
		out = append(out, requests[i*len(requests)/n])
	}
	return out
}
