package nginx

import (
	"fmt"
	"regexp"
	"strings"
)

// unquote undoes what nginx does to a quoted string of its configuration, which
// is where the controller puts paths: a backslash before a quote or another
// backslash disappears.
var unquote = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`)

// expressions translates a path that the controller renders as
//
//	location ~* "^<path>"
//
// into expressions of which one has to match at the beginning of the path. The
// caret binds to the first alternative only, so those after a top-level | match
// anywhere.
func expressions(path string) ([]string, error) {
	path = unquote.Replace(path)
	if _, err := regexp.Compile("(?i)^" + path); err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	parts := alternatives(path)
	if len(parts) > 1 && flagsForTheRest.MatchString(path) {
		return nil, fmt.Errorf("path %q: flags in one alternative hold for the next ones", path)
	}
	var out []string
	for i, part := range parts {
		switch {
		case i == 0, strings.HasPrefix(part, "^"):
			out = append(out, "(?i)^"+firstSlash(strings.TrimPrefix(part, "^")))
		case beginsWithSlash.MatchString(part):
			out = append(out, "(?i)^/(?:.*/)?"+part[1:])
		default:
			if !beginsWithLetter.MatchString(part) { // it may take the path's first slash
				out = append(out, "(?i)^"+part)
			}
			out = append(out, "(?i)^/.*"+part)
		}
	}
	return out, nil
}

var (
	flagsForTheRest = regexp.MustCompile(`\(\?[A-Za-z-]+\)`)
	// What follows must not make the first character optional.
	beginsWithSlash  = regexp.MustCompile(`^/([^*+?{]|$)`)
	beginsWithLetter = regexp.MustCompile(`^[A-Za-z0-9_~-]([^*?{]|$)`)
)

// firstSlash writes an expression that repeats its first slash, like /*, with the one
// slash that every path begins with: for Traefik 2, which knows no other.
func firstSlash(part string) string {
	found := repeatedSlash.FindStringSubmatch(part)
	switch {
	case found == nil:
		return part
	case found[2] == "":
		return "/"
	case found[1] == "?":
		return "/" + part[2:]
	}
	return "//*" + part[2:]
}

// What follows a slash that need not be there must not take the first one.
var repeatedSlash = regexp.MustCompile(`^/([*+?])($|[A-Za-z0-9_~-](?:[^*?{]|$))`)

// alternatives splits an expression at the bars that are in no group or class.
func alternatives(expression string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(expression); i++ {
		switch expression[i] {
		case '\\':
			i++
			if i < len(expression) && expression[i] == 'Q' {
				end := strings.Index(expression[i:], `\E`)
				if end < 0 {
					return append(out, expression[start:])
				}
				i += end + 1
			}
		case '[':
			i = classEnd(expression, i)
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				out = append(out, expression[start:i])
				start = i + 1
			}
		}
	}
	return append(out, expression[start:])
}

// classEnd returns the index of the bracket that ends the class at i.
func classEnd(expression string, i int) int {
	j := i + 1
	if j < len(expression) && expression[j] == '^' {
		j++
	}
	if j < len(expression) && expression[j] == ']' {
		j++ // a bracket at the beginning is a member
	}
	for ; j < len(expression); j++ {
		switch {
		case expression[j] == '\\':
			j++
		case strings.HasPrefix(expression[j:], "[:"):
			if end := strings.Index(expression[j:], ":]"); end > 0 {
				j += end + 1
			}
		case expression[j] == ']':
			return j
		}
	}
	return len(expression) - 1
}

// literalPrefix is what every path that an expression matches begins with.
func literalPrefix(path string) string {
	end := strings.IndexAny(path, `\.+*?()|[]{}^$`)
	switch {
	case end < 0:
		return path
	case strings.ContainsAny(path[end:end+1], "*?{") && end > 0:
		end-- // the last letter may be absent
	}
	return path[:end]
}
