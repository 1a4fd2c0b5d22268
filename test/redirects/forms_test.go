// Package redirects measures forms of thousands of redirects in the routers and
// the redirect middleware of real Traefiks. Figures of one run can be compared
// with each other, not with those of another machine:
//
//	go test . -run '^$' -bench . -benchtime 200x
package redirects

import (
	"fmt"
	"strings"
	"testing"
)

// many is how many paths are redirected.
const many = 5000

// route is one router: its rule and what its redirect middlewares do, in order.
type route struct {
	rule      string
	priority  int
	redirects []redirect
}

// redirect is one redirectRegex middleware.
type redirect struct{ regex, replacement string }

// site is the route of everything that is not redirected: it loses against all
// others, so each request for it is held against all of them.
func site(routes []route) []route {
	return append(routes, route{rule: "Host(`h.test`) && PathPrefix(`/`)", priority: 1}, route{rule: "Host(`other.test`) && PathPrefix(`/`)", priority: 1})
}

func path(i int) string { return fmt.Sprintf("/old/%d-page", i) }

// captured redirects all paths by one rule of their form.
var captured = redirect{`^(https?://[^/]+)/old/(.*)$`, "${1}/new/${2}"}

// single redirects one path.
func single(i int) redirect {
	return redirect{"^(https?://[^/]+)" + path(i) + "$", fmt.Sprintf("${1}/new/%d", i)}
}

// form is a way to write the redirects down.
type form struct {
	name   string
	routes func(t testing.TB, v3 bool) []route
}

var forms = []form{
	{"each", func(testing.TB, bool) []route {
		var out []route
		for i := range many {
			out = append(out, route{rule: "Host(`h.test`) && Path(`" + path(i) + "`)", priority: 10, redirects: []redirect{single(i)}})
		}
		return site(out)
	}},
	{"each-shared-middleware", func(testing.TB, bool) []route {
		var out []route
		for i := range many {
			out = append(out, route{rule: "Host(`h.test`) && Path(`" + path(i) + "`)", priority: 10, redirects: []redirect{captured}})
		}
		return site(out)
	}},
	{"each-path-first", func(testing.TB, bool) []route {
		var out []route
		for i := range many {
			out = append(out, route{rule: "Path(`" + path(i) + "`) && Host(`h.test`)", priority: 10, redirects: []redirect{single(i)}})
		}
		return site(out)
	}},
	{"chain", func(testing.TB, bool) []route {
		all := route{rule: "Host(`h.test`) && PathPrefix(`/old/`)", priority: 10}
		for i := range many {
			all.redirects = append(all.redirects, single(i))
		}
		return site([]route{all})
	}},
	{"one-rule-of-paths", func(testing.TB, bool) []route { return site(grouped(many)) }},
	{"rules-of-250-paths", func(testing.TB, bool) []route { return site(grouped(250)) }},
	{"regexp", func(_ testing.TB, v3 bool) []route {
		var names []string
		for i := range many {
			names = append(names, strings.TrimPrefix(path(i), "/"))
		}
		rule := "Host(`h.test`) && PathRegexp(`^/(?:" + strings.Join(names, "|") + ")$`)"
		if !v3 {
			rule = "Host(`h.test`) && Path(`/{p:(?:" + strings.Join(names, "|") + ")}`)"
		}
		return site([]route{{rule: rule, priority: 10, redirects: []redirect{captured}}})
	}},
	{"as-converted", asConverted},
	{"prefix", func(testing.TB, bool) []route {
		return site([]route{{rule: "Host(`h.test`) && PathPrefix(`/old/`)", priority: 10, redirects: []redirect{captured}}})
	}},
}

// grouped puts the paths into as few rules as size allows.
func grouped(size int) []route {
	var out []route
	for start := 0; start < many; start += size {
		var paths []string
		for i := start; i < min(start+size, many); i++ {
			paths = append(paths, "Path(`"+path(i)+"`)")
		}
		out = append(out, route{rule: "Host(`h.test`) && (" + strings.Join(paths, " || ") + ")", priority: 10, redirects: []redirect{captured}})
	}
	return out
}
