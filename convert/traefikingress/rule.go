package traefikingress

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// The matchers of paths.
const (
	pathExact  = "Path"
	pathPrefix = "PathPrefix"
	pathRegexp = "PathRegexp"
)

// rule is what the provider writes for a host and a path.
type rule struct {
	match ir.Match
	// length of the text that the source version writes, which is the priority of
	// a router without one.
	length int
	// dead is why the router does not work or never matches; empty: it does.
	dead string
	// unsafe is why the rule is not converted although it works.
	unsafe string
}

// language is how a rule text is written and read.
type language struct {
	source release
	// v2: paths are templates and wildcard hosts patterns, as in Traefik 2.
	v2 bool
	// strict: prefixes match whole segments.
	strict bool
}

func (l language) rule(host, matcher, path string) rule {
	var r rule
	if host != "" {
		r.host(l, host)
	}
	if path != "" {
		if r.length > 0 {
			r.length += len(" && ")
		}
		r.path(l, matcher, path)
	}
	if host == "" && path == "" {
		r.dead = "without host and path the rule is empty, which Traefik refuses"
	}
	return r
}

// host adds the host's part.
//
//	host      language                text                                       means
//	a.test    any                     Host("a.test")                             that host
//	*.w.test  v2                      HostRegexp("{subdomain:[a-zA-Z0-9-]+}.…")  one label, no underscore
//	*.w.test  v3, before 3.7          HostRegexp("^[a-zA-Z0-9-]+\\.w\\.test$")   the same, in lower case
//	*.w.test  v3, since 3.7           Host("*.w.test")                           any one label
func (r *rule) host(l language, host string) {
	for i := range len(host) {
		if host[i] >= utf8.RuneSelf {
			r.dead = "a host that is not ASCII makes the rule invalid"
			return
		}
	}
	rest, wildcard := strings.CutPrefix(host, "*.")
	lower := strings.ToLower(rest)
	switch {
	case !wildcard:
		r.length += l.callLength("Host", host)
		r.match.Hosts = []ir.Host{{Kind: ir.HostExact, Value: strings.ToLower(host)}}
		if host == "*" {
			r.starHost(l)
		}
	case l.v2:
		const pattern = "{subdomain:[a-zA-Z0-9-]+}."
		r.length += l.callLength("HostRegexp", pattern+rest)
		r.match.Hosts = []ir.Host{{Kind: ir.HostRegexp, Value: `^[a-zA-Z0-9-]+\.` + regexp.QuoteMeta(lower) + "$"}}
		if strings.ContainsAny(rest, "{}") {
			r.unsafe = "braces in a host are a pattern of Traefik 2"
		}
	case l.source.before(v3_7):
		expression := `^[a-zA-Z0-9-]+\.` + regexp.QuoteMeta(rest) + "$"
		r.length += l.callLength("HostRegexp", expression)
		r.match.Hosts = []ir.Host{{Kind: ir.HostRegexp, Value: expression}}
		if lower != rest {
			r.dead = "a wildcard host with capitals matches nothing"
		}
	default:
		r.length += l.callLength("Host", host)
		// One trailing dot of the request's host is ignored by Host and not by HostRegexp.
		r.match.Hosts = []ir.Host{{Kind: ir.HostRegexp, Value: `^[^.]*\.` + regexp.QuoteMeta(lower) + `\.?$`}}
	}
}

// starHost is about the host "*", which no API server accepts.
func (r *rule) starHost(l language) {
	if l.source.before(v3_7) || l.v2 {
		r.dead = "the host * is not a wildcard and matches nothing"
		return
	}
	r.unsafe = "the host * takes every host since Traefik 3.7.7"
}

func (r *rule) path(l language, matcher, path string) {
	if l.strict && matcher == pathPrefix && path != "/" {
		trimmed := strings.TrimSuffix(path, "/")
		r.length += len("(") + l.callLength(pathExact, trimmed) + len(" || ") + l.callLength(pathPrefix, trimmed+"/") + len(")")
		r.addPath(l, pathExact, trimmed)
		r.addPath(l, pathPrefix, trimmed+"/")
		return
	}
	r.length += l.callLength(matcher, path)
	r.addPath(l, matcher, path)
}

func (r *rule) addPath(l language, matcher, path string) {
	p := ir.Path{Value: path}
	switch {
	case l.quotesRaw() && strings.Contains(path, "`"):
		r.unsafe = "before Traefik 3.6.11 a back-tick ends the text of the rule"
	case matcher == pathRegexp:
		p.Kind = ir.PathRegexp
		if l.v2 {
			r.dead = "PathRegexp is not a matcher of the rule language of Traefik 2"
		} else if _, err := regexp.Compile(path); err != nil {
			r.dead = "the path is no regular expression: " + err.Error()
		}
	case !strings.HasPrefix(path, "/"):
		r.dead = "a path that does not begin with a slash makes the rule invalid"
	case l.v2 && strings.ContainsAny(path, "{}"):
		p.Kind = ir.PathPrefixTemplate
		if matcher == pathExact {
			p.Kind = ir.PathExactTemplate
		}
		if problem := templateProblem(path); problem != "" {
			r.dead = problem
		}
	case matcher == pathExact:
		p.Kind = ir.PathExact
	default:
		p.Kind = ir.PathPrefix
	}
	r.match.Paths = append(r.match.Paths, p)
}

// templateProblem is why gorilla/mux refuses a path; empty when it does not. The
// pattern of each variable must be a regular expression by itself.
func templateProblem(path string) string {
	level, start := 0, 0
	for i := range len(path) {
		switch path[i] {
		case '{':
			if level++; level == 1 {
				start = i + 1
			}
		case '}':
			level--
			if level < 0 {
				return "unbalanced braces make the rule invalid"
			}
			if level > 0 {
				continue
			}
			name, pattern, given := strings.Cut(path[start:i], ":")
			if name == "" || given && pattern == "" {
				return "a variable without name or pattern makes the rule invalid"
			}
			if _, err := regexp.Compile("^" + pattern + "$"); err != nil {
				return "the pattern in the path is no regular expression: " + err.Error()
			}
		}
	}
	if level != 0 {
		return "unbalanced braces make the rule invalid"
	}
	return ""
}

// quotesRaw tells whether the source encloses values in back-ticks.
func (l language) quotesRaw() bool { return l.source.major == 3 && l.source.before(v3_6_11) }

// callLength is the length of name("value") as the source writes it.
func (l language) callLength(name, value string) int {
	return len(name) + len("()") + l.quotedLength(value)
}

func (l language) quotedLength(value string) int {
	if l.quotesRaw() {
		return len(value) + 2
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return len(strconv.Quote(value))
		}
	}
	return len(value) + 2
}
