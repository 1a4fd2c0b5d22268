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
	// onlyIdentities: no IngressRoute is held.
	onlyIdentities bool
}

type namedRoute struct {
	identity uint64
	owner    *owner
	route    *v1alpha1.IngressRoute
}

func (c *clashes) note(o *owner, route *v1alpha1.IngressRoute) {
	if c.noted == nil {
		c.noted = make([]namedRoute, 0, 2*len(o.all.list))
	}
	noted := namedRoute{identity: identity(route.Namespace, route.Name)}
	if !c.onlyIdentities {
		noted.owner, noted.route = o, route
	}
	c.noted = append(c.noted, noted)
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
func (c *clashes) rename() {
	for same := range c.same {
		for _, r := range same {
			if slices.ContainsFunc(same, func(other namedRoute) bool {
				return CompareRefs(other.owner.ref, r.owner.ref) < 0 && shareMatch(other.route, r.route)
			}) {
				ref := r.owner.ref
				r.route.Name = taggedName(ref.Namespace, ref.Name, "ns-"+ref.Namespace+"-"+r.route.Name)
			}
		}
	}
}

func shareMatch(a, b *v1alpha1.IngressRoute) bool {
	return slices.ContainsFunc(a.Spec.Routes, func(r v1alpha1.Route) bool {
		return slices.ContainsFunc(b.Spec.Routes, func(s v1alpha1.Route) bool { return r.Match == s.Match })
	})
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
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			id = utf8.AppendRune(id, r)
		case len(id) > 0 && id[len(id)-1] != '-':
			id = append(id, '-')
		}
	}
	return id
}
