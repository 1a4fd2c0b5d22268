package convert

import (
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// AnyHost is the host key of an Ingress that can match requests for every host.
const AnyHost = "*"

// HostKeys returns the sorted keys under which an index of Ingresses must file
// ing: its hosts in lower case and those its error pages come from, and AnyHost
// when it has a rule without host, a wildcard, a default backend or no rule at all.
//
// The source controllers decide some things across Ingresses: equal host and
// path are merged, one default backend wins. To convert one Ingress alone, pass
// Convert that Ingress and its peers, and use only the Objects whose Owner is
// the Ingress. Peers are, by key:
//
//	HostKeys(ing) contains AnyHost   every Ingress
//	otherwise                        those filed under one of its keys or under AnyHost
//
// The objects are then the same as those of converting the whole cluster. When
// an Ingress is created, changed or deleted, the objects of its peers can change
// as well, of those before the change and of those after.
func HostKeys(ing *networkingv1.Ingress) []string {
	if ing == nil {
		return nil
	}
	keys := appendHostKeys(make([]string, 0, len(ing.Spec.Rules)+1), ing)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// appendHostKeys appends the keys in any order, some of them more than once.
func appendHostKeys(keys []string, ing *networkingv1.Ingress) []string {
	start := len(keys)
	if ing.Spec.DefaultBackend != nil || len(ing.Spec.Rules) == 0 {
		keys = append(keys, AnyHost)
	}
	for i := range ing.Spec.Rules {
		host := strings.ToLower(ing.Spec.Rules[i].Host)
		if host == "" {
			host = AnyHost
		}
		keys = append(keys, host)
		if strings.Contains(host, ",") {
			// To Traefik 1.7 these are several hosts.
			for name := range strings.SplitSeq(host, ",") {
				keys = append(keys, strings.TrimSpace(name))
			}
		}
	}
	referring := false // as few do
	for key, value := range ing.Annotations {
		_, name, _ := strings.Cut(key, "/")
		switch name {
		case "error-pages":
			keys = append(keys, errorPageHosts(value)...)
			referring = true
		case "server-alias", "from-to-www-redirect":
			referring = true
		}
	}
	if referring {
		keys = append(keys, traefikv1.ReferencedHosts(ing)...)
		keys = append(keys, nginx.ReferencedHosts(ing)...)
	}
	for i, key := range keys[start:] {
		// Wildcards, and the expressions that aliases can be.
		if strings.ContainsAny(key, "*~") {
			keys[start+i] = AnyHost
		}
	}
	return keys
}

var errorPageBackend = regexp.MustCompile(`backend["']?\s*:\s*["']?([^\s"',}]+)`)

// errorPageHosts returns the hosts in Traefik 1.7's error-pages annotation, which
// names frontends by [priority-][entrypoints_]host[/path]. A host too many only
// makes a peer too many, so it reads every way to split the prefix off.
func errorPageHosts(annotation string) []string {
	var hosts []string
	for _, match := range errorPageBackend.FindAllStringSubmatch(strings.ToLower(annotation), -1) {
		host, _, _ := strings.Cut(match[1], "/")
		for {
			hosts = append(hosts, host)
			i := strings.IndexAny(host, "-_")
			if i < 0 {
				break
			}
			host = host[i+1:]
		}
	}
	return hosts
}

// Peers returns those of all that have to be converted together with ing, ing
// itself not among them.
func Peers(ing *networkingv1.Ingress, all []*networkingv1.Ingress) []*networkingv1.Ingress {
	keys := HostKeys(ing)
	every := slices.Contains(keys, AnyHost)
	var peers []*networkingv1.Ingress
	for _, other := range all {
		if other == nil || other.Namespace == ing.Namespace && other.Name == ing.Name {
			continue
		}
		if every || slices.ContainsFunc(HostKeys(other), func(key string) bool {
			return key == AnyHost || slices.Contains(keys, key)
		}) {
			peers = append(peers, other)
		}
	}
	return peers
}
