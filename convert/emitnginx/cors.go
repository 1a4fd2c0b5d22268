package emitnginx

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// What ingress-nginx takes as an origin and as names of methods and headers
// (internal/ingress/annotations/cors).
var (
	corsOrigin = regexp.MustCompile(`^https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]+)?$`)
	corsMethod = regexp.MustCompile(`^[A-Za-z]+$`)
	corsHeader = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// What browsers allow without asking (https://fetch.spec.whatwg.org), to stand
// for a list that Traefik leaves out: ingress-nginx has a longer one then.
const (
	safeMethods = "GET, HEAD, POST"
	safeHeader  = "Accept"
)

// cors tells whether the answers to other origins are carried over.
func (b *builder) cors(c *ir.CORS) bool {
	refused := ""
	switch {
	case len(c.AllowOriginRegexps) > 0:
		refused = "origins are given as expressions"
	case !slices.Contains(c.AllowOrigins, "*") && slices.ContainsFunc(c.AllowOrigins, func(o string) bool { return !corsOrigin.MatchString(o) }):
		refused = "an origin is none that ingress-nginx takes"
	case !allMatch(corsMethod, c.AllowMethods) || !allMatch(corsHeader, c.AllowHeaders):
		refused = "a method or header is none that ingress-nginx takes, as a star is"
	case !allMatch(corsHeader, c.ExposeHeaders):
		refused = "an exposed header is none that ingress-nginx takes"
	case b.answer.annotations["enable-cors"] != "":
		refused = "there are two of them, and nginx has one"
	}
	if refused != "" {
		b.block(diag.EToNginxHeaders, "the answers to other origins are not carried over: "+refused)
		return false
	}
	origins := strings.Join(c.AllowOrigins, ", ")
	if slices.Contains(c.AllowOrigins, "*") {
		origins = "*"
	}
	b.set("enable-cors", "true")
	b.set("cors-allow-origin", origins)
	b.set("cors-allow-methods", listOr(c.AllowMethods, safeMethods))
	b.set("cors-allow-headers", listOr(c.AllowHeaders, safeHeader))
	b.set("cors-allow-credentials", strconv.FormatBool(c.AllowCredentials))
	b.set("cors-max-age", strconv.FormatInt(max(0, c.MaxAge), 10))
	if len(c.ExposeHeaders) > 0 {
		b.set("cors-expose-headers", strings.Join(c.ExposeHeaders, ", "))
	}
	b.say(diag.WToNginxCORS, "")
	return true
}

func allMatch(expression *regexp.Regexp, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !expression.MatchString(word) })
}

func listOr(list []string, otherwise string) string {
	if len(list) == 0 {
		return otherwise
	}
	return strings.Join(list, ", ")
}
