package emitnginx

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// linear is a replacement by a regular expression that does no more than put one
// text in place of another at the beginning: head + from + rest becomes to + rest,
// or to alone.
type linear struct {
	from, to string
	// rest: what follows from is kept.
	rest bool
	// whole: nothing may follow but a query.
	whole bool
	// queryless: and not even that.
	queryless bool
}

// effect is what is known of a replacement.
type effect int

const (
	fires effect = iota
	never
	unknown
)

// linearOf reads a replacement for subjects that begin with head (scheme and
// host of a URL, or nothing for a path). The form of the expression tells that
// it treats all subjects alike, and trying it tells what it makes of them.
func linearOf(expression, replacement, head string) (linear, effect) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return linear{}, unknown
	}
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return linear{}, unknown
	}
	f, ok := formOf(tree)
	if !ok {
		return linear{}, unknown
	}
	c, err := f.cut()
	if err != nil {
		return linear{}, unknown
	}
	switch c.matches(head) {
	case noMatch:
		return linear{}, never
	case partly:
		if c.path != "" || !c.last || f.end && f.tail != anything {
			return linear{}, unknown
		}
	case entirely:
		if !c.last {
			return linear{}, unknown
		}
	}
	return f.try(re, replacement, head, c.path)
}

type tail int

const (
	nothing tail = iota
	anything
	aQuery
)

// form is an expression in parts: elements that stay within scheme and host and
// may end in a literal path, then a tail.
type form struct {
	elements []*syntax.Regexp
	tail     tail
	begin    bool
	end      bool
	// ending: the text stands at the end of a URL and may have anything before it.
	ending bool
}

func formOf(tree *syntax.Regexp) (form, bool) {
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = slices.Clone(tree.Sub)
	}
	var f form
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		f.begin, parts = true, parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		f.end, parts = true, parts[:n-1]
	}
	if n := len(parts); n > 0 {
		switch {
		case isAnything(parts[n-1]):
			f.tail, parts = anything, parts[:n-1]
		case isQuery(parts[n-1]):
			f.tail, parts = aQuery, parts[:n-1]
		}
	}
	f.elements = parts
	if f.tail == aQuery && !f.end {
		return f, false
	}
	// Without ^ the match may begin anywhere, unless it has to begin with the scheme
	// or has to reach the end.
	fixed := !slices.ContainsFunc(parts, repeats)
	if !f.begin && len(parts) > 0 && !strings.HasPrefix(string(parts[0].Rune), "http") {
		if !fixed || !f.end || f.tail != nothing {
			return f, false
		}
		f.ending = true
	}
	return f, !slices.ContainsFunc(parts, func(part *syntax.Regexp) bool {
		// A dot that nobody escaped stands for a dot, where nothing else can move.
		return crossesSlash(part) && (!fixed || part.Op != syntax.OpAnyCharNotNL)
	})
}

// repeats tells whether the length of what a part takes is open.
func repeats(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		return true
	}
	return slices.ContainsFunc(re.Sub, repeats)
}

func isAnything(re *syntax.Regexp) bool {
	if re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	return re.Op == syntax.OpStar && re.Flags&syntax.NonGreedy == 0 &&
		(re.Sub[0].Op == syntax.OpAnyCharNotNL || re.Sub[0].Op == syntax.OpAnyChar)
}

// isQuery recognises (\?.*)? with and without groups.
func isQuery(re *syntax.Regexp) bool {
	if re.Op != syntax.OpQuest || re.Flags&syntax.NonGreedy != 0 {
		return false
	}
	re = re.Sub[0]
	if re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	return re.Op == syntax.OpConcat && len(re.Sub) == 2 && re.Sub[0].Op == syntax.OpLiteral &&
		string(re.Sub[0].Rune) == "?" && isAnything(re.Sub[1])
}

// crossesSlash tells whether a part may take a slash that is not written in it.
func crossesSlash(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpEmptyMatch:
		return false
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i] <= '/' && '/' <= re.Rune[i+1] {
				return true
			}
		}
		return false
	case syntax.OpCapture, syntax.OpConcat, syntax.OpAlternate, syntax.OpQuest, syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		return slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool {
			return crossesSlash(sub) || sub.Op == syntax.OpLiteral && pathSlash(string(sub.Rune)) >= 0
		})
	}
	return true
}

// cut divides the elements at the slash after the host into those for the head
// and a literal path. last: nothing but that literal is behind the slash.
type cut struct {
	head *regexp.Regexp
	path string
	last bool
}

func (f form) cut() (cut, error) {
	var head strings.Builder
	c := cut{last: true}
	for i, e := range f.elements {
		if e.Op != syntax.OpLiteral {
			head.WriteString(e.String())
			continue
		}
		literal := string(e.Rune)
		slash := pathSlash(literal)
		if slash >= 0 {
			c.path, c.last = literal[slash:], i == len(f.elements)-1
			literal = literal[:slash]
		}
		if e.Flags&syntax.FoldCase != 0 {
			head.WriteString("(?i:" + regexp.QuoteMeta(literal) + ")")
			c.last = c.last && slash < 0
		} else {
			head.WriteString(regexp.QuoteMeta(literal))
		}
		if slash >= 0 {
			break
		}
	}
	expression := "^(?:" + head.String() + ")"
	if f.ending {
		expression = "(?:" + head.String() + ")$"
	}
	var err error
	c.head, err = regexp.Compile(expression)
	if err == nil {
		c.head.Longest()
	}
	return c, err
}

// pathSlash is the place of the first slash that stands alone, -1 for none.
func pathSlash(s string) int {
	for i := range len(s) {
		if s[i] == '/' && (i == 0 || s[i-1] != '/') && (i+1 == len(s) || s[i+1] != '/') {
			return i
		}
	}
	return -1
}

type matched int

const (
	noMatch matched = iota
	partly
	entirely
)

func (c cut) matches(head string) matched {
	at := c.head.FindStringIndex(head)
	switch {
	case at == nil:
		return noMatch
	case at[1] == len(head): // from the beginning, or to the end
		return entirely
	}
	return partly
}

// try finds out what becomes of subjects with the given path.
func (f form) try(re *regexp.Regexp, replacement, head, path string) (linear, effect) {
	out := linear{from: path}
	subject := head + path
	if f.end && f.tail != anything {
		out.whole, out.queryless = true, f.tail == nothing
	}
	if out.queryless {
		if !re.MatchString(subject) {
			return linear{}, never
		}
		out.to = re.ReplaceAllString(subject, replacement)
		return out, fires
	}
	first, second := "/mark1", "/mark/2?a=b"
	if path != "" {
		first, second = "mark1", "mark/2?a=b"
	}
	if out.whole {
		first, second = "?mark1", "?mark=2"
	}
	a, kept, ok := after(re, replacement, subject, first)
	b, keptToo, okToo := after(re, replacement, subject, second)
	if !ok || !okToo || a != b || kept != keptToo {
		return linear{}, unknown
	}
	out.to, out.rest = a, kept
	return out, fires
}

// linearAt reads a replacement for the one path of an exact location, where trying
// it tells everything but what queries do.
func linearAt(expression, replacement, head, path string) (linear, effect) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return linear{}, unknown
	}
	out := linear{from: path, whole: true, queryless: true}
	plain := re.MatchString(head + path)
	if plain {
		out.to = re.ReplaceAllString(head+path, replacement)
	}
	for _, query := range [...]string{"?mark1", "?mark=2/a"} {
		to, kept, ok := after(re, replacement, head+path, query)
		matches := re.MatchString(head + path + query)
		switch {
		case !matches && out.queryless:
			continue
		case !ok, matches != plain, to != out.to:
			return linear{}, unknown
		}
		out.queryless, out.rest = false, kept
	}
	if !plain {
		return linear{}, never
	}
	return out, fires
}

// after is what stands before rest in the result, and whether rest is there.
func after(re *regexp.Regexp, replacement, subject, rest string) (to string, kept, ok bool) {
	if !re.MatchString(subject + rest) {
		return "", false, false
	}
	result := re.ReplaceAllString(subject+rest, replacement)
	if to, kept = strings.CutSuffix(result, rest); kept {
		return to, true, !strings.Contains(to, "mark")
	}
	return result, false, !strings.Contains(result, "mark")
}
