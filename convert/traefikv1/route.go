package traefikv1

import (
	"cmp"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// routes appends the routes of a frontend: one per group of entry points, and its
// twins for the redirects that Traefik 1.7 makes before any filter.
func (t *translator) routes(routes []ir.Route, f *frontend) []ir.Route {
	if !f.routed() {
		return append(routes, t.guards(f)...)
	}
	modifiers := f.matcher.path().modifiers(f.last)
	services := f.backend.serve(t, f)
	origins := t.made.origins.One(f.places[0].origin())
	for _, at := range f.places[1:] {
		origins = append(origins, at.origin())
	}
	route := ir.Route{
		Owner: f.owner(), Origins: origins,
		Match:    f.matcher.match.conjunction(),
		Priority: f.scaled(t.facts.PriorityScale),
		Backend:  services,
	}
	for _, g := range t.groups(f) {
		route.EntryPoints, route.TLS, route.Filters = g.targets, nil, nil
		if g.tls {
			route.TLS = t.tls(f.first)
		}
		own := len(routes)
		if g.redirects {
			routes = append(routes, f.withRedirect(t, route, g, modifiers)...)
		} else {
			route.Filters = f.chain(t, g, nil, modifiers)
			routes = append(routes, route)
		}
		if t.takesSlash(f) {
			_, redirect := slashRedirect(ir.Path{})
			for i := own; i < len(routes); i++ {
				routes[i].Filters = slices.Concat([]ir.Filter{redirect}, routes[i].Filters)
			}
		}
		routes = append(routes, t.slashTwins(f, route)...)
	}
	return routes
}

// chain is the order of filters that gives the pipeline of Traefik 1.7 its
// meaning in the target. The redirect comes before the modifiers: Traefik 1.7
// runs it after them but puts the original path back.
func (f *frontend) chain(t *translator, g group, redirect, modifiers []ir.Filter) []ir.Filter {
	chain := t.made.chain[:0]
	c, b := f.config, f.backend
	for _, page := range g.pages {
		chain = append(chain, page.filter(t))
	}
	if c.allowList != nil {
		chain = append(chain, c.allowList)
	}
	chain = append(chain, redirect...)
	chain = append(chain, modifiers...)
	if c.requestHeaders != nil {
		chain = append(chain, c.requestHeaders)
	}
	if c.clientCert != nil {
		chain = append(chain, c.clientCert)
	}
	if c.auth != nil {
		chain = append(chain, c.auth)
	}
	if b.breaker != nil {
		chain = append(chain, *b.breaker)
	}
	if b.buffering != nil {
		chain = append(chain, *b.buffering)
	}
	if attempts := t.retryAttempts(b); attempts > 0 {
		chain = append(chain, ir.Retry{Attempts: attempts})
	}
	if b.maxConn != nil {
		chain = append(chain, *b.maxConn)
	}
	for _, limit := range c.rateLimits {
		chain = append(chain, limit)
	}
	if c.responseHeaders != nil {
		chain = append(chain, c.responseHeaders)
	}
	t.made.chain = chain
	if len(chain) == 0 {
		return nil
	}
	return slices.Clone(chain)
}

// retryAttempts is the number of attempts per request; 0: no retry.
func (t *translator) retryAttempts(b *backend) int {
	switch {
	case t.facts.Retry == nil || slices.ContainsFunc(b.serving(), (*member).mayBeHTTP2):
		return 0
	case t.facts.Retry.Attempts > 0:
		return t.facts.Retry.Attempts
	}
	return b.servers
}

// sortFrontends orders by owner, then by priority, greatest first; so are their
// routes then. They come Ingress by Ingress, but for the default backend.
func (t *translator) sortFrontends() {
	for start := 0; start < len(t.frontends); {
		end := start + 1
		for end < len(t.frontends) && t.frontends[end].first == t.frontends[start].first {
			end++
		}
		slices.SortStableFunc(t.frontends[start:end], t.comparePriorities)
		start = end
	}
	byOwner := func(a, b *frontend) int {
		if a.first != b.first {
			return compareName(a.first, b.first)
		}
		return t.comparePriorities(a, b)
	}
	if !slices.IsSortedFunc(t.frontends, byOwner) {
		slices.SortStableFunc(t.frontends, byOwner)
	}
}

func (t *translator) comparePriorities(a, b *frontend) int {
	return cmp.Compare(b.scaled(t.facts.PriorityScale), a.scaled(t.facts.PriorityScale))
}
