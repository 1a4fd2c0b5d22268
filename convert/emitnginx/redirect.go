package emitnginx

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (b *builder) redirectScheme(f ir.RedirectScheme) {
	port := ""
	if f.Port != "" && f.Scheme+f.Port != "https443" && f.Scheme+f.Port != "http80" {
		port = ":" + f.Port // Traefik leaves the usual one out
	}
	b.redirectRegex(`^(?:https?:\/\/)?(\[[\w:.]+\]|[\w\._-]+)(?::\d+)?(.*)$`, f.Scheme+"://${1}"+port+"${2}", f.Permanent)
}

// redirectRegex finds out what a redirect does on this server. Only one counts:
// the first that answers every request ends the chain.
func (b *builder) redirectRegex(expression, replacement string, permanent bool) {
	if b.rewrite.changes() {
		b.block(diag.EToNginxRedirect, "the redirect looks at a path that is rewritten before")
		return
	}
	if b.redirect != nil || b.answer.toTLS {
		b.block(diag.EToNginxRedirect, "there are two redirects, and nginx has one for a path")
		return
	}
	found, effect := b.linear(expression, replacement)
	switch effect {
	case never:
		return
	case unknown:
		b.block(diag.EToNginxRedirect, "the pattern does more than put one text in place of another at the beginning of the URL")
		return
	}
	same := b.scheme() + "://" + b.variableHost() + found.from
	secure := strings.TrimSuffix(strings.TrimPrefix(found.to, "https://"+b.variableHost()), found.from)
	switch {
	case found.rest && found.to == same:
		return // Traefik lets a URL that does not change pass
	case !b.tls && found.rest && strings.HasPrefix(found.to, "https://"+b.variableHost()) && (secure == "" || secure == ":443"):
		b.toTLS(found, permanent, secure != "")
		return
	case b.allowed || b.authenticated():
		b.block(diag.EToNginxAuth, "nginx redirects before it looks at the allow list or asks for users")
		return
	}
	b.redirect, b.permanent = &found, permanent
}

// toTLS is a redirect to the same URL with https.
func (b *builder) toTLS(found linear, permanent, port bool) {
	if found.whole || !strings.HasPrefix(b.on.stem(), found.from) {
		b.block(diag.EToNginxRedirect, "only some URLs of the path are redirected to https, and nginx redirects all of them")
		return
	}
	b.answer.toTLS = true
	was := "302"
	if permanent {
		was = "301"
	}
	text := "the redirect to https has status 308 in place of " + was
	if port {
		text += ", and no port in Location"
	}
	if b.allowed || b.authenticated() {
		text += ", and comes before the allow list and the users are looked at"
	}
	b.say(diag.WToNginxSSL, text)
}

func (b *builder) scheme() string {
	if b.tls {
		return "https"
	}
	return "http"
}

// hostVariable stands for the host of the request on a server with many.
const hostVariable = "$host"

func (b *builder) manyHosts() bool { return b.host == "" || strings.HasPrefix(b.host, "*") }

func (b *builder) variableHost() string {
	if b.manyHosts() {
		return hostVariable
	}
	return b.host
}

// linear tries an expression on URLs of the server; of a server with many hosts,
// on two of them, where the result has to have the host in the same place.
func (b *builder) linear(expression, replacement string) (linear, effect) {
	if !b.manyHosts() {
		head := b.scheme() + "://" + b.host
		found, effect := linearOf(expression, replacement, head)
		if effect == unknown && b.on.shape == exact {
			return linearAt(expression, replacement, head, b.on.text)
		}
		return found, effect
	}
	found, effect := b.linearMany(expression, replacement, b.scheme())
	if effect != never {
		return found, effect
	}
	// It may be about hosts that were not tried, unless it is about the other scheme.
	if _, other := b.linearMany(expression, replacement, map[bool]string{true: "http", false: "https"}[b.tls]); other == fires {
		return linear{}, never
	}
	return linear{}, unknown
}

func (b *builder) linearMany(expression, replacement, scheme string) (linear, effect) {
	suffix := strings.TrimPrefix(b.host, "*")
	var results [2]linear
	var effects [2]effect
	for i, label := range [...]string{"first", "second-2"} {
		host := label + suffix
		if suffix == "" {
			host += ".example"
		}
		found, effect := linearOf(expression, replacement, scheme+"://"+host)
		found.to = strings.ReplaceAll(found.to, host, hostVariable)
		results[i], effects[i] = found, effect
	}
	if effects[0] != effects[1] || results[0] != results[1] || strings.Contains(results[0].to, "first") {
		return linear{}, unknown
	}
	return results[0], effects[0]
}

// What ingress-nginx takes as a redirect without variables, and as rewrite-target.
var (
	fixedURL      = regexp.MustCompile(`^https?://[-A-Za-z0-9._~:/?#@&=%+,]+$`)
	rewriteTarget = regexp.MustCompile(`^[-._~A-Za-z0-9/:$]+$`)
	absolute      = regexp.MustCompile(`^(https?|\$scheme)://`)
)

// redirected puts the redirect before the rest of the route. nginx knows two:
// to a fixed URL, with the status that is asked for, and to one that ends in a
// part of the path, always with 302.
func (b *builder) redirected(base []piece) []piece {
	to := b.redirect.to
	if strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
		to = "$scheme://$http_host" + to
	}
	// Where Location keeps the scheme, one location does for both.
	if rest, ok := strings.CutPrefix(to, b.scheme()+"://"+b.variableHost()); ok && (rest == "" || rest[0] == '/') {
		to = "$scheme://" + b.variableHost() + rest
	}
	on, capture, ok := b.part(*b.redirect)
	if !ok {
		if overlap(b.on, fromOf(*b.redirect)) {
			b.block(diag.EToNginxRedirect, "the paths that are redirected are not a part of the path that nginx can name")
		}
		return base
	}
	a := &answer{annotations: always(), namespace: b.o.ref.Namespace, backend: b.answer.backend}
	switch {
	case !b.redirect.rest && fixedURL.MatchString(to):
		name := "temporal-redirect"
		if b.permanent {
			name = "permanent-redirect"
		}
		a = a.with(name, to)
		b.method()
	case absolute.MatchString(to) && rewriteTarget.MatchString(to) && !strings.Contains(strings.NewReplacer("$host", "", "$scheme", "", "$http_host", "").Replace(to), "$"):
		on.capture = on.regexText()
		if b.redirect.rest && !b.redirect.whole { // nginx keeps a query by itself
			on.capture = capture
			if b.redirect.from == "" {
				to += "/"
			}
			to += "$1"
		}
		a = a.with("rewrite-target", to)
		b.temporary()
	default:
		b.block(diag.EToNginxRedirect, "ingress-nginx refuses the URL of the redirect, "+to)
		return nil
	}
	if b.redirect.queryless {
		b.say(diag.WToNginxRedirect, "URLs with a query are redirected as well")
	}
	pieces := []piece{{on, a}}
	if covers(on, b.on) {
		return pieces
	}
	return append(pieces, base...)
}

// method reports what a fixed status means for other methods.
func (b *builder) method() {
	d := b.say(diag.WToNginxRedirect, "methods other than GET are redirected with the same status, Traefik takes 308 or 307 for them")
	d.Severity = diag.Equivalent
}

func (b *builder) temporary() {
	if b.permanent {
		b.say(diag.WToNginxRedirect, "nginx redirects with 302 where Location has a part of the URL, in place of 301")
		return
	}
	d := b.say(diag.WToNginxRedirect, "methods other than GET are redirected with 302 as well, Traefik takes 307 for them")
	d.Severity = diag.Equivalent
}
