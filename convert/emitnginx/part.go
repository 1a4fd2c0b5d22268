package emitnginx

import "strings"

// regexText is the location's text before the case is settled.
func (p pattern) regexText() string {
	switch p.shape {
	case exact:
		return quote(p.text) + "$"
	case segment:
		return quote(p.text) + "(?:/|$)"
	case prefix:
		return quote(p.text)
	}
	return unslashed(p.text)
}

// after is the text of a location whose group 1 is what follows from, without the
// slash before it; empty when there is none.
func (p pattern) after(from string) string {
	if p.shape == expression {
		if from != "" {
			return ""
		}
		body, anchored := strings.CutSuffix(unslashed(p.text)[1:], "$")
		if strings.Contains(body, "(") && !onlyPassive(body) {
			return ""
		}
		if anchored {
			return "/(" + body + ")$"
		}
		return "/(" + body + ".*)"
	}
	rest, ok := strings.CutPrefix(p.text, from)
	if !ok {
		return ""
	}
	begin := quote(from)
	if trimmed, slash := strings.CutPrefix(rest, "/"); slash {
		begin, rest = begin+"/", trimmed
	}
	switch {
	case p.shape == exact:
		return begin + "(" + quote(rest) + ")$"
	case p.shape == segment && rest == "":
		return begin + "(?:/(.*))?$"
	case p.shape == segment:
		return begin + "(" + quote(rest) + "(?:/.*)?)$"
	case rest == "" && !strings.HasSuffix(begin, "/"):
		return begin + "/?(.*)"
	}
	return begin + "(" + quote(rest) + ".*)"
}

// onlyPassive tells whether an expression has no group that is counted.
func onlyPassive(body string) bool {
	return strings.Count(body, "(") == strings.Count(body, "(?:")
}

// fromOf is the pattern of the paths that a replacement takes.
func fromOf(l linear) pattern {
	s := prefix
	if l.whole {
		s = exact
	}
	text := l.from
	if text == "" {
		text = "/"
	}
	return pattern{shape: s, text: text}
}

// part is the part of the builder's paths that a replacement takes, and the text
// whose group 1 is what it keeps of them; false: none that can be named.
func (b *builder) part(l linear) (on pattern, capture string, ok bool) {
	of := fromOf(l)
	switch {
	case !overlap(of, b.on):
		return pattern{}, "", false
	case covers(of, b.on):
		on = b.on
	case covers(b.on, of):
		on = of
	default:
		return pattern{}, "", false
	}
	if l.from == "" {
		return on, on.after(""), on.after("") != "" || !l.rest
	}
	if !l.rest {
		return on, "", true
	}
	rest, ok := strings.CutPrefix(on.text, l.from)
	if !ok || on.shape == expression {
		return pattern{}, "", false
	}
	begin := quote(l.from)
	switch {
	case on.shape == exact:
		return on, begin + "(" + quote(rest) + ")$", true
	case on.shape == segment:
		return on, begin + "(" + quote(rest) + "(?:/.*)?)$", true
	}
	return on, begin + "(" + quote(rest) + ".*)", true
}
