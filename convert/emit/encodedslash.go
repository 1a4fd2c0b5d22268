package emit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// encodedSlash notes the first route of an Ingress whose path a request can
// write with escapes that Traefik 3 does not decode before it matches.
type encodedSlash struct {
	path      string
	protected bool
}

// reserved are the characters that Traefik 3 leaves encoded: the reserved ones of
// RFC 3986, section 2.2, and the percent sign.
const reserved = ":/?#[]@!$&'()*+,;=%"

func (e *encodedSlash) note(r *ir.Route, target Version) {
	if target != V3 {
		return
	}
	for _, p := range r.Match.Paths {
		if len(p.Value) < 2 || !strings.ContainsAny(p.Value[1:], reserved) {
			continue
		}
		protected := protects(r)
		if _, ok := escapedPath(p); ok && protected {
			continue // see escaped
		}
		if e.path == "" || protected && !e.protected {
			e.path, e.protected = p.Value, protected
		}
	}
}

// escaped are the paths of a route that protects in every way that a request can
// write them and Traefik 3 does not decode: the next route must not take those.
func (o *owner) escaped(r *ir.Route) []ir.Path {
	if !o.outcome.DecodesPaths || o.all.target.Version != V3 || !protects(r) {
		return nil
	}
	var out []ir.Path
	for _, p := range r.Match.Paths {
		if escaped, ok := escapedPath(p); ok {
			out = append(out, escaped)
		}
	}
	return out
}

// escapedPath is an expression for a path with its reserved characters as they are
// and escaped; false when it has none, or is an expression itself.
func escapedPath(p ir.Path) (ir.Path, bool) {
	if len(p.Value) < 2 || !strings.ContainsAny(p.Value[1:], reserved) || p.Kind != ir.PathExact && p.Kind != ir.PathPrefix {
		return ir.Path{}, false
	}
	var b strings.Builder
	b.WriteString("^/")
	for _, c := range []byte(p.Value[1:]) {
		plain := regexp.QuoteMeta(string(rune(c)))
		switch escape := fmt.Sprintf("%%%02X", c); {
		case c == '%':
			b.WriteString(escape) // always escaped
		case strings.IndexByte(reserved, c) >= 0:
			fmt.Fprintf(&b, "(?:%s|(?i:%s))", plain, escape)
		case c < utf8.RuneSelf:
			b.WriteString(plain)
		default:
			b.WriteByte(c) // of a character of several bytes
		}
	}
	if p.Kind == ir.PathExact {
		b.WriteByte('$')
	}
	return ir.Path{Kind: ir.PathRegexp, Value: b.String()}, true
}

// decoded writes paths that the source controller compares with decoded ones for
// Traefik 3, which leaves the percent sign itself encoded.
func (o *owner) decoded(m ir.Match) ir.Match {
	if !o.outcome.DecodesPaths || o.all.target.Version != V3 ||
		!slices.ContainsFunc(m.Paths, func(p ir.Path) bool { return strings.Contains(p.Value, "%") }) {
		return m
	}
	m.Paths = slices.Clone(m.Paths)
	for i := range m.Paths {
		m.Paths[i].Value = strings.ReplaceAll(m.Paths[i].Value, "%", "%25")
	}
	return m
}

// protects tells whether a route lets not everybody in.
func protects(r *ir.Route) bool {
	for _, f := range r.Filters {
		switch f.(type) {
		case ir.BasicAuth, ir.DigestAuth, ir.ForwardAuth, ir.IPAllowList:
			return true
		}
	}
	return false
}

func (e *encodedSlash) report(o *owner) {
	if e.path == "" {
		return
	}
	text := "a request that writes a slash or another reserved character of " + e.path + " as %XX does not match in Traefik 3"
	if e.protected {
		text += ", so it passes this route's protection when another route takes it"
	}
	d := o.report(diag.WEncodedSlash, "", text)
	if e.protected {
		d.Severity = diag.Lossy
	}
}
