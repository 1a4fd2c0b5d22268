package source

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Scope says which Ingresses a command is about.
type Scope struct {
	// Namespace limits to one namespace; empty: all.
	Namespace string
	// Selector limits by labels of the Ingress; nil: no limit.
	Selector labels.Selector
	// Names limits to these names; empty: no limit.
	Names []string
}

// Includes tells whether the command is about an Ingress.
func (s Scope) Includes(ingress *networkingv1.Ingress) bool {
	if s.Namespace != "" && ingress.Namespace != s.Namespace {
		return false
	}
	if s.Selector != nil && !s.Selector.Matches(labels.Set(ingress.Labels)) {
		return false
	}
	return len(s.Names) == 0 || slices.Contains(s.Names, ingress.Name)
}

// Whole tells whether every Ingress of the namespace (or cluster) is included,
// so that what has no Ingress here has none at all.
func (s Scope) Whole() bool {
	return len(s.Names) == 0 && (s.Selector == nil || s.Selector.Empty())
}

// withPeers returns the Ingresses in scope and those that can meet the same
// request: one host, a wildcard, or none. The source controller merges and ranks
// their routes together, so what becomes of one depends on the others.
func (s Scope) withPeers(all []*networkingv1.Ingress) []*networkingv1.Ingress {
	if s.Namespace == "" && s.Whole() {
		return all
	}
	hosts, open := map[string]bool{}, false
	for _, ingress := range all {
		if !s.Includes(ingress) {
			continue
		}
		for _, host := range hostsOf(ingress) {
			hosts[host] = true
			open = open || isOpen(host)
		}
	}
	if open {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(ingress *networkingv1.Ingress) bool {
		return !s.Includes(ingress) && !slices.ContainsFunc(hostsOf(ingress), func(host string) bool {
			return hosts[host] || isOpen(host)
		})
	})
}

// isOpen tells whether a host stands for more than itself. Escapes that only
// the source controller understands count as well.
func isOpen(host string) bool { return host == "" || strings.ContainsAny(host, "*\\") }

func hostsOf(ingress *networkingv1.Ingress) []string {
	var hosts []string
	if ingress.Spec.DefaultBackend != nil {
		hosts = append(hosts, "")
	}
	for _, rule := range ingress.Spec.Rules {
		hosts = append(hosts, strings.ToLower(rule.Host))
	}
	return hosts
}
