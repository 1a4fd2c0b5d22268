package convert

import (
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/certmanager"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// AnyHost is the host key of an Ingress that can match requests for every host.
const AnyHost = "*"

// What the keys of TLS secrets begin with. No host looks like them.
const (
	secretKey      = "secret "       // an Ingress names the secret
	entryPointsKey = "entry points " // and says where its certificate is loaded
)

// HostKeys returns the sorted keys under which an index of Ingresses must file
// ing: its hosts in lower case and those its error pages come from, AnyHost when
// it has a rule without host, a wildcard, a default backend or no rule at all,
// and keys for its TLS secrets. What to look up in the index are its PeerKeys.
func HostKeys(ing *networkingv1.Ingress) []string {
	if ing == nil {
		return nil
	}
	keys, found := appendHostKeys(make([]string, 0, len(ing.Spec.Rules)+len(ing.Spec.TLS)+1), ing)
	keys = appendSecretKeys(keys, secretKey, ing)
	if found.entryPoints {
		keys = appendSecretKeys(keys, entryPointsKey, ing)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// PeerKeys returns the sorted keys under which the peers of ing are filed.
//
// The source controllers decide some things across Ingresses: equal host and
// path are merged, one default backend wins. To convert one Ingress alone, pass
// Convert that Ingress and its peers, and use only the Objects whose Owner is
// the Ingress. Peers are, by key:
//
//	PeerKeys(ing) contains AnyHost   every Ingress
//	otherwise                        those with one of them or AnyHost among their HostKeys
//
// The objects are then the same as those of converting the whole cluster. When
// an Ingress is created, changed or deleted, the objects of its peers can change
// as well, of those before the change and of those after.
//
// An Ingress that names entry points decides for all that name its secrets. The
// others look for such Ingresses only: with keys that are the same on both sides
// all Ingresses with one wildcard certificate would be peers.
func PeerKeys(ing *networkingv1.Ingress) []string {
	if ing == nil {
		return nil
	}
	keys, found := appendHostKeys(make([]string, 0, len(ing.Spec.Rules)+len(ing.Spec.TLS)+1), ing)
	if found.entryPoints {
		keys = appendSecretKeys(keys, secretKey, ing)
	} else {
		keys = appendSecretKeys(keys, entryPointsKey, ing)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// appendSecretKeys appends one key for each TLS secret of an Ingress.
func appendSecretKeys(keys []string, prefix string, ing *networkingv1.Ingress) []string {
	for i := range ing.Spec.TLS {
		if name := ing.Spec.TLS[i].SecretName; name != "" {
			keys = append(keys, prefix+ing.Namespace+"/"+name)
		}
	}
	return keys
}

// traits are what the keys of an Ingress depend on beside its hosts.
type traits struct {
	// anyHost: AnyHost is among the keys.
	anyHost bool
	// entryPoints: it says where its certificates are loaded.
	entryPoints bool
	// certificates: cert-manager makes Certificates for it, one for all Ingresses
	// that ask for one of its secret.
	certificates bool
}

// appendHostKeys appends those for hosts in any order, some of them more than once.
func appendHostKeys(keys []string, ing *networkingv1.Ingress) (_ []string, found traits) {
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
		found.entryPoints = found.entryPoints || traefikv1.NamesEntryPoints(key)
		found.certificates = found.certificates || certmanager.Reads(key)
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
		found.anyHost = found.anyHost || keys[start+i] == AnyHost
	}
	return keys, found
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
	keys := PeerKeys(ing)
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
