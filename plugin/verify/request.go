// Package verify sends the same requests to the old and to the new proxy and compares
// the answers. Requests come from the rules of Ingresses, or from an access log; they are
// GET and HEAD alone, and redirects are not followed.
package verify

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// Request is one question.
type Request struct {
	Method string `json:"method"`
	Scheme string `json:"scheme"`
	Host   string `json:"host"`
	// Target is path and query as they go over the wire.
	Target string `json:"target"`
	// Upgrade asks for a websocket.
	Upgrade bool `json:"upgrade,omitempty"`
	// Of is what the request was made for: a rule of an Ingress, or a line of a log.
	Of string `json:"of"`
}

// String is the request without its query, which may hold what nobody else should see.
func (r Request) String() string {
	path, query, _ := strings.Cut(r.Target, "?")
	if query != "" {
		path += "?…"
	}
	text := r.Scheme + "://" + r.Host + path
	if r.Method != "GET" {
		text = r.Method + " " + text
	}
	if r.Upgrade {
		text += " (websocket)"
	}
	return text
}

func (r Request) key() Request {
	r.Of = ""
	return r
}

// FromIngresses makes requests for every rule on every scheme: the path itself, with and
// without a slash at its end, below it and beside it, and a websocket where the Ingress
// says that there are some. Paths that are patterns are asked as far as their plain
// beginning goes. They are in a fixed order, one host after the other.
func FromIngresses(ingresses []*networkingv1.Ingress, schemes []string) []Request {
	var requests []Request
	for _, ing := range ingresses {
		sockets := websockets(ing)
		for _, rule := range ing.Spec.Rules {
			if rule.HTTP == nil {
				continue
			}
			host := concreteHost(rule.Host)
			for _, p := range rule.HTTP.Paths {
				upgrade := p.Backend.Service != nil && sockets[p.Backend.Service.Name]
				for _, target := range around(p.Path) {
					for _, scheme := range schemes {
						r := Request{Method: "GET", Scheme: scheme, Host: host, Target: target, Of: "Ingress " + ing.Namespace + "/" + ing.Name}
						requests = append(requests, r)
						if upgrade {
							r.Upgrade = true
							requests = append(requests, r)
						}
					}
				}
			}
		}
	}
	slices.SortStableFunc(requests, func(a, b Request) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Target, b.Target))
	})
	return Distinct(requests)
}

// Distinct drops requests that were there before.
func Distinct(requests []Request) []Request {
	seen := make(map[Request]bool, len(requests))
	return slices.DeleteFunc(requests, func(r Request) bool {
		if seen[r.key()] {
			return true
		}
		seen[r.key()] = true
		return false
	})
}

// websocketServices is ingress-nginx's annotation from before it served websockets
// everywhere; people still write it.
const websocketServices = "nginx.ingress.kubernetes.io/websocket-services"

// websockets are the Services of an Ingress that are said to speak websocket.
func websockets(ing *networkingv1.Ingress) map[string]bool {
	said := map[string]bool{}
	for name := range strings.SplitSeq(ing.Annotations[websocketServices], ",") {
		said[strings.TrimSpace(name)] = true
	}
	return said
}

// concreteHost turns a wildcard into one host that it matches, and no host into one that
// nobody owns (RFC 2606).
func concreteHost(host string) string {
	switch {
	case host == "":
		return "any-host.ingress-migrate.invalid"
	case strings.HasPrefix(host, "*."):
		return "ingress-migrate-verify" + host[1:]
	}
	return strings.ToLower(host)
}

// around are the requests that tell how a path is matched.
func around(path string) []string {
	plain := path
	if at := strings.IndexAny(path, "()[]{}^$*+?|\\`\"'<> \t\r\n#%"); at >= 0 {
		plain = path[:at]
		plain = plain[:strings.LastIndexByte(plain, '/')+1]
	}
	if !strings.HasPrefix(plain, "/") {
		plain = "/"
	}
	if _, err := url.ParseRequestURI(plain); err != nil {
		return nil
	}
	bare := strings.TrimRight(plain, "/")
	targets := []string{bare + "/", bare + "/ingress-migrate-verify"}
	if bare != "" {
		targets = append(targets, bare, bare+"x")
	}
	return targets
}

// Sample keeps at most limit requests, spread evenly over hosts; limit 0 keeps all.
func Sample(requests []Request, limit int) []Request {
	if limit <= 0 || len(requests) <= limit {
		return requests
	}
	kept := make([]Request, 0, limit)
	for i := range limit {
		kept = append(kept, requests[i*len(requests)/limit])
	}
	return kept
}
