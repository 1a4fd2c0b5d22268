package emit

import (
	"reflect"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// writtenRoutes are routes of an owner and what they became, one for one: what an
// Ingress serves as plain text it mostly serves over TLS in the same way.
type writtenRoutes struct {
	from []*ir.Route
	made []v1alpha1.Route
}

// serves tells whether routes differ in nothing but entry points and TLS.
func (w writtenRoutes) serves(routes []*ir.Route) bool {
	if len(w.from) != len(routes) {
		return false
	}
	for i, r := range routes {
		if !alike(w.from[i], r) {
			return false
		}
	}
	return true
}

// alike tells whether two routes were made of the same lists. Filters are compared
// elsewhere, see chain.
func alike(a, b *ir.Route) bool {
	return a.Priority == b.Priority && a.Observability == b.Observability && len(a.Filters) == 0 && len(b.Filters) == 0 &&
		shared(a.Match.Hosts, b.Match.Hosts) && shared(a.Match.NotHosts, b.Match.NotHosts) && shared(a.Match.Paths, b.Match.Paths) &&
		shared(a.Match.Headers, b.Match.Headers) && shared(a.Match.ClientIPs, b.Match.ClientIPs) &&
		shared(a.Backend.Services, b.Backend.Services) && a.Backend.Sticky == b.Backend.Sticky && a.Backend.Mirror == b.Backend.Mirror
}

// shared tells whether two lists are one in memory, or empty both.
func shared[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// contents are what the last different filters became: most Ingresses of a cluster
// have the same few.
type contents struct {
	list []filterContent
	next int // the one to be replaced
}

type filterContent struct {
	filter ir.Filter
	text   []byte
}

// of is the content of the middleware that a filter became.
func (c *contents) of(f ir.Filter, spec v1alpha1.MiddlewareSpec) []byte {
	const few = 8
	for i := range c.list {
		if reflect.DeepEqual(c.list[i].filter, f) {
			return c.list[i].text
		}
	}
	text := content(spec, nil)
	if len(c.list) < few {
		c.list = append(c.list, filterContent{f, text})
	} else {
		c.list[c.next] = filterContent{f, text}
		c.next = (c.next + 1) % few
	}
	return text
}
