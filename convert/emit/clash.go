package emit

import (
	"slices"
	"strings"
	"unicode"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
)

// clashes finds IngressRoutes whose routers Traefik cannot tell apart. It names
// a router after namespace, name and a hash of the match, with every run of
// other characters than letters and digits made one dash: "b-c" in namespace a
// and "c" in namespace a-b have one router for each match that both contain, and
// one of the two disappears.
type clashes struct {
	byID map[string][]namedRoute
}

type namedRoute struct {
	owner *owner
	route *v1alpha1.IngressRoute
}

func (c *clashes) note(o *owner, route *v1alpha1.IngressRoute) {
	if c.byID == nil {
		c.byID = make(map[string][]namedRoute, len(o.all.byRef))
	}
	id := routerPrefix(route.Namespace, route.Name)
	c.byID[id] = append(c.byID[id], namedRoute{o, route})
}

// rename gives every IngressRoute a tagged name that shares identity and a match
// with one of an owner before it. Whether it is renamed depends on that pair
// alone, so converting any set of Ingresses that contains both gives the same.
func (c *clashes) rename(inOrder []*owner) {
	for _, o := range inOrder {
		for _, object := range o.ingressRoutes {
			id := routerPrefix(o.ref.Namespace, object.GetName())
			same := c.byID[id]
			if len(same) < 2 {
				continue
			}
			route, ok := object.(*v1alpha1.IngressRoute)
			if !ok {
				continue
			}
			for _, other := range same {
				if other.owner != o && before(other.owner, o) && shareMatch(other.route, route) {
					route.Name = taggedName(o.ref.Namespace, o.ref.Name, "ns-"+o.ref.Namespace+"-"+route.Name)
					break
				}
			}
		}
	}
}

func before(a, b *owner) bool {
	if a.ref.Namespace != b.ref.Namespace {
		return a.ref.Namespace < b.ref.Namespace
	}
	return a.ref.Name < b.ref.Name
}

func shareMatch(a, b *v1alpha1.IngressRoute) bool {
	return slices.ContainsFunc(a.Spec.Routes, func(r v1alpha1.Route) bool {
		return slices.ContainsFunc(b.Spec.Routes, func(s v1alpha1.Route) bool { return r.Match == s.Match })
	})
}

// routerPrefix is Traefik's provider.Normalize of namespace-name.
func routerPrefix(namespace, name string) string {
	var b strings.Builder
	b.Grow(len(namespace) + len(name) + 1)
	dash := false
	for _, part := range [2]string{namespace, name} {
		for _, r := range part {
			if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
				dash = b.Len() > 0
				continue
			}
			if dash {
				b.WriteByte('-')
				dash = false
			}
			b.WriteRune(r)
		}
		dash = b.Len() > 0
	}
	return b.String()
}
