package emitnginx

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// rewrite is what the modifiers of a route do to its path, in order: remove what
// is at its beginning, put something there, or replace it.
type rewrite struct {
	// from is removed; the rest begins with a slash afterwards.
	from     string
	stripped bool
	added    string
	// replaced is the whole new path; empty: none.
	replaced string
	// pattern replaces the beginning of the path; nil: none.
	pattern *linear
}

func (b *builder) strip(f ir.StripPrefix) {
	r := &b.rewrite
	if r.changes() {
		b.block(diag.EToNginxRewrite, "a prefix is removed from a path that is rewritten already")
		return
	}
	for _, candidate := range f.Prefixes {
		switch {
		case b.on.shape != expression && strings.HasPrefix(b.on.text, candidate):
			if candidate != "/" {
				r.from, r.stripped = candidate, true
			}
			return
		case strings.HasPrefix(candidate, b.on.stem()) || b.on.shape == expression:
			b.block(diag.EToNginxRewrite, "the prefix "+candidate+" is removed from some paths of the route only")
			return
		}
	}
}

func (b *builder) addPrefix(f ir.AddPrefix) {
	if b.rewrite.replaced != "" || b.rewrite.pattern != nil {
		b.block(diag.EToNginxRewrite, "a prefix is put before a path that is rewritten already")
		return
	}
	b.rewrite.added = "/" + strings.TrimPrefix(f.Prefix, "/") + b.rewrite.added
}

func (b *builder) replacePath(f ir.ReplacePath) {
	b.rewrite = rewrite{replaced: "/" + strings.TrimPrefix(f.Path, "/")}
	b.say(diag.WToNginxRewrite, "the backend no longer gets the old path in X-Replaced-Path")
}

func (b *builder) replacePathRegex(f ir.ReplacePathRegex) {
	if b.rewrite.changes() {
		b.block(diag.EToNginxRewrite, "a pattern rewrites a path that is rewritten already")
		return
	}
	found, effect := linearOf(f.Regex, f.Replacement, "")
	switch effect {
	case unknown:
		b.block(diag.EToNginxRewrite, "the pattern does more than put one text in place of another at the beginning of the path")
		return
	case never:
		return
	}
	b.rewrite.pattern = &found
	b.say(diag.WToNginxRewrite, "the backend no longer gets the old path in X-Replaced-Path")
}

func (r *rewrite) changes() bool {
	return r.stripped || r.added != "" || r.replaced != "" || r.pattern != nil
}

// rewritten are the locations of the path with the new path in place. A pattern
// for some of the paths only makes two.
func (b *builder) rewritten() []piece {
	r, on := &b.rewrite, b.on
	target := ""
	whole := true
	switch {
	case r.replaced != "":
		on.capture, target = on.regexText(), r.replaced
	case r.pattern != nil:
		part, capture, ok := b.part(*r.pattern)
		if !ok {
			if overlap(b.on, fromOf(*r.pattern)) {
				b.block(diag.EToNginxRewrite, "the paths that are rewritten are not a part of the path that nginx can name")
			}
			return []piece{{b.on, b.answer}}
		}
		whole = covers(part, on)
		on, target = part, b.patternTarget(&part, capture)
		on.capture = part.capture
	case r.stripped:
		on.capture, target = b.on.after(r.from), r.added+"/$1"
		b.prefixHeader(r.from)
	case r.added != "":
		on.capture, target = b.on.after(""), r.added+"/$1"
	default:
		return []piece{{on, b.answer}}
	}
	if on.capture == "" || !rewriteTarget.MatchString(target) || strings.Contains(strings.TrimSuffix(target, "$1"), "$") {
		b.block(diag.EToNginxRewrite, "ingress-nginx refuses the new path "+target)
		return nil
	}
	if target == on.regex() {
		on.capture += "(?:)" // nginx does not rewrite a path to itself
	}
	b.say(diag.WToNginxRewrite, "nginx rewrites the decoded path: an encoded slash or question mark is sent to the backend decoded")
	pieces := []piece{{on, b.answer.with("rewrite-target", target)}}
	if !whole {
		pieces = append(pieces, piece{b.on, b.answer})
	}
	return pieces
}

// patternTarget is the new path of a pattern, and sets the location's text.
func (b *builder) patternTarget(part *pattern, capture string) string {
	p := b.rewrite.pattern
	to := p.to
	switch {
	case !p.rest:
		part.capture = part.regexText()
	case to == "" && p.from != "":
		// What is left need not begin with a slash; Traefik puts one before it.
		part.capture = part.after(p.from)
		return "/$1"
	case p.from == "":
		part.capture = capture
		return "/" + strings.TrimPrefix(strings.TrimSuffix(to, "/")+"/$1", "/")
	default:
		part.capture = capture
		to += "$1"
	}
	return "/" + strings.TrimPrefix(to, "/")
}

var forwardedPrefix = regexp.MustCompile(`^/[A-Za-z0-9._~/-]*$`)

// prefixHeader tells the backend what was removed, as Traefik does.
func (b *builder) prefixHeader(removed string) {
	if !forwardedPrefix.MatchString(removed) {
		b.say(diag.WToNginxRewrite, "the backend no longer gets X-Forwarded-Prefix")
		return
	}
	b.set("x-forwarded-prefix", removed)
}
