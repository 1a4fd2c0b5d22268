package traefikingress

import (
	"math"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// maxPriority is the greatest priority that Traefik takes from users
// (pkg/server/router).
const maxPriority = math.MaxInt - 1000

// load makes the routes of one Ingress.
func (t *translator) load(s *source) {
	if len(s.Spec.Rules) == 0 {
		if s.Spec.DefaultBackend == nil {
			s.say(diag.WTraefikDrop, "spec.rules", "the Ingress has neither rules nor a default backend")
		}
		return
	}
	if s.Spec.DefaultBackend != nil {
		s.say(diag.WTraefikDefault, "spec.defaultBackend", "")
	}
	l := loader{t: t, s: s, first: len(t.routers)}
	for r := range s.Spec.Rules {
		rule := &s.Spec.Rules[r]
		if rule.HTTP == nil {
			s.say(diag.WNoHTTP, "spec.rules["+strconv.Itoa(r)+"]", "a rule without paths is skipped")
			continue
		}
		for p := range rule.HTTP.Paths {
			l.path(place{s, r, p}, rule, &rule.HTTP.Paths[p])
		}
	}
	l.finish()
}

// loader makes the routes of one Ingress.
type loader struct {
	t *translator
	s *source
	// first is where the routers of the Ingress begin.
	first int
	// loose is the first place whose prefix matches characters.
	loose *place
	// matched: router.pathmatcher was asked.
	matched bool
}

func (l *loader) path(at place, in *networkingv1.IngressRule, path *networkingv1.HTTPIngressPath) {
	matcher, annotated := matcherOf(path, l.s.config.pathMatcher)
	l.matched = l.matched || annotated
	to := l.t.backend(at, &path.Backend)
	if to.skipped {
		return
	}
	lang := l.t.language(l.s)
	if annotated && path.Path != "" {
		known, dead, unsafe := knownMatcher(matcher, l.t.source)
		switch {
		case dead != "":
			at.lose(diag.WTraefikDrop, at.field(), dead)
			return
		case unsafe != "":
			l.t.inError(at)
			at.withhold(diag.ETraefikMatcher, at.field(), unsafe)
			return
		}
		// Only this very spelling gets the strict form.
		lang.strict = lang.strict && matcher == pathPrefix
		matcher = known
	}
	r := lang.rule(in.Host, matcher, path.Path)
	switch {
	case r.dead != "":
		l.t.inError(at)
		at.lose(diag.WTraefikDrop, at.field(), r.dead)
		return
	case r.unsafe != "":
		at.withhold(diag.ETraefikMatcher, at.field(), r.unsafe)
		return
	}
	l.describe(at, lang, matcher, path.Path)
	text := ruleText{in.Host, matcher, path.Path}
	if lang.strict && matcher == pathPrefix && path.Path != "/" {
		text.path = strings.TrimSuffix(path.Path, "/")
	}
	route := l.t.route(at, r, to)
	made := router{at: at, text: text, route: route, dead: to.dead, withheld: to.withheld, empty: to.empty}
	if to.dead || l.t.applyTLS(at, &made.route) {
		l.t.routers = append(l.t.routers, made)
	} else if l.s.shape.dead == "" {
		l.t.withheld = append(l.t.withheld, made)
	}
}

// describe reports what a rule means against expectation.
func (l *loader) describe(at place, lang language, matcher, path string) {
	if matcher == pathPrefix && !lang.strict && path != "" && path[len(path)-1] != '/' && l.loose == nil {
		first := at
		l.loose = &first
	}
	if matcher != pathRegexp && hasBraces(path) {
		meaning := "plain characters"
		if lang.v2 {
			meaning = "a pattern"
		}
		at.src.say(diag.WTraefikBraces, at.field()+".path", "the braces of "+path+" are "+meaning+" to "+lang.source.String())
	}
}

// finish drops the routes that a later one of the same Ingress replaces: routers
// are known by the text of their rule, and the last one stays.
func (l *loader) finish() {
	s := l.s
	mine := l.t.routers[l.first:]
	last := lastOf(mine)
	for i := range mine {
		winner := last(i)
		if winner == i {
			continue
		}
		why := "the later " + mine[winner].at.field() + " replaces it"
		if winner < i {
			why = "its Service has no endpoints, and " + mine[winner].at.field() + " has the same rule"
		}
		mine[i].at.lose(diag.WTraefikDrop, mine[i].at.field(), why)
		mine[i].replaced = true
	}
	for i := range mine {
		switch r := &mine[i]; {
		case r.replaced:
		case r.empty && s.shape.dead != "": // the provider has no router for it at the moment
		case s.shape.dead != "", r.dead && !r.withheld:
			l.t.inError(r.at)
		case r.withheld:
			l.t.withheld = append(l.t.withheld, *r)
		}
	}
	kept := slices.DeleteFunc(mine, func(r router) bool { return r.replaced || r.dead })
	if s.shape.dead != "" {
		kept = kept[:0] // said on the annotation
	}
	l.t.routers = l.t.routers[:l.first+len(kept)]
	s.routed = len(kept) > 0
	if n := s.tree.child("pathmatcher"); n != nil && s.routed && !l.matched {
		s.sayKey(diag.IAnnIgnored, n.key, "every path has a pathType of its own")
	}
	if l.loose != nil && s.routed {
		s.say(diag.ITraefikPrefix, l.loose.field()+".path", l.loose.pathText()+" also matches "+l.loose.pathText()+"x")
	}
}

// ruleText tells rules apart as their texts do.
type ruleText struct{ host, matcher, path string }

// lastOf finds the router that takes the place of all others with its rule: the
// last one whose Service has endpoints, because the provider has none for others.
func lastOf(routers []router) func(i int) int {
	const few = 16
	if len(routers) <= few {
		return func(i int) int {
			winner := i
			for j := range routers {
				if routers[j].text == routers[i].text && (routers[winner].empty || !routers[j].empty) && (j > winner || routers[winner].empty) {
					winner = j
				}
			}
			return winner
		}
	}
	last := make(map[ruleText]int, len(routers))
	texts := make([]ruleText, len(routers))
	for i := range routers {
		texts[i] = routers[i].text
		if winner, taken := last[texts[i]]; !taken || routers[winner].empty || !routers[i].empty {
			last[texts[i]] = i
		}
	}
	return func(i int) int { return last[texts[i]] }
}

// route is the route of a rule.
func (t *translator) route(at place, r rule, to target) ir.Route {
	s := at.src
	route := ir.Route{
		Owner: s.ref(), Origins: t.made.origins.One(at.origin()), EntryPoints: s.shape.entryPoints, TLS: s.shape.tls,
		Match: r.match, Priority: s.config.priority, Filters: s.shape.filters,
		Backend: ir.Backend{Services: t.made.services.One(to.service)}, Observability: s.config.observability,
	}
	if route.Priority == 0 {
		route.Priority = r.length
	}
	if len(to.filters) > 0 {
		// Middlewares of the Service run after those of the router.
		route.Filters = append(append([]ir.Filter(nil), s.shape.filters...), to.filters...)
	}
	return route
}

// language is how the rules of an Ingress are written and read.
func (t *translator) language(s *source) language {
	l := language{source: t.source, v2: t.source.major == 2}
	if !l.v2 {
		syntax := s.config.ruleSyntax
		if syntax == "" {
			syntax = t.facts.DefaultRuleSyntax
		}
		l.v2 = syntax == "v2"
		l.strict = t.facts.StrictPrefixMatching && !t.source.before(release{3, 5, 0})
	}
	return l
}

func hasBraces(path string) bool {
	for i := range len(path) {
		if path[i] == '{' || path[i] == '}' {
			return true
		}
	}
	return false
}
