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

// same tells whether two expressions compile to one program.
func same(a, b string) bool {
	left, right := program(a), program(b)
	return left != "" && left == right
}

func program(expression string) string {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return ""
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return ""
	}
	return compiled.String()
}
