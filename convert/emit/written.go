package emit

import (
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
