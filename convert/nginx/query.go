package nginx

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

// withoutQuery lets nothing in an expression but a literal question mark match one.
// nginx looks at the path alone, and Traefik's redirects at the whole URL, where .*
// would run on into the query. An expression that cannot be read stays as it is.
func withoutQuery(expression string) string {
	re, err := syntax.Parse(expression, syntax.Perl|syntax.DotNL)
	if err != nil {
		return expression
	}
	if !exclude(re, '?') {
		return expression
	}
	return "(?:" + re.String() + ")"
}

// endingBefore returns an expression whose ends of the text match in front of anything
// else, too; false when it has none, or names its groups, which cannot be there twice.
func endingBefore(expression string) (string, bool) {
	re, err := syntax.Parse(expression, syntax.Perl|syntax.DotNL)
	if err != nil || slices.ContainsFunc(re.CapNames(), func(name string) bool { return name != "" }) {
		return "", false
	}
	if !openEnds(re) {
		return "", false
	}
	return "(?:" + re.String() + ")", true
}

func openEnds(re *syntax.Regexp) (changed bool) {
	if re.Op == syntax.OpEndText || re.Op == syntax.OpEndLine {
		*re = syntax.Regexp{Op: syntax.OpEmptyMatch}
		return true
	}
	for _, sub := range re.Sub {
		changed = openEnds(sub) || changed
	}
	return changed
}

// exclude takes a character out of all classes of re, and tells whether one had it.
func exclude(re *syntax.Regexp, char rune) (changed bool) {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		re.Op, re.Rune = syntax.OpCharClass, []rune{0, unicode.MaxRune}
		return exclude(re, char)
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			low, high := re.Rune[i], re.Rune[i+1]
			if low == char && high == char || char < low || high < char {
				continue
			}
			left, right := []rune{low, char - 1}, []rune{char + 1, high}
			if low == char {
				left = nil
			}
			if high == char {
				right = nil
			}
			re.Rune = slices.Concat(re.Rune[:i], left, right, re.Rune[i+2:])
			return true
		}
	}
	for _, sub := range re.Sub {
		changed = exclude(sub, char) || changed
	}
	return changed
}
