package emit

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// compact writes many paths as one expression of those that are equal to the
// request's path, and one of those that it begins with: Go's regular expressions
// share what their alternatives begin with, while matchers are tried one by one.
// Only paths of plain characters take part, which mean the same to every matcher.
func compact(paths []ir.Path) []ir.Path {
	var whole, begins []string
	var out []ir.Path
	for _, p := range paths {
		if !plain(p.Value) {
			out = append(out, p)
			continue
		}
		switch p.Kind {
		case ir.PathExact:
			whole = append(whole, p.Value)
		case ir.PathPrefix:
			begins = append(begins, p.Value)
		case ir.PathSegmentPrefix:
			path := strings.TrimRight(p.Value, "/")
			whole, begins = append(whole, path), append(begins, path+"/")
		default:
			out = append(out, p)
		}
	}
	return append(out, slices.Concat(expression(ir.PathExact, whole, "$"), expression(ir.PathPrefix, begins, ""))...)
}

// plain paths are longer than the slash that all begin with, and of characters
// that neither templates nor rules nor encodings have a use for.
func plain(path string) bool {
	if len(strings.TrimRight(path, "/")) == 0 || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		switch c := path[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-_.~", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// expression stands for values, which all begin with a slash.
func expression(kind ir.PathKind, values []string, end string) []ir.Path {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return []ir.Path{{Kind: kind, Value: values[0]}}
	}
	alternatives := make([]string, len(values))
	for i, value := range values {
		alternatives[i] = regexp.QuoteMeta(value[1:])
	}
	return []ir.Path{{Kind: ir.PathRegexp, Value: "^/(?:" + strings.Join(alternatives, "|") + ")" + end}}
}
