package emit

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// pathMatcher says how a path is written for version v. Paths of v2 are
// gorilla/mux templates, where braces enclose variables; those of v3 are plain.
//
//	kind              v2                            v3
//	exact             Path, braces escaped          Path
//	prefix            PathPrefix, braces escaped    PathPrefix
//	segment prefix    (Path || PathPrefix with /)   the same
//	exact template    Path                          PathRegexp ^…$
//	prefix template   PathPrefix                    PathRegexp ^…
//	regexp            Path or PathPrefix /{p:…}     PathRegexp
func pathMatcher(p ir.Path, v Version) (name, arg string, err error) {
	if p.Kind == ir.PathRegexp {
		return pathRegexp(p.Value, v)
	}
	if !strings.HasPrefix(p.Value, "/") {
		return "", "", fmt.Errorf("path %q does not begin with a slash", p.Value)
	}
	switch p.Kind {
	case ir.PathExact:
		return "Path", literalPath(p.Value, v), nil
	case ir.PathPrefix:
		return "PathPrefix", literalPath(p.Value, v), nil
	case ir.PathSegmentPrefix:
		return segmentPrefix(literalPath(strings.TrimRight(p.Value, "/"), v))
	case ir.PathExactTemplate:
		return template("Path", p.Value, "$", v)
	case ir.PathPrefixTemplate:
		return template("PathPrefix", p.Value, "", v)
	}
	return "", "", fmt.Errorf("path %q is of unknown kind %d", p.Value, p.Kind)
}

func literalPath(path string, v Version) string {
	if v == V2 {
		return escapeBraces(path)
	}
	return path
}

func segmentPrefix(path string) (name, arg string, err error) {
	if path == "" {
		return "PathPrefix", "/", nil
	}
	b := call([]byte{'('}, "Path", path)
	b = call(append(b, " || "...), "PathPrefix", path+"/")
	return "", string(append(b, ')')), nil
}

// escapeBraces turns literal braces into template variables that match just them.
func escapeBraces(s string) string {
	if strings.IndexByte(s, '{') < 0 && strings.IndexByte(s, '}') < 0 {
		return s
	}
	return strings.NewReplacer("{", `{open:\x7b}`, "}", `{close:\x7d}`).Replace(s)
}

// template writes a gorilla/mux template.
func template(name, value, end string, v Version) (string, string, error) {
	expression, variables, err := ir.TemplateExpression(value)
	if err != nil {
		return "", "", err
	}
	if v == V2 || variables == 0 {
		return name, value, nil
	}
	return "PathRegexp", "^" + expression + end, nil
}

func pathRegexp(value string, v Version) (name, arg string, err error) {
	if _, err := regexp.Compile(value); err != nil {
		return "", "", fmt.Errorf("path expression: %w", err)
	}
	if v == V3 {
		return "PathRegexp", value, nil
	}
	if name, arg, ok := caselessTemplate(value); ok {
		return name, arg, nil
	}
	body, anchors, err := unanchored(value)
	if err != nil {
		return "", "", fmt.Errorf("path expression: %w", err)
	}
	rest, slash := strings.CutPrefix(body, "/")
	if !anchors.begin || !slash || rest == "" {
		return "", "", fmt.Errorf("path expression %q does not begin with ^/ and something after it, and Traefik 2 knows no other", value)
	}
	if _, err := syntax.Parse(rest, syntax.Perl); err != nil {
		return "", "", fmt.Errorf("path expression %q repeats its first slash, and Traefik 2 knows no such", value)
	}
	arg, err = templateVariable(rest)
	if anchors.end {
		return "Path", "/" + arg, err
	}
	return "PathPrefix", "/" + arg, err
}

type anchors struct{ begin, end bool }

// unanchored removes the anchors at both ends of an expression, and only real
// ones: in ^a|b$ neither is an anchor of the whole.
func unanchored(value string) (string, anchors, error) {
	re, err := syntax.Parse(value, syntax.Perl)
	if err != nil {
		return "", anchors{}, err
	}
	var a anchors
	if re.Op != syntax.OpConcat {
		return re.String(), a, nil
	}
	if re.Sub[0].Op == syntax.OpBeginText {
		a.begin = true
		re.Sub = re.Sub[1:]
	}
	if n := len(re.Sub); n > 0 && re.Sub[n-1].Op == syntax.OpEndText {
		a.end = true
		re.Sub = re.Sub[:n-1]
	}
	return re.String(), a, nil
}

// templateVariable encloses an expression in a variable of a mux template, whose
// end mux finds by counting braces, escaped or not.
func templateVariable(expression string) (string, error) {
	expression = strings.NewReplacer(`\\`, `\\`, `\{`, `\x7b`, `\}`, `\x7d`).Replace(expression)
	variable := "{expr:" + expression + "}"
	if ir.VariableLength(variable) != len(variable) {
		return "", errors.New("expression with unbalanced braces: Traefik 2 cannot tell where it ends")
	}
	return variable, nil
}
