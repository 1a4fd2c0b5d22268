package emit

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func redirectRoute(path string, prio int, to string) ir.Route {
	return ir.Route{
		Owner: ir.Ref{Namespace: "t", Name: "i"}, EntryPoints: []string{"web"}, Priority: prio,
		Origins: []ir.Origin{{Ingress: ir.Ref{Namespace: "t", Name: "i"}, Field: path}},
		Match:   ir.Match{Hosts: []ir.Host{{Value: "h.test"}}, Paths: []ir.Path{{Kind: ir.PathExact, Value: path}}},
		Filters: []ir.Filter{ir.RedirectRegex{Regex: "^.*$", Replacement: to}},
	}
}

func pointers(routes []ir.Route) []*ir.Route {
	var out []*ir.Route
	for i := range routes {
		out = append(out, &routes[i])
	}
	slices.SortStableFunc(out, func(a, b *ir.Route) int { return cmp.Or(CompareRefs(a.Owner, b.Owner), compareGroups(a, b)) })
	return out
}

func TestRedirectsAreMerged(t *testing.T) {
	row := func(n int, change func(i int, r *ir.Route)) []ir.Route {
		var routes []ir.Route
		for i := range n {
			r := redirectRoute(fmt.Sprintf("/p%d", i), 1000-i, "https://to.test/")
			change(i, &r)
			routes = append(routes, r)
		}
		return routes
	}
	none := func(int, *ir.Route) {}
	other := func(path string, prio int) ir.Route {
		return ir.Route{
			Owner: ir.Ref{Namespace: "u", Name: "other"}, EntryPoints: []string{"web"}, Priority: prio,
			Match: ir.Match{Paths: []ir.Path{{Kind: ir.PathPrefix, Value: path}}},
		}
	}
	cases := map[string]struct {
		routes []ir.Route
		want   int
	}{
		"a row":                  {row(fewest, none), 1},
		"too few":                {row(fewest-1, none), fewest - 1},
		"more than a rule holds": {row(most+fewest, none), 2},
		"very many of one priority, each beside another": {row(8*most, func(i int, r *ir.Route) {
			r.Priority = 7
			if i%2 == 0 {
				r.Filters = []ir.Filter{ir.RedirectRegex{Regex: "x"}}
			}
		}), 8},
		"alternating between two targets":     {row(2*fewest, func(i int, r *ir.Route) { r.Filters = []ir.Filter{ir.RedirectRegex{Regex: fmt.Sprint(i % 2)}} }), 2},
		"each to somewhere else":              {row(fewest, func(i int, r *ir.Route) { r.Filters = []ir.Filter{ir.RedirectRegex{Regex: fmt.Sprint(i)}} }), fewest},
		"no redirect":                         {row(fewest, func(_ int, r *ir.Route) { r.Filters = nil }), fewest},
		"counted":                             {row(fewest, func(_ int, r *ir.Route) { r.Filters = append(r.Filters, ir.RateLimit{Average: 1}) }), fewest},
		"of several Ingresses":                {row(fewest, func(i int, r *ir.Route) { r.Owner.Name = fmt.Sprint(i) }), fewest},
		"a rival between, elsewhere":          {append(row(fewest, none), other("/elsewhere", 995)), 2},
		"a rival between, for all":            {append(row(fewest, none), other("/", 995)), fewest + 1},
		"a rival of the same priority":        {append(row(fewest, none), other("/", 1000)), fewest + 1},
		"a rival of the same priority, first": {append(row(fewest, none), func() ir.Route { r := other("/", 1000); r.Owner.Namespace = "a"; return r }()), fewest + 1},
		"a rival above":                       {append(row(fewest, none), other("/", 1001)), 2},
		"a rival below":                       {append(row(fewest, none), other("/", 1000-fewest)), 2},
		"a rival on another entry point":      {append(row(fewest, none), func() ir.Route { r := other("/", 995); r.EntryPoints = []string{"x"}; return r }()), 2},
		"a rival for another host":            {append(row(fewest, none), func() ir.Route { r := other("/", 995); r.Match.Hosts = []ir.Host{{Value: "x.test"}}; return r }()), 2},
		"a rival for the host, with a dot":    {append(row(fewest, none), func() ir.Route { r := other("/", 995); r.Match.Hosts = []ir.Host{{Value: "H.test."}}; return r }()), fewest + 1},
		"a rival with a wildcard": {append(row(fewest, none), func() ir.Route {
			r := other("/", 995)
			r.Match.Hosts = []ir.Host{{Kind: ir.HostWildcard, Value: "*.test"}}
			return r
		}()), fewest + 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := mergeRedirects(pointers(c.routes), fewest); len(got) != c.want {
				t.Errorf("%d routes, want %d", len(got), c.want)
			}
		})
	}
}

// Whatever is merged: the same route answers every request, where it was decided
// which one does, and no origin is lost.
func TestMergingChangesNoAnswer(t *testing.T) {
	hosts := []string{"h.test", "h.test", "h.test", "H.test", "o.test", "*.test", ""}
	paths := []string{"/", "/a", "/a/", "/a/b", "/ab", "/b", "/b/a"}
	merged := 0
	rapid.Check(t, func(t *rapid.T) {
		var routes []ir.Route
		for i := range rapid.IntRange(2, 16).Draw(t, "routes") {
			r := redirectRoute("/", rapid.IntRange(1, 60).Draw(t, "priority"), rapid.SampledFrom([]string{"x", "x", "x", "y"}).Draw(t, "to"))
			r.Origins[0].Field = fmt.Sprint(i)
			r.Owner.Name = rapid.SampledFrom([]string{"i", "i", "i", "i", "j"}).Draw(t, "owner")
			host := rapid.SampledFrom(hosts).Draw(t, "host")
			switch host {
			case "":
				r.Match.Hosts = nil
			case "*.test":
				r.Match.Hosts[0] = ir.Host{Kind: ir.HostWildcard, Value: host}
			default:
				r.Match.Hosts[0].Value = host
			}
			r.Match.Paths[0] = ir.Path{
				Kind:  rapid.SampledFrom([]ir.PathKind{ir.PathExact, ir.PathExact, ir.PathPrefix, ir.PathSegmentPrefix}).Draw(t, "kind"),
				Value: rapid.SampledFrom(append(slices.Clone(paths), fmt.Sprintf("/p%d", i), fmt.Sprintf("/p%d", i), fmt.Sprintf("/p%d", i))).Draw(t, "path"),
			}
			if rapid.IntRange(0, 9).Draw(t, "backend") == 0 {
				r.Filters = nil
				r.Backend.Services = []ir.Service{{Name: "s", PortNumber: 80}}
			}
			if rapid.IntRange(0, 9).Draw(t, "entry points") == 0 {
				r.EntryPoints = nil
			}
			routes = append(routes, r)
		}
		before := pointers(routes)
		after := mergeRedirects(before, 2)
		merged += len(before) - len(after)
		origins := map[string]int{}
		for _, r := range after {
			for _, o := range r.Origins {
				origins[o.Field]++
			}
		}
		for i := range routes {
			if origins[fmt.Sprint(i)] != 1 {
				t.Fatalf("origin %d occurs %d times", i, origins[fmt.Sprint(i)])
			}
		}
		for _, version := range []Version{V2, V3} {
			was, is := rulesOf(t, before, version), rulesOf(t, after, version)
			for _, host := range []string{"h.test", "o.test", "x"} {
				for _, path := range append(slices.Clone(paths), "/p1", "/p7", "/p7/x", "/zzz") {
					r := request{host: host, path: path}
					want, decided := winner(t, was, before, version, r)
					got, still := winner(t, is, after, version, r)
					if decided && (want != got || !still) {
						t.Fatalf("%s%s in Traefik %d: %s before, %s after", host, path, version, want, got)
					}
				}
			}
		}
	})
	if merged == 0 {
		t.Error("nothing was merged, so nothing was tested")
	}
}

func rulesOf(t *rapid.T, routes []*ir.Route, v Version) []string {
	var rules []string
	for _, r := range routes {
		text, _, err := rule(r.Match, v)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, text)
	}
	return rules
}

// winner says what answers a request on entry point web; decided is false when
// routes of equal priority would answer differently.
func winner(t *rapid.T, rules []string, routes []*ir.Route, v Version, r request) (answer string, decided bool) {
	var best *ir.Route
	decided = true
	for i, route := range routes {
		if best != nil && route.Priority < best.Priority {
			continue
		}
		ok, err := evaluate(rules[i], v, r)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !ok:
		case best == nil || route.Priority > best.Priority:
			best, decided = route, true
		case answerOf(best) != answerOf(route):
			decided = false
		}
	}
	if best == nil {
		return "nothing", true
	}
	return answerOf(best), decided
}

func answerOf(r *ir.Route) string { return fmt.Sprintf("%s %v %v", r.Owner, r.Filters, r.Backend) }
