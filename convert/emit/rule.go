package emit

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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
	var room [256]byte // nearly all fit
	b := room[:0]
	var problems []error
	b, bad, err := alternatives(b, m.Hosts, v, hostMatcher)
	if err != nil {
		return "", nil, err
	}
	problems = append(problems, bad...)
	b, err = notHosts(b, m.NotHosts, v)
	if err != nil {
		return "", nil, err
	}
	if len(m.Paths) > 0 {
		b = and(b)
	}
	if len(m.Paths) >= fewest {
		m.Paths = compact(m.Paths)
	}
	b, bad, err = alternatives(b, m.Paths, v, pathMatcher)
	if err != nil {
		return "", nil, err
	}
	problems = append(problems, bad...)
	for _, h := range m.Headers {
		b = headerMatcher(and(b), h, v)
	}
	b = clientIPs(b, m.ClientIPs)
	if len(b) == 0 {
		return "PathPrefix(`/`)", nil, nil
	}
	return string(b), problems, nil
}

func and(b []byte) []byte {
	if len(b) > 0 {
		b = append(b, " && "...)
	}
	return b
}

// alternatives appends the matchers of items, joined by || and in parentheses when
// there are several. A matcher with an empty name is written as it is.
func alternatives[T any](b []byte, items []T, v Version, matcher func(T, Version) (name, arg string, err error)) ([]byte, []error, error) {
	var problems []error
	start, written := len(b), 0
	for _, item := range items {
		name, arg, err := matcher(item, v)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		switch written++; written {
		case 1:
		case 2:
			b = slices.Insert(b, start, '(')
			fallthrough
		default:
			b = append(b, " || "...)
		}
		b = call(b, name, arg)
	}
	if len(problems) > 0 && written == 0 {
		return b, nil, errors.Join(problems...)
	}
	if written > 1 {
		b = append(b, ')')
	}
	return b, problems, nil
}

func call(b []byte, name, arg string) []byte {
	if name == "" {
		return append(b, arg...)
	}
	b = append(append(b, name...), '(')
	return append(quote(b, arg), ')')
}

// quote appends s as one string literal of the rule language, which is Go's
// (Traefik parses rules with go/parser). A raw string cannot hold a back-tick
// and loses carriage returns, so anything but printable ASCII is escaped.
func quote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '`' {
			return strconv.AppendQuoteToASCII(b, s)
		}
	}
	return append(append(append(b, '`'), s...), '`')
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

func headerMatcher(b []byte, h ir.HeaderMatch, v Version) []byte {
	if h.Not {
		b = append(b, '!')
	}
	name := "Header("
	switch {
	case v == V2 && h.Regexp:
		name = "HeadersRegexp("
	case v == V2:
		name = "Headers("
	case h.Regexp:
		name = "HeaderRegexp("
	}
	b = quote(append(b, name...), h.Name)
	b = quote(append(b, ", "...), h.Value)
	return append(b, ')')
}
