package traefikv1

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// slashTwins are the routes that redirect /foo/ to /foo (or the other way
// round) for exact paths, before any filter, as Traefik 1.7 does by default.
func (t *translator) slashTwins(f *frontend, route ir.Route) []ir.Route {
	if t.facts.KeepTrailingSlash {
		return nil
	}
	var twins []ir.Route
	for _, p := range f.matcher.path().exact {
		if p.Value == "/" {
			continue
		}
		twin := route
		twin.Backend = ir.Backend{}
		from, redirect := slashRedirect(p)
		twin.Match.Paths = []ir.Path{from}
		twin.Filters = []ir.Filter{redirect}
		twins = append(twins, twin)
		f.places[len(f.places)-1].src.say(diag.WStrictSlash, f.places[len(f.places)-1].field(),
			"requests for "+from.Value+" are redirected to "+p.Value+" as in Traefik 1.7, for methods other than GET with 308")
	}
	return twins
}

// slashRedirect is the path that differs from p by its last slash, and the
// redirect from there to p. Location is a path, as Traefik 1.7 writes it, so that
// it is right behind a load balancer that terminates TLS; it never begins with
// two slashes, which would name another host. It is made of the request's own
// path, which the route has compared: so all paths share one redirect, and emit
// can make one route of thousands.
func slashRedirect(p ir.Path) (ir.Path, ir.RedirectRegex) {
	r := ir.RedirectRegex{Permanent: true, Regex: `^https?://[^/?]+(/[^/?][^?]*)/(\?.*)?$`, Replacement: "${1}${2}"}
	from := p
	trimmed, slash := strings.CutSuffix(p.Value, "/")
	if from.Value = p.Value + "/"; slash {
		from.Value = trimmed
		r.Regex, r.Replacement = `^https?://[^/?]+(/[^/?][^?]*)(\?.*)?$`, "${1}/${2}"
	}
	return from, r
}

// takesSlash reports whether the route itself can meet requests that Traefik 1.7
// redirects: an expression may match the slash at the end, and the router looks at
// slashes after it has matched (Route.Match of containous/mux). Then the redirect
// comes first in the route's own chain, because no priority lies between the route
// and those before it.
func (t *translator) takesSlash(f *frontend) bool {
	if t.facts.KeepTrailingSlash {
		return false
	}
	takes := false
	for _, p := range f.matcher.path().exact {
		if strings.HasSuffix(p.Value, "/") {
			return false // wants the slash that the redirect would take from its neighbours
		}
		takes = takes || p.Kind == ir.PathExactTemplate && matchesSlash(p.Value)
	}
	return takes
}

// matchesSlash reports whether a variable of a template can match a slash.
func matchesSlash(template string) bool {
	expression, _, err := ir.TemplateExpression(template)
	if err != nil {
		return false
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	return err == nil && variesOverSlash(parsed)
}

func variesOverSlash(e *syntax.Regexp) bool {
	switch e.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCharClass:
		for i := 0; i+1 < len(e.Rune); i += 2 {
			if e.Rune[i] <= '/' && '/' <= e.Rune[i+1] {
				return true
			}
		}
	}
	return slices.ContainsFunc(e.Sub, variesOverSlash)
}
