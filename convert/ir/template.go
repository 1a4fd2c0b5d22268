package ir

import (
	"fmt"
	"regexp"
	"strings"
)

// TemplateExpression translates a gorilla/mux template into a regular expression as
// mux itself does: {name} is [^/]+, {name:re} is re, anything else is literal.
func TemplateExpression(value string) (expression string, variables int, err error) {
	var b strings.Builder
	for rest := value; ; variables++ {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			b.WriteString(regexp.QuoteMeta(rest))
			break
		}
		length := VariableLength(rest[open:])
		if length == 0 {
			return "", 0, fmt.Errorf("path %q has unbalanced braces", value)
		}
		b.WriteString(regexp.QuoteMeta(rest[:open]))
		name, pattern, found := strings.Cut(rest[open+1:open+length-1], ":")
		if !found {
			pattern = "[^/]+"
		}
		if name == "" || pattern == "" {
			return "", 0, fmt.Errorf("path %q has a variable without name or pattern", value)
		}
		b.WriteString("(?:" + pattern + ")")
		rest = rest[open+length:]
	}
	expression = b.String()
	if _, err := regexp.Compile(expression); err != nil {
		return "", 0, fmt.Errorf("path %q: %w", value, err)
	}
	return expression, variables, nil
}

// VariableLength returns the length of the {…} that s begins with, inner braces
// included, or 0 when it does not end.
func VariableLength(s string) int {
	level := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			level++
		case '}':
			level--
			if level < 0 {
				return 0
			}
			if level == 0 {
				return i + 1
			}
		}
	}
	return 0
}
