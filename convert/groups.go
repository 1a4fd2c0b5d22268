package convert

import (
	"iter"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/certmanager"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
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
// before has anything to do with one behind, see PeerKeys. Groups have at least the
// given number of Ingresses.
func (c *conversion) cuts(least int) []int {
	ingresses := c.in.Ingresses
	if len(ingresses) <= least || !c.divisible() {
		return nil
	}
	first := make(map[string]int, len(ingresses)) // Ingress with a key
	last := make([]int, len(ingresses))           // the last one that an Ingress shares a key with
	secrets := slices.ContainsFunc(ingresses, func(ing ir.Ingress) bool { return traefikv1.NamesEntryPoints(ing.Ingress) })
	var keys []string
	for i := range ingresses {
		keys = appendHostKeys(keys[:0], ingresses[i].Ingress)
		if secrets || asksForCertificates(ingresses[i]) {
			keys = appendSecretKeys(keys, secretKey, ingresses[i].Ingress)
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

// divisible tells whether keys say all that Ingresses have to do with each other.
func (c *conversion) divisible() bool {
	return len(c.inPlay) == 1 && c.inPlay[0] == FromTraefikV1 && c.opts.IngressNginx == nil
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
