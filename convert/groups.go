package convert

import (
	"iter"
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
	last, found := c.reach(false)
	if found.entryPoints { // which is rare
		last, found = c.reach(true)
	}
	if found.anyHost {
		return nil
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

// reach returns for each Ingress the last one that it shares a key with, see cuts. Keys
// of TLS secrets count where cert-manager makes Certificates, and with secrets everywhere.
func (c *conversion) reach(secrets bool) (last []int, found traits) {
	ingresses := c.in.Ingresses
	first := make(map[string]int, len(ingresses)) // Ingress with a key
	last = make([]int, len(ingresses))
	var keys []string
	for i := range ingresses {
		ing := ingresses[i].Ingress
		var own traits
		if keys, own = appendHostKeys(keys[:0], ing); own.anyHost {
			return nil, own
		}
		found.entryPoints = found.entryPoints || own.entryPoints
		if secrets || own.certificates {
			keys = appendSecretKeys(keys, secretKey, ing)
		}
		for _, key := range keys {
			if before, seen := first[key]; seen {
				last[before] = i
			} else {
				first[key] = i
			}
		}
	}
	return last, found
}

// divisible tells whether keys say all that Ingresses have to do with each other.
func (c *conversion) divisible() bool {
	return len(c.inPlay) == 1 && c.inPlay[0] == FromTraefikV1 && c.opts.IngressNginx == nil
}
