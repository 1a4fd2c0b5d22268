package traefikingress

import (
	"math"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// defaultPriority is that of the default backend, below every other router; the
// annotation is not read.
const defaultPriority = math.MinInt32

// defaultBackend makes the route of the Ingress that is the default backend. Of
// several Traefik serves the one that it happens to list first; here it is the
// oldest, so that a newcomer takes nothing away.
func (t *translator) defaultBackend() {
	var candidates []*source
	for _, s := range t.sources {
		if s.selected && !s.refused && len(s.Spec.Rules) == 0 && s.Spec.DefaultBackend != nil {
			candidates = append(candidates, s)
		}
	}
	slices.SortStableFunc(candidates, compareAge)
	var routers []router
	for _, s := range candidates {
		at := place{src: s, rule: -1}
		if s.Spec.DefaultBackend.Service == nil && t.source.before(release{3, 6, 7}) {
			at.withhold(diag.ETraefikPanic, at.field(), "a default backend without a Service makes the Ingress provider of "+t.source.String()+" panic; it loads no Ingress at all")
			continue
		}
		if to := t.backend(at, s.Spec.DefaultBackend); !to.skipped {
			route := t.route(at, rule{length: defaultPriority}, to)
			route.Priority = defaultPriority
			routers = append(routers, router{at: at, route: route, dead: to.dead, empty: to.empty})
		}
	}
	if len(routers) == 0 {
		return
	}
	winner := &routers[0]
	for _, other := range routers[1:] {
		other.at.withhold(diag.ETraefikDefaults, other.at.field(), "Ingress "+winner.at.src.ref().String()+" is the default backend")
	}
	if winner.dead || winner.at.src.shape.dead != "" {
		return
	}
	if !t.applyTLS(winner.at, &winner.route) {
		return
	}
	winner.at.src.routed = true
	if n := winner.at.src.tree.child("priority"); n != nil {
		winner.at.src.sayKey(diag.IAnnIgnored, n.key, "a default backend has the lowest priority, whatever the annotation says")
	}
	t.routers = append(t.routers, *winner)
}
