package traefikv1

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// matcher is what the rules of one frontend say together: which requests it
// takes and what it does to their path.
type matcher struct {
	match requests
	// rare is nil for rules that only match.
	rare *pathRules
}

// requests are those that a rule of Traefik 1.7 matches.
type requests struct {
	Hosts []ir.Host
	Paths []ir.Path
}

func (r requests) conjunction() ir.Match { return ir.Match{Hosts: r.Hosts, Paths: r.Paths} }

// pathRules are what few rules do with the path.
type pathRules struct {
	// exact are the paths of Path and PathStrip, which redirect between /foo and /foo/.
	exact []ir.Path
	// strip are the prefixes to remove, longest first.
	strip []string
	// The modifiers; of several of one kind the last one counts.
	addPrefix, replaceRegex, replacePath string
}

// newMatcher combines the rules of a frontend (a conjunction), already unescaped.
func newMatcher(rules []string, made *parts) (matcher, []finding) {
	var m matcher
	var more pathRules
	var problems []finding
	hostRules, pathRules := 0, 0
	var room [4]call // more are rare
	for _, rule := range rules {
		if rule == made.hostRule && made.host != nil && m.match.Hosts == nil {
			hostRules++
			m.match.Hosts = made.host
			continue
		}
		calls, problem := parseRule(room[:0], rule)
		if problem != "" {
			return m, []finding{dropped("", problem)}
		}
		for _, c := range calls {
			switch c.function {
			case ruleHost, ruleHostRegexp:
				hostRules++
				m.hosts(c, made)
				if len(calls) == 1 && hostRules == 1 {
					made.hostRule, made.host = rule, slices.Clip(m.match.Hosts)
				}
			case rulePath, rulePathPrefix, rulePathStrip, rulePathPrefixStrip:
				pathRules++
				m.paths(c, &more, made)
			case ruleAddPrefix:
				more.addPrefix = c.last()
			case ruleReplacePathRegex:
				more.replaceRegex = c.last()
			case ruleReplacePath:
				more.replacePath = c.last()
			default:
				problems = append(problems, blocked(diag.ERuleTarget, "", "a semicolon in the path adds the rule function "+c.function+", which is not converted"))
			}
		}
	}
	switch {
	case hostRules > 1, pathRules > 1:
		problems = append(problems, blocked(diag.ERuleTarget, "", "a semicolon in the path adds a second rule for host or path, which is not converted"))
	case hostRules > 0 && len(m.match.Hosts) == 0, pathRules > 0 && len(m.match.Paths) == 0:
		problems = append(problems, dropped("", "the rule never matches in Traefik 1.7"))
	case slices.ContainsFunc(more.strip, func(p string) bool { return strings.Contains(p, "{") }):
		problems = append(problems, finding{code: diag.WStripTemplate, text: "Traefik 1.7 cannot strip a path with a {pattern}: it answers 404"})
	}
	m.keep(more)
	return m, problems
}

func (m *matcher) keep(more pathRules) {
	if len(more.exact) > 0 || len(more.strip) > 0 || more.addPrefix != "" || more.replaceRegex != "" || more.replacePath != "" {
		kept := more
		m.rare = &kept
	}
}

// path is what the rules do with the path.
func (m *matcher) path() pathRules {
	if m.rare == nil {
		return pathRules{}
	}
	return *m.rare
}

// hosts adds the alternatives of Host or HostRegexp that can match at all.
func (m *matcher) hosts(c call, made *parts) {
	for argument := range c.arguments {
		argument = strings.ToLower(argument)
		if c.function == ruleHost {
			if argument != "" {
				m.addHost(ir.Host{Kind: ir.HostExact, Value: argument}, made)
			}
			continue
		}
		if host, ok := hostPattern(argument); ok {
			m.addHost(host, made)
		}
	}
}

// addHost and addPath take the one that there nearly always is from a slab.
func (m *matcher) addHost(h ir.Host, made *parts) {
	if m.match.Hosts == nil {
		m.match.Hosts = made.hosts.One(h)
		return
	}
	m.match.Hosts = append(m.match.Hosts, h)
}

func (m *matcher) addPath(p ir.Path, made *parts) {
	if m.match.Paths == nil {
		m.match.Paths = made.paths.One(p)
		return
	}
	m.match.Paths = append(m.match.Paths, p)
}

// hostPattern reads an argument of HostRegexp; false when it cannot match.
func hostPattern(pattern string) (ir.Host, bool) {
	label := strings.ToLower(wildcardLabel)
	if rest, ok := strings.CutPrefix(pattern, label+"."); ok && !strings.ContainsAny(rest, "{}*") {
		return ir.Host{Kind: ir.HostWildcard, Value: "*." + rest}, rest != ""
	}
	if strings.Contains(pattern, "*") {
		return ir.Host{}, false // only the first star of a host is a wildcard
	}
	expression, ok := templateRegexp(pattern, "[^.]+", "$")
	return ir.Host{Kind: ir.HostRegexp, Value: expression}, ok
}

// paths adds the alternatives of a path function that can match at all.
func (m *matcher) paths(c call, more *pathRules, made *parts) {
	exact := c.function == rulePath || c.function == rulePathStrip
	for argument := range c.arguments {
		p, ok := pathPattern(argument, exact)
		if !ok {
			continue
		}
		m.addPath(p, made)
		if exact {
			more.exact = append(more.exact, p)
		}
	}
	if c.function == rulePathStrip || c.function == rulePathPrefixStrip {
		more.strip = slices.Collect(c.arguments)
		slices.SortStableFunc(more.strip, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	}
}

// pathPattern reads an argument of a path function; false when it cannot match.
func pathPattern(argument string, exact bool) (ir.Path, bool) {
	template := strings.Contains(argument, "{") || exact && strings.Contains(argument, "}")
	switch {
	case argument == "" && !exact: // what is left of a blank between commas
		return ir.Path{Kind: ir.PathPrefix, Value: "/"}, true
	case !strings.HasPrefix(argument, "/"):
		return ir.Path{}, false
	case template:
		if _, ok := templateRegexp(argument, "[^/]+", ""); !ok {
			return ir.Path{}, false
		}
		if exact {
			return ir.Path{Kind: ir.PathExactTemplate, Value: argument}, true
		}
		return ir.Path{Kind: ir.PathPrefixTemplate, Value: argument}, true
	case exact:
		return ir.Path{Kind: ir.PathExact, Value: argument}, true
	}
	return ir.Path{Kind: ir.PathPrefix, Value: argument}, true
}

// templateRegexp turns a gorilla/mux template into a regular expression anchored
// at its start, as containous/mux does; false when the router refuses it.
func templateRegexp(template, variable, end string) (string, bool) {
	var b strings.Builder
	b.WriteByte('^')
	depth, start, literal := 0, 0, 0
	for i := range len(template) {
		switch template[i] {
		case '{':
			if depth++; depth == 1 {
				start = i
			}
		case '}':
			depth--
			if depth < 0 {
				return "", false
			}
			if depth > 0 {
				continue
			}
			b.WriteString(regexp.QuoteMeta(template[literal:start]))
			name, pattern, ok := strings.Cut(template[start+1:i], ":")
			if !ok {
				pattern = variable
			}
			if name == "" || pattern == "" {
				return "", false
			}
			b.WriteString("(?:" + pattern + ")")
			literal = i + 1
		}
	}
	if depth != 0 {
		return "", false
	}
	b.WriteString(regexp.QuoteMeta(template[literal:]) + end)
	if _, err := regexp.Compile(b.String()); err != nil {
		return "", false
	}
	return b.String(), true
}
