package emitnginx

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// shape tells how a pattern takes paths.
type shape int

const (
	exact      shape = iota
	segment          // /foo takes /foo and /foo/x
	prefix           // /foo takes /foobar as well
	expression       // text is a regular expression, begins with a slash and is anchored there
)

// pattern is the set of paths of a location.
type pattern struct {
	shape shape
	text  string
	// capture is the location's text where a rewrite needs a part of the path.
	// It takes the same paths.
	capture string
}

// key tells patterns apart.
func (p pattern) key() string { return string(rune('0'+p.shape)) + p.text }

// patternOf reads a path.
func patternOf(p ir.Path) (pattern, error) {
	switch p.Kind {
	case ir.PathExact:
		return literal(exact, p.Value)
	case ir.PathPrefix:
		return literal(prefix, p.Value)
	case ir.PathSegmentPrefix:
		if trimmed := strings.TrimRight(p.Value, "/"); trimmed != "" {
			return literal(segment, trimmed)
		}
		return literal(prefix, "/")
	case ir.PathExactTemplate, ir.PathPrefixTemplate:
		text, _, err := ir.TemplateExpression(p.Value)
		if err != nil {
			return pattern{}, err
		}
		if p.Kind == ir.PathExactTemplate {
			text += "$"
		}
		return expressionOf(text)
	case ir.PathRegexp:
		text, anchored := strings.CutPrefix(p.Value, "^")
		if !anchored {
			return pattern{}, fmt.Errorf("path expression %q does not begin with ^", p.Value)
		}
		return expressionOf(text)
	}
	return pattern{}, fmt.Errorf("path %q is of unknown kind %d", p.Value, p.Kind)
}

func literal(s shape, text string) (pattern, error) {
	if !strings.HasPrefix(text, "/") {
		return pattern{}, fmt.Errorf("path %q does not begin with a slash", text)
	}
	if strings.Contains(text, "//") {
		return pattern{}, fmt.Errorf("path %q has two slashes in a row, which nginx makes one of in every request", text)
	}
	return pattern{shape: s, text: text}, nil
}

// expressionOf takes over an expression of Go that means the same to PCRE and
// survives being written between quotes into nginx's configuration.
func expressionOf(text string) (pattern, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	switch {
	case err != nil:
		return pattern{}, fmt.Errorf("path expression: %w", err)
	case !strings.HasPrefix(text, "/"), tree.Op == syntax.OpAlternate:
		return pattern{}, fmt.Errorf("path expression %q does not begin with a slash", text)
	case strings.ContainsAny(text, "\"\n\r") || strings.Contains(text, `\p`) || strings.Contains(text, `\P`) || strings.Contains(text, `\x{`) || strings.Contains(text, `\Q`):
		return pattern{}, fmt.Errorf("path expression %q has a part that nginx reads otherwise", text)
	}
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return pattern{}, errors.New("path expression with characters that are not ASCII: nginx compares bytes")
		}
	}
	return pattern{shape: expression, text: text}, nil
}

// regex is the text of the location in a host of expressions. nginx compares
// without case there unless the expression itself says (?-i).
func (p pattern) regex() string {
	if p.capture != "" {
		return caseful(p.capture)
	}
	return caseful(p.regexText())
}

var letter = regexp.MustCompile(`[A-Za-z]`)

func caseful(text string) string {
	if !letter.MatchString(text) {
		return text
	}
	return text[:1] + "(?-i)" + text[1:]
}

// quote writes a literal as an expression. A byte that is special to PCRE, to
// nginx's configuration or to a template is written as its code: a backslash
// before it would not survive all of them.
func quote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/_~-", c) >= 0:
			b.WriteByte(c)
		case c == '.':
			b.WriteString("[.]")
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// unslashed writes an escaped backslash as its code: nginx's configuration would
// make one of two.
func unslashed(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\\':
			b.WriteString(`\x5c`)
			i++
		case s[i] == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// plainPath is what the API server and the admission webhook take as a path of
// type Exact or Prefix.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$`)

// plain tells whether the pattern can be written without an expression.
func (p pattern) plain() bool {
	switch {
	case p.capture != "", !plainPath.MatchString(p.text):
		return false
	case p.shape == prefix:
		return p.text == "/"
	}
	return p.shape != expression
}

// stem is a text that every path of the pattern begins with.
func (p pattern) stem() string {
	if p.shape != expression {
		return p.text
	}
	re, err := regexp.Compile(p.text)
	if err != nil {
		return ""
	}
	stem, _ := re.LiteralPrefix()
	return stem
}

// overlap tells whether a path may be taken by both; when in doubt, it may.
func overlap(a, b pattern) bool {
	long, short := a, b
	if len(a.stem()) < len(b.stem()) {
		long, short = b, a
	}
	rest, ok := strings.CutPrefix(long.stem(), short.stem())
	switch {
	case !ok:
		return false
	case short.shape == exact:
		return rest == ""
	case short.shape == segment:
		return rest == "" || rest[0] == '/'
	}
	return true
}

// covers tells whether a is known to take every path of b.
func covers(a, b pattern) bool {
	if a.key() == b.key() {
		return true
	}
	rest, ok := strings.CutPrefix(b.stem(), a.text)
	switch {
	case !ok || a.shape == exact || a.shape == expression:
		return false
	case a.shape == segment:
		return rest != "" && rest[0] == '/' || rest == "" && (b.shape == exact || b.shape == segment)
	}
	return true
}
