package emit

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// encodedSlash notes the first route of an Ingress whose path a request can
// write with escapes that Traefik 3 does not decode before it matches.
type encodedSlash struct {
	path      string
	protected bool
}

// reserved are the characters that Traefik 3 leaves encoded: the reserved ones of
// RFC 3986, section 2.2, and the percent sign.
const reserved = ":/?#[]@!$&'()*+,;=%"

func (e *encodedSlash) note(r *ir.Route, target Version) {
	if target != V3 {
		return
	}
	for _, p := range r.Match.Paths {
		if len(p.Value) < 2 || !strings.ContainsAny(p.Value[1:], reserved) {
			continue
		}
		protected := protects(r)
		if _, ok := escapedPath(p); ok && protected || !ok && p.Kind == ir.PathRegexp {
			continue // see escaped; or the characters are those of an expression
		}
		if e.path == "" || protected && !e.protected {
			e.path, e.protected = p.Value, protected
		}
	}
}

// escaped are the paths of a route that protects in every way that a request can
// write them and Traefik 3 does not decode: the next route must not take those.
func (o *owner) escaped(r *ir.Route) []ir.Path {
	if !o.outcome.DecodesPaths || o.all.target.Version != V3 || !protects(r) {
		return nil
	}
	var out []ir.Path
	for _, p := range r.Match.Paths {
		if escaped, ok := escapedPath(p); ok {
			out = append(out, escaped)
		}
	}
	return out
}

// escapedPath is an expression for a path with its reserved characters as they are
// and escaped; false when none of its characters can be written so.
func escapedPath(p ir.Path) (ir.Path, bool) {
	if p.Kind == ir.PathRegexp {
		return escapedRegexp(p.Value)
	}
	segment := p.Kind == ir.PathSegmentPrefix
	switch {
	case len(p.Value) < 2, p.Kind != ir.PathExact && p.Kind != ir.PathPrefix && !segment:
		return ir.Path{}, false
	case !segment && !strings.ContainsAny(p.Value[1:], reserved):
		return ir.Path{}, false
	}
	var b strings.Builder
	b.WriteString("^/")
	for _, c := range []byte(p.Value[1:]) {
		switch {
		case strings.IndexByte(reserved, c) >= 0:
			b.WriteString(escapedByte(c))
		case c < utf8.RuneSelf:
			b.WriteString(regexp.QuoteMeta(string(rune(c))))
		default:
			b.WriteByte(c) // of a character of several bytes
		}
	}
	switch {
	case segment && !strings.ContainsAny(p.Value[1:], reserved):
		b.WriteString("(?i:%2F)") // the path itself and with a slash are matched as they are
	case segment:
		b.WriteString("(?:$|" + escapedByte('/') + ")")
	case p.Kind == ir.PathExact:
		b.WriteByte('$')
	}
	return ir.Path{Kind: ir.PathRegexp, Value: b.String()}, true
}

// escapedByte is an expression for a reserved character as it is and escaped. The
// percent sign always is.
func escapedByte(c byte) string {
	escape := fmt.Sprintf("%%%02X", c)
	if c == '%' {
		return escape
	}
	return fmt.Sprintf("(?:%s|(?i:%s))", regexp.QuoteMeta(string(rune(c))), escape)
}

// escapedRegexp does to the characters that an expression names what escapedPath
// does. What it takes by classes it takes as they are: of an escape each character.
func escapedRegexp(expression string) (ir.Path, bool) {
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return ir.Path{}, false
	}
	first, changed := true, false
	var walk func(re *syntax.Regexp) *syntax.Regexp
	walk = func(re *syntax.Regexp) *syntax.Regexp {
		if re.Op != syntax.OpLiteral {
			for i, sub := range re.Sub {
				re.Sub[i] = walk(sub)
			}
			return re
		}
		var parts []*syntax.Regexp
		for _, c := range re.Rune {
			part := &syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{c}}
			if c < utf8.RuneSelf && strings.IndexByte(reserved, byte(c)) >= 0 && !first {
				part, _ = syntax.Parse(escapedByte(byte(c)), syntax.Perl)
				changed = true
			}
			first = false // the slash that every path begins with is one
			parts = append(parts, part)
		}
		return &syntax.Regexp{Op: syntax.OpConcat, Flags: re.Flags, Sub: parts}
	}
	text := walk(re).String()
	return ir.Path{Kind: ir.PathRegexp, Value: text}, changed
}

// decoded writes paths that the source controller compares with decoded ones for
// Traefik 3, which leaves the percent sign itself encoded.
func (o *owner) decoded(m ir.Match) ir.Match {
	if !o.outcome.DecodesPaths || o.all.target.Version != V3 ||
		!slices.ContainsFunc(m.Paths, func(p ir.Path) bool { return strings.Contains(p.Value, "%") }) {
		return m
	}
	m.Paths = slices.Clone(m.Paths)
	for i := range m.Paths {
		m.Paths[i].Value = strings.ReplaceAll(m.Paths[i].Value, "%", "%25")
	}
	return m
}

// protects tells whether a route lets not everybody in.
func protects(r *ir.Route) bool {
	for _, f := range r.Filters {
		switch f.(type) {
		case ir.BasicAuth, ir.DigestAuth, ir.ForwardAuth, ir.IPAllowList:
			return true
		}
	}
	return false
}

func (e *encodedSlash) report(o *owner) {
	if e.path == "" {
		return
	}
	text := "a request that writes a slash or another reserved character of " + e.path + " as %XX does not match in Traefik 3"
	if e.protected {
		text += ", so it passes this route's protection when another route takes it"
	}
	d := o.report(diag.WEncodedSlash, "", text)
	if e.protected {
		d.Severity = diag.Lossy
	}
}
