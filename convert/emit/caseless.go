package emit

import (
	"regexp/syntax"
	"strings"
)

// caselessTemplate writes (?i)^/re for Traefik 2 without taking it apart: the
// text of the expression goes into a variable as it is. False: the caret does
// not bind to all of it, or its braces cannot be in a template.
func caselessTemplate(value string) (name, arg string, ok bool) {
	rest, found := strings.CutPrefix(value, "(?i)^/")
	if !found || rest == "" || !same(value, "(?i)^/(?:"+rest+")") {
		return "", "", false
	}
	arg, err := templateVariable("(?i)" + rest)
	return "PathPrefix", "/" + arg, err == nil
}

// same tells whether two expressions are one to the parser.
func same(a, b string) bool {
	left, err := syntax.Parse(a, syntax.Perl)
	if err != nil {
		return false
	}
	right, err := syntax.Parse(b, syntax.Perl)
	return err == nil && left.Equal(right)
}
