package emit

import (
	"cmp"
	"hash/fnv"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
)

// clashes finds IngressRoutes whose routers Traefik cannot tell apart. It names
// a router after namespace, name and a hash of the match, with every run of
// other characters than letters and digits made one dash: "b-c" in namespace a
// and "c" in namespace a-b have one router for each match that both contain, and
// one of the two disappears.
type clashes struct {
	// noted are all IngressRoutes. Different identities with one hash are harmless:
	// an IngressRoute is renamed only if it shares a match too.
	noted []namedRoute
}

// namedRoute is an IngressRoute by its place in the output.
type namedRoute struct {
	identity uint64
	at       int
}

// forget makes room for those of another translation.
func (c *clashes) forget() { c.noted = c.noted[:0] }

// note notes the IngressRoutes of the output from a place on.
func (c *clashes) note(out []Output, from int) {
	for at := from; at < len(out); at++ {
		if _, overTCP := out[at].Object.(*v1alpha1.IngressRouteTCP); !overTCP && isRoute(out[at].Object) {
			c.noted = append(c.noted, namedRoute{identity(out[at].Object.GetNamespace(), out[at].Object.GetName()), at})
		}
	}
}

// same yields those that have one identity, where there are several.
func (c *clashes) same(yield func([]namedRoute) bool) {
	slices.SortFunc(c.noted, func(a, b namedRoute) int { return cmp.Compare(a.identity, b.identity) })
	for start := 0; start < len(c.noted); {
		end := start + 1
		for end < len(c.noted) && c.noted[end].identity == c.noted[start].identity {
			end++
		}
		if end-start > 1 && !yield(c.noted[start:end]) {
			return
		}
		start = end
	}
}

// found tells whether two IngressRoutes have one identity.
func (c *clashes) found() bool {
	for range c.same {
		return true
	}
	return false
}

// rename gives every IngressRoute a tagged name that shares identity and a match
// with one of an owner before it. Whether it is renamed depends on that pair
// alone, so converting any set of Ingresses that contains both gives the same.
func (c *clashes) rename(out []Output) {
	var renamed []int
	for same := range c.same {
		for _, r := range same {
			own := out[r.at]
			if slices.ContainsFunc(same, func(other namedRoute) bool {
				return CompareRefs(out[other.at].Owner, own.Owner) < 0 && shareMatch(out[other.at].Object, own.Object)
			}) {
				ref := own.Owner
				own.Object.SetName(taggedName(ref.Namespace, ref.Name, "ns-"+ref.Namespace+"-"+own.Object.GetName()))
				renamed = append(renamed, r.at)
			}
		}
	}
	for _, at := range renamed {
		sortAround(out, at)
	}
}

// sortAround sorts the IngressRoutes of an owner again, of which one is at a place.
func sortAround(out []Output, at int) {
	own := func(i int) bool { return out[i].Owner == out[at].Owner && isRoute(out[i].Object) }
	start, end := at, at+1
	for start > 0 && own(start-1) {
		start--
	}
	for end < len(out) && own(end) {
		end++
	}
	slices.SortFunc(out[start:end], func(a, b Output) int { return compareNames(a.Object, b.Object) })
}

func shareMatch(a, b Object) bool {
	ours, _ := Rules(a)
	theirs, _ := Rules(b)
	return slices.ContainsFunc(ours, func(rule string) bool { return slices.Contains(theirs, rule) })
}

// identity is a hash of Traefik's provider.Normalize of namespace-name.
func identity(namespace, name string) uint64 {
	var buf [128]byte
	id := appendNormalized(buf[:0], namespace)
	id = appendNormalized(append(id, '-'), name)
	h := fnv.New64a()
	h.Write(id) // never fails, as package hash promises
	return h.Sum64()
}

func appendNormalized(id []byte, s string) []byte {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9': // nearly all
			id = append(id, byte(r))
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			id = utf8.AppendRune(id, r)
		case len(id) > 0 && id[len(id)-1] != '-':
			id = append(id, '-')
		}
	}
	return id
}
