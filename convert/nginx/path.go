package nginx

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// paths says how the location is matched. The controller renders
//
//	plain host  Exact /p     location = /p
//	            Prefix /p    location /p/ and, unless an Exact /p exists, = /p
//	            Prefix /p/   location /p/
//	regex host  any          location ~* "^/p"; of a Prefix with an Exact of the
//	                         same path only "^/p/"
func (l *location) paths() ([]ir.Path, *finding) {
	path := l.path
	if !strings.HasPrefix(path, "/") {
		f := finding{code: diag.ENginxNotServed, value: path, text: "a path without a leading slash matches nothing"}
		return nil, &f
	}
	shared := !l.exact && path != "/" && l.server.exactOf(path)
	if l.server.regex {
		if shared && !l.settings().rewrite.useRegex && !l.rewritten() && !strings.HasSuffix(path, "/") {
			path += "/"
		}
		return regexPaths(path)
	}
	switch {
	case l.exact:
		return []ir.Path{{Kind: ir.PathExact, Value: path}}, nil
	case path == "/", strings.HasSuffix(path, "/"):
		return []ir.Path{{Kind: ir.PathPrefix, Value: path}}, nil
	case shared:
		return []ir.Path{{Kind: ir.PathPrefix, Value: path + "/"}}, nil
	}
	return []ir.Path{{Kind: ir.PathSegmentPrefix, Value: path}}, nil
}

func regexPaths(path string) ([]ir.Path, *finding) {
	list, err := expressions(path)
	if err != nil {
		f := finding{code: diag.ENginxPCRE, value: path, text: err.Error(), block: true}
		return nil, &f
	}
	out := make([]ir.Path, 0, len(list))
	for _, expression := range list {
		if expression == "(?i)^/" {
			return []ir.Path{{Kind: ir.PathPrefix, Value: "/"}}, nil
		}
		out = append(out, ir.Path{Kind: ir.PathRegexp, Value: expression})
	}
	return out, nil
}

// exactOf tells whether the server has an Exact location of the path.
func (v *server) exactOf(path string) bool { return v.find(path, true) >= 0 }

// slashRedirect is the redirect of /bar to /bar/ that nginx makes by itself for a
// location that ends with a slash, exact or not, when nothing else takes /bar.
func (l *location) slashRedirect() (ir.Path, ir.RedirectRegex, bool) {
	bare := strings.TrimSuffix(l.path, "/")
	if l.server.regex || bare == l.path || bare == "" || !l.exact && l.server.exactOf(l.path) {
		return ir.Path{}, ir.RedirectRegex{}, false
	}
	if l.server.find(bare, true) >= 0 || l.server.find(bare, false) >= 0 {
		return ir.Path{}, ir.RedirectRegex{}, false
	}
	escaped := (&url.URL{Path: l.path}).EscapedPath()
	return ir.Path{Kind: ir.PathExact, Value: bare}, ir.RedirectRegex{
		Regex:       `^(https?)://(\[[^\]]*\]|[^/:?#]+)(?::[0-9]+)?[^?]*(\?.*)?$`,
		Replacement: "${1}://${2}" + literal(escaped) + "${3}",
		Permanent:   true,
	}, true
}

// rewriteFilter replaces the whole path, as nginx replaces the whole URI: what
// follows the match is lost unless a group holds it.
func (l *location) rewriteFilter() ir.Filter {
	target := replacement(dropWholeMatch(l.settings().rewrite.target))
	expression := encoded(unquote.Replace(l.path))
	if l.settings().rewrite.absolute() {
		return redirectTo(target, expression)
	}
	return ir.ReplacePathRegex{Regex: `(?is)^` + start(expression) + `(?:` + expression + `).*$`, Replacement: target}
}

// redirectTo is the redirect of a rewrite to another URL, with the query of the request.
func redirectTo(target, expression string) ir.RedirectRegex {
	own := groups(expression)
	query := own + 1
	target = strings.ReplaceAll(target, group(query), "") // a group that nginx does not have
	match := withoutQuery(start(expression) + `(?:` + expression + `)`)
	regex, queries := match+`[^?]*(\?.*)?`, group(query)
	if before, ends := endingBefore(match); ends {
		// An end of the path is no end of the URL where a query follows. The groups of this
		// second form come after those of the first; the form that does not match has
		// empty ones.
		regex, queries = `(?:`+regex+`|`+before+`(\?.*))`, queries+group(2*query)
		for i := own; i > 0; i-- {
			target = strings.ReplaceAll(target, group(i), group(i)+group(query+i))
		}
	}
	return ir.RedirectRegex{Regex: `(?is)^https?://[^/?]*` + regex + `$`, Replacement: target + queries}
}

func group(i int) string { return "${" + strconv.Itoa(i) + "}" }

// encoded writes what no request has as it is, blanks and what is not ASCII, as the
// escapes that Traefik leaves in the path it rewrites.
func encoded(expression string) string {
	var b strings.Builder
	for _, c := range []byte(expression) {
		if c <= ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// start lets an expression with alternatives begin anywhere, see expressions.
func start(expression string) string {
	if len(alternatives(expression)) > 1 {
		return ".*?"
	}
	return ""
}

func groups(expression string) int {
	re, err := regexp.Compile(expression)
	if err != nil {
		return 0
	}
	return re.NumSubexp()
}

// dropWholeMatch: $0 is empty in nginx's rewrite and the whole match in Go. A
// group that does not exist is empty in both.
func dropWholeMatch(target string) string { return strings.ReplaceAll(target, "$0", "") }
