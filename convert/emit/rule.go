package emit

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// rule writes m in the rule language of version v. Alternatives that the
// language cannot express are left out and reported; without any alternative
// left the rule is an error, never a wider match.
//
// One argument per matcher and || between alternatives are understood by v2 and
// v3 alike, so rules look the same for both wherever the matchers do.
func rule(m ir.Match, v Version) (string, []error, error) {
	var b strings.Builder
	b.Grow(64)
	var problems []error
	bad, err := alternatives(&b, len(m.Hosts), func(i int) (string, string, error) { return hostMatcher(m.Hosts[i], v) })
	if err != nil {
		return "", nil, err
	}
	problems = append(problems, bad...)
	if err := notHosts(&b, m.NotHosts, v); err != nil {
		return "", nil, err
	}
	if len(m.Paths) > 0 {
		and(&b)
	}
	if len(m.Paths) >= fewest {
		m.Paths = compact(m.Paths)
	}
	bad, err = alternatives(&b, len(m.Paths), func(i int) (string, string, error) { return pathMatcher(m.Paths[i], v) })
	if err != nil {
		return "", nil, err
	}
	problems = append(problems, bad...)
	for _, h := range m.Headers {
		and(&b)
		headerMatcher(&b, h, v)
	}
	clientIPs(&b, m.ClientIPs)
	if b.Len() == 0 {
		return "PathPrefix(`/`)", nil, nil
	}
	return b.String(), problems, nil
}

func and(b *strings.Builder) {
	if b.Len() > 0 {
		b.WriteString(" && ")
	}
}

// alternatives writes n matchers, joined by || and in parentheses when there
// are several. A matcher with an empty name is written as it is.
func alternatives(b *strings.Builder, n int, matcher func(int) (name, arg string, err error)) ([]error, error) {
	if n == 1 {
		name, arg, err := matcher(0)
		if err != nil {
			return nil, err
		}
		call(b, name, arg)
		return nil, nil
	}
	if n == 0 {
		return nil, nil
	}
	var problems []error
	var parts []string
	for i := range n {
		name, arg, err := matcher(i)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		var part strings.Builder
		call(&part, name, arg)
		parts = append(parts, part.String())
	}
	switch len(parts) {
	case 0:
		return nil, errors.Join(problems...)
	case 1:
		b.WriteString(parts[0])
	default:
		b.WriteByte('(')
		b.WriteString(strings.Join(parts, " || "))
		b.WriteByte(')')
	}
	return problems, nil
}

func call(b *strings.Builder, name, arg string) {
	if name == "" {
		b.WriteString(arg)
		return
	}
	b.WriteString(name)
	b.WriteByte('(')
	quote(b, arg)
	b.WriteByte(')')
}

// quote writes s as one string literal of the rule language, which is Go's
// (Traefik parses rules with go/parser). A raw string cannot hold a back-tick
// and loses carriage returns, so anything but printable ASCII is escaped.
func quote(b *strings.Builder, s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '`' {
			b.WriteString(strconv.QuoteToASCII(s))
			return
		}
	}
	b.WriteByte('`')
	b.WriteString(s)
	b.WriteByte('`')
}

func hostMatcher(h ir.Host, v Version) (name, arg string, err error) {
	value := strings.ToLower(h.Value)
	if h.Kind == ir.HostRegexp {
		value = h.Value
	}
	if value == "" {
		return "", "", errors.New("an empty host matches nothing")
	}
	for i := range len(value) {
		if value[i] > '~' {
			return "", "", fmt.Errorf("host %q is not ASCII: write it in punycode", h.Value)
		}
	}
	switch h.Kind {
	case ir.HostExact:
		return "Host", value, nil
	case ir.HostWildcard:
		return "HostRegexp", wildcard(value, v), nil
	case ir.HostRegexp:
		return hostRegexp(value, v)
	}
	return "", "", fmt.Errorf("host %q is of unknown kind %d", h.Value, h.Kind)
}

// wildcard stands for exactly one label in place of the first star
// (Traefik 1.7 renders *.x as {subdomain:[A-Za-z0-9-_]+}.x).
func wildcard(value string, v Version) string {
	before, after, _ := strings.Cut(value, "*")
	if v == V2 {
		return escapeBraces(before) + "{subdomain:[A-Za-z0-9-_]+}" + escapeBraces(after)
	}
	return "^" + regexp.QuoteMeta(before) + "[A-Za-z0-9-_]+" + regexp.QuoteMeta(after) + "$"
}

func hostRegexp(value string, v Version) (name, arg string, err error) {
	if v == V3 {
		if _, err := regexp.Compile(value); err != nil {
			return "", "", fmt.Errorf("host expression: %w", err)
		}
		return "HostRegexp", value, nil
	}
	body, anchors, err := unanchored(value)
	if err != nil {
		return "", "", fmt.Errorf("host expression: %w", err)
	}
	if !anchors.begin || !anchors.end {
		return "", "", fmt.Errorf("host expression %q is not anchored at both ends, and Traefik 2 knows no other", value)
	}
	arg, err = templateVariable(body)
	return "HostRegexp", arg, err
}

func headerMatcher(b *strings.Builder, h ir.HeaderMatch, v Version) {
	if h.Not {
		b.WriteByte('!')
	}
	switch {
	case v == V2 && h.Regexp:
		b.WriteString("HeadersRegexp(")
	case v == V2:
		b.WriteString("Headers(")
	case h.Regexp:
		b.WriteString("HeaderRegexp(")
	default:
		b.WriteString("Header(")
	}
	quote(b, h.Name)
	b.WriteString(", ")
	quote(b, h.Value)
	b.WriteByte(')')
}
