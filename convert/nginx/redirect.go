package nginx

import (
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// redirect answers every request of a location, before any protection.
type redirect struct {
	url       string
	permanent bool
}

// sslRedirect is what an Ingress says about plain HTTP.
type sslRedirect struct {
	// onTLS redirects when the host has a certificate, force in any case.
	onTLS, force bool
	keepSlash    bool
}

func (t *translator) readRedirects(s *source, x *settings) {
	x.ssl = sslRedirect{
		onTLS:     s.ann.boolean("ssl-redirect", t.config.boolean("ssl-redirect", true)),
		force:     s.ann.boolean("force-ssl-redirect", t.config.boolean("force-ssl-redirect", false)),
		keepSlash: s.ann.boolean("preserve-trailing-slash", t.config.boolean("preserve-trailing-slash", false)),
	}
	x.fromToWWW = s.ann.boolean("from-to-www-redirect", false)
	permanent, isPermanent := s.ann.find("permanent-redirect")
	temporal, isTemporal := s.ann.find("temporal-redirect")
	switch {
	case s.ann.withoutRedirects():
		x.fromToWWW = false
	case isTemporal:
		if isPermanent {
			s.ann.ignore("permanent-redirect", "temporal-redirect wins")
			s.ann.ignore("permanent-redirect-code", "temporal-redirect wins")
		}
		x.redirect = t.redirectWithCode(s, x, temporal, "temporal-redirect-code", 302, 307)
	case isPermanent:
		x.redirect = t.redirectWithCode(s, x, permanent, "permanent-redirect-code", 301, 308)
	}
}

// withoutRedirects tells whether the controller makes none of the redirects, because
// it cannot read one of their annotations (Parse in its
// internal/ingress/annotations/redirect/redirect.go).
func (a *annotations) withoutRedirects() bool {
	why := ""
	temporal, isTemporal := a.find("temporal-redirect")
	switch {
	case a.empty("from-to-www-redirect"):
		why = "from-to-www-redirect is empty, which is no boolean"
	case isTemporal && !strings.HasPrefix(temporal, "http"):
		why = "temporal-redirect is not a URL of http or https"
	case !isTemporal && a.empty("permanent-redirect-code"):
		why = "permanent-redirect-code is empty, which is no number"
	default:
		return false
	}
	for _, name := range []string{"from-to-www-redirect", "permanent-redirect", "permanent-redirect-code", "temporal-redirect", "temporal-redirect-code"} {
		a.ignoreIfPresent(name, why+", so the controller makes no redirect at all")
	}
	return true
}

// redirectWithCode chooses between the two kinds of redirect that Traefik has:
// 301 and 308, or 302 and 307, by method.
func (t *translator) redirectWithCode(s *source, x *settings, url, name string, fallback, last int) *redirect {
	code := s.ann.number(name, fallback)
	if code < 300 || code > last {
		s.ann.ignore(name, "not a status from 300 to "+strconv.Itoa(last)+", so "+strconv.Itoa(fallback)+" holds")
		code = fallback
	}
	r := &redirect{url: url, permanent: code == 301 || code == 308}
	switch code {
	case 301, 302:
		s.otherMethods(strings.TrimSuffix(name, "-code"), code)
	case 303, 307, 308:
		s.sayOf(diag.WNginxRedirect, name, "GET is redirected with "+strconv.Itoa(map[bool]int{true: 301, false: 302}[r.permanent])+" instead of "+strconv.Itoa(code))
	default:
		x.withhold(s.of(name, finding{code: diag.WNginxRedirect, text: "the target cannot answer with status " + strconv.Itoa(code)}))
	}
	return r
}

// otherMethods says what Traefik answers to other methods than GET.
func (s *source) otherMethods(name string, code int) {
	s.sayMild(diag.WNginxRedirect, name, "other methods than GET are redirected with "+strconv.Itoa(code+map[int]int{301: 7, 302: 5}[code])+" instead of "+strconv.Itoa(code))
}

// filter: of a path alone nginx makes a URL with the scheme and the host, without
// port, of the request.
func (r *redirect) filter() ir.RedirectRegex {
	if strings.HasPrefix(r.url, "/") {
		return ir.RedirectRegex{Regex: `^(https?)://(\[[^\]]*\]|[^/:?#]+).*$`, Replacement: "${1}://${2}" + literal(r.url), Permanent: r.permanent}
	}
	return ir.RedirectRegex{Regex: `^.*$`, Replacement: literal(r.url), Permanent: r.permanent}
}

// anyURL has groups for the host without port and the rest of the URL.
const anyURL = `^https?://(\[[^\]]*\]|[^/:?#]+)(?::[0-9]+)?`

// filter sends to https as the controller does: without port, and without a
// slash at the end unless it is to be kept.
func (r sslRedirect) filter() ir.RedirectRegex {
	rest := `(.*?)/?$`
	if r.keepSlash {
		rest = `(.*)$`
	}
	return ir.RedirectRegex{Regex: anyURL + rest, Replacement: "https://${1}${2}", Permanent: true}
}

// appRootRedirect drops the query and keeps the port, as $http_host does.
func appRootRedirect(root string) ir.RedirectRegex {
	return ir.RedirectRegex{Regex: `^(https?://[^/]+)/(?:\?.*)?$`, Replacement: "${1}" + literal(root)}
}

// wwwRedirect keeps the scheme. nginx writes the port, which no client needs.
func wwwRedirect(host string) ir.RedirectRegex {
	return ir.RedirectRegex{Regex: `^(https?)://[^/]+(.*?)/?$`, Replacement: "${1}://" + literal(host) + "${2}", Permanent: true}
}
