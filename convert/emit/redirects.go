package emit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Traefik holds a request against the routers of an entry point one by one, and
// builds every router and its middlewares anew at each change of any object: with
// 5,000 redirects a request costs milliseconds and a reload a second. Paths that
// are redirected alike need not be a router each; as one rule with one expression
// they cost next to nothing (test/redirects has the figures).
const (
	// fewest is how many routes of one kind make it worth while: below, a route per
	// path is easier to read.
	fewest = 16
	// most bounds the memory that matching one expression takes.
	most = 500
	// far bounds the search for routes in between.
	far = 2048
)

// mergeRedirects puts redirects of one Ingress that differ in their path alone
// into one route with the priority of the first of them. It must not make
// another route win or lose: what has a priority in between may match no request
// that the moved route matches, as far as host and path can tell. Routes are in
// groups of one owner, see assign, and stay so. Rows shorter than least are
// left alone.
func mergeRedirects(routes []*ir.Route, least int) []*ir.Route {
	hosts := crowdedHosts(routes, least)
	if len(hosts) == 0 {
		return routes
	}
	rivals := rivalsFor(hosts, routes)
	gone := make(map[*ir.Route]bool)
	replaced := make(map[*ir.Route]*ir.Route)
	for _, host := range hosts {
		for _, r := range findRuns(rivals[host]) {
			if len(r.members) < least {
				continue
			}
			replaced[r.members[0]] = r.merged()
			for _, member := range r.members[1:] {
				gone[member] = true
			}
		}
	}
	out := make([]*ir.Route, 0, len(routes)-len(gone))
	for _, r := range routes {
		switch {
		case gone[r]:
		case replaced[r] != nil:
			out = append(out, replaced[r])
		default:
			out = append(out, r)
		}
	}
	return out
}

// crowdedHosts are the hosts for which one Ingress has enough redirects in one
// IngressRoute, sorted.
func crowdedHosts(routes []*ir.Route, least int) []string {
	var crowded []string
	for own := range byOwner(routes, ownerOf) {
		if len(own) < least {
			continue
		}
		for start := 0; start < len(own); {
			end := start + 1
			for end < len(own) && compareGroups(own[start], own[end]) == 0 {
				end++
			}
			count := map[string]int{}
			for _, r := range own[start:end] {
				if mergeable(r) {
					count[hostKey(r.Match.Hosts[0])]++
				}
			}
			for host, n := range count {
				if n >= least {
					crowded = append(crowded, host)
				}
			}
			start = end
		}
	}
	slices.Sort(crowded)
	return slices.Compact(crowded)
}

// mergeable routes redirect, for one host, and keep no count of requests: each
// router has counters of its own.
func mergeable(r *ir.Route) bool {
	return len(r.Match.Hosts) == 1 && r.Match.Hosts[0].Kind == ir.HostExact && len(r.Match.Paths) > 0 &&
		r.Observability == nil && r.Backend.Sticky == nil && len(r.Backend.Services) < 2 &&
		slices.ContainsFunc(r.Filters, redirects) && !slices.ContainsFunc(r.Filters, counts)
}

func redirects(f ir.Filter) bool {
	switch f.(type) {
	case ir.RedirectRegex, ir.RedirectScheme:
		return true
	}
	return false
}

// run is a row of routes that can become one.
type run struct {
	members []*ir.Route
	// after is where the routes begin that would not win over a newcomer any more.
	after int
}

func (r *run) merged() *ir.Route {
	out := *r.members[0]
	out.Origins, out.Match.Paths = nil, nil
	for _, member := range r.members {
		out.Origins = append(out.Origins, member.Origins...)
		out.Match.Paths = append(out.Match.Paths, member.Match.Paths...)
	}
	return &out
}

// rivalsFor returns, for each of hosts, the routes that may match requests for it.
func rivalsFor(hosts []string, routes []*ir.Route) map[string][]*ir.Route {
	rivals := make(map[string][]*ir.Route, len(hosts))
	for _, host := range hosts {
		rivals[host] = nil
	}
	for _, r := range routes {
		if len(r.Match.Hosts) == 0 || slices.ContainsFunc(r.Match.Hosts, func(h ir.Host) bool { return h.Kind != ir.HostExact }) {
			for _, host := range hosts {
				rivals[host] = append(rivals[host], r)
			}
			continue
		}
		for i, h := range r.Match.Hosts {
			host := hostKey(h)
			if list, crowded := rivals[host]; crowded && !slices.ContainsFunc(r.Match.Hosts[:i], func(h ir.Host) bool { return hostKey(h) == host }) {
				rivals[host] = append(list, r)
			}
		}
	}
	return rivals
}

// findRuns walks down the routes that may match requests for one host.
func findRuns(list []*ir.Route) []*run {
	slices.SortStableFunc(list, func(a, b *ir.Route) int { return cmp.Compare(priority(b), priority(a)) })
	keys := make([]string, len(list))
	open := map[string]*run{}
	var all []*run
	level := 0 // where the routes of this priority begin
	for i, route := range list {
		if i > 0 && priority(list[i-1]) != priority(route) {
			level = i
		}
		if !mergeable(route) {
			continue
		}
		keys[i] = kind(route)
		r := open[keys[i]]
		if r == nil || len(r.members) == most || priority(route) != priority(r.members[0]) &&
			(i-r.after > far || meetsOther(list[r.after:i], keys[r.after:i], route, keys[i])) {
			r = &run{after: level}
			open[keys[i]] = r
			all = append(all, r)
		}
		r.members = append(r.members, route)
	}
	return all
}

// meetsOther tells whether a request may match both route and one of another kind.
func meetsOther(list []*ir.Route, keys []string, route *ir.Route, key string) bool {
	for i, other := range list {
		if keys[i] != key && mayMeet(route, other) {
			return true
		}
	}
	return false
}

// kind is equal for routes that differ in path and priority alone.
func kind(r *ir.Route) string {
	one := *r
	one.Origins, one.Match.Paths, one.Priority = nil, nil, 0
	types := make([]string, len(r.Filters))
	for i, f := range r.Filters {
		types[i] = fmt.Sprintf("%T", f)
	}
	text, err := json.Marshal(struct {
		Route ir.Route
		Types []string
	}{one, types})
	if err != nil {
		return fmt.Sprintf("%p", r) // like no other
	}
	return string(text)
}

func hostKey(h ir.Host) string { return strings.TrimSuffix(strings.ToLower(h.Value), ".") }

// mayMeet tells whether one request of one host may match both routes: surely not
// when their entry points or their paths exclude each other.
func mayMeet(a, b *ir.Route) bool {
	if len(a.EntryPoints) > 0 && len(b.EntryPoints) > 0 &&
		!slices.ContainsFunc(a.EntryPoints, func(e string) bool { return slices.Contains(b.EntryPoints, e) }) {
		return false
	}
	if len(a.Match.Paths) == 0 || len(b.Match.Paths) == 0 {
		return true
	}
	return slices.ContainsFunc(a.Match.Paths, func(p ir.Path) bool {
		return slices.ContainsFunc(b.Match.Paths, func(q ir.Path) bool { return pathsMeet(p, q) })
	})
}

// pathsMeet knows equal paths and prefixes; patterns may meet anything.
func pathsMeet(p, q ir.Path) bool {
	switch {
	case pattern(p) || pattern(q):
		return true
	case p.Kind == ir.PathExact && q.Kind == ir.PathExact:
		return p.Value == q.Value
	case p.Kind == ir.PathExact:
		return strings.HasPrefix(p.Value, stem(q))
	case q.Kind == ir.PathExact:
		return strings.HasPrefix(q.Value, stem(p))
	}
	return strings.HasPrefix(p.Value, stem(q)) || strings.HasPrefix(q.Value, stem(p))
}

func pattern(p ir.Path) bool {
	return p.Kind != ir.PathExact && p.Kind != ir.PathPrefix && p.Kind != ir.PathSegmentPrefix
}

// stem is what everything that a prefix matches begins with.
func stem(p ir.Path) string {
	if p.Kind == ir.PathSegmentPrefix {
		return strings.TrimRight(p.Value, "/")
	}
	return p.Value
}
