package convert

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// meet tells whether one request can match both routes, which have a host in
// common. Where it is hard to tell, it can.
func meet(a, b *ir.Route) bool {
	if (a.TLS == nil) != (b.TLS == nil) {
		return false
	}
	if len(a.EntryPoints) > 0 && len(b.EntryPoints) > 0 &&
		!slices.ContainsFunc(a.EntryPoints, func(name string) bool { return slices.Contains(b.EntryPoints, name) }) {
		return false
	}
	if len(a.Match.Paths) == 0 || len(b.Match.Paths) == 0 {
		return true
	}
	return slices.ContainsFunc(a.Match.Paths, func(p ir.Path) bool {
		return slices.ContainsFunc(b.Match.Paths, func(q ir.Path) bool { return pathsMeet(p, q) })
	})
}

// pathsMeet compares what all paths that match begin with. Case is ignored, as
// expressions may do so too.
func pathsMeet(p, q ir.Path) bool {
	begin, pWhole := beginning(p)
	other, qWhole := beginning(q)
	switch {
	case pWhole && qWhole:
		return begin == other
	case pWhole:
		return strings.HasPrefix(begin, other)
	case qWhole:
		return strings.HasPrefix(other, begin)
	}
	return strings.HasPrefix(begin, other) || strings.HasPrefix(other, begin)
}

// beginning is the text that every matching path begins with; whole: it is all of it.
func beginning(p ir.Path) (text string, whole bool) {
	text = strings.ToLower(p.Value)
	switch p.Kind {
	case ir.PathExact:
		return text, true
	case ir.PathPrefix:
		return text, false
	case ir.PathSegmentPrefix:
		return strings.TrimRight(text, "/"), false
	case ir.PathExactTemplate, ir.PathPrefixTemplate:
		literal, _, _ := strings.Cut(text, "{")
		return literal, false
	}
	return "", false // an expression
}
