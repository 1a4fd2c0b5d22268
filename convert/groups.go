package convert

import (
	"iter"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/certmanager"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// groupSize is the least number of Ingresses that are converted together: few enough
// for everything about them to stay in the processor's caches.
const groupSize = 64

// groups yields where the groups of Ingresses begin and end that can be converted one
// after the other with the same outcome as all at once: at least one group, of at
// least so many Ingresses.
func (c *conversion) groups(least int) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		start := 0
		for _, end := range append(c.cuts(least), len(c.dialects)) {
			if !yield(start, end) {
				return
			}
			start = end
		}
	}
}

// cuts finds the places between Ingresses, in the order of their names, where none
// before has anything to do with one behind, see HostKeys. Groups have at least the
// given number of Ingresses.
func (c *conversion) cuts(least int) []int {
	ingresses := c.in.Ingresses
	if len(ingresses) <= least || !c.divisible() {
		return nil
	}
	first := make(map[string]int, len(ingresses)) // Ingress with a key
	last := make([]int, len(ingresses))           // the last one that an Ingress shares a key with
	secrets := slices.ContainsFunc(ingresses, namesEntryPoints)
	var keys []string
	for i := range ingresses {
		keys = appendHostKeys(keys[:0], ingresses[i].Ingress)
		if secrets || asksForCertificates(ingresses[i]) {
			for _, entry := range ingresses[i].Spec.TLS {
				keys = append(keys, "secret "+ingresses[i].Namespace+"/"+entry.SecretName)
			}
		}
		for _, key := range keys {
			if key == AnyHost {
				return nil
			}
			if before, found := first[key]; found {
				last[before] = i
			} else {
				first[key] = i
			}
		}
	}
	var cuts []int
	start, reach := 0, 0
	for i := range ingresses {
		if i > reach && i-start >= least {
			cuts = append(cuts, i)
			start = i
		}
		reach = max(reach, last[i])
	}
	return cuts
}

// divisible tells whether HostKeys says all that Ingresses have to do with each other.
func (c *conversion) divisible() bool {
	return len(c.inPlay) == 1 && c.inPlay[0] == FromTraefikV1 && c.opts.IngressNginx == nil
}

// namesEntryPoints tells whether an Ingress says where it is served. In Traefik 1.7 that
// is where the certificates of its secrets are loaded, also for others who name them.
func namesEntryPoints(ing ir.Ingress) bool {
	for key := range ing.Annotations {
		if strings.HasSuffix(key, "/frontend-entry-points") {
			return true
		}
	}
	return false
}

// asksForCertificates tells whether cert-manager makes Certificates for an Ingress. It
// makes one for all that name its secret.
func asksForCertificates(ing ir.Ingress) bool {
	for key := range ing.Annotations {
		if certmanager.Reads(key) {
			return true
		}
	}
	return false
}
