package nginx

import (
	"net/url"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readExtAuth reads the authentication server of the Ingress, or else that of
// all Ingresses (global-auth-url).
func (t *translator) readExtAuth(s *source, x *settings) {
	global := s.ann.boolean("enable-global-auth", true)
	if address, ok := s.ann.find("auth-url"); ok {
		t.ownExtAuth(s, x, address)
		return
	}
	for _, name := range ownExtAuthNames {
		s.ann.ignoreIfPresent(name, "read only with auth-url")
	}
	if address := t.config.text("global-auth-url", ""); address != "" && global {
		t.globalExtAuth(s, x, address)
	}
}

func (t *translator) ownExtAuth(s *source, x *settings, address string) {
	if strings.Contains(address, "$") {
		x.withhold(s.of("auth-url", finding{code: diag.ENginxAuth, text: "the address contains a variable of nginx"}))
		return
	}
	if why := badURL(address); why != "" {
		x.deny(s.of("auth-url", finding{code: diag.ENginxNotServed, text: why + ", so nginx answers 503"}))
		return
	}
	method, hasMethod := s.ann.find("auth-method")
	if hasMethod && !mentions(methods[:]...)(method) {
		x.deny(s.of("auth-method", finding{code: diag.ENginxNotServed, text: "not a method of HTTP, so nginx answers 503"}))
	}
	x.extAuth = &ir.ForwardAuth{Address: address, ResponseHeaders: s.ann.list("auth-response-headers")}
	s.sayOf(diag.WNginxExtAuth, "auth-url", "")
	if hasMethod && method != "GET" {
		s.sayOf(diag.WNginxExtAuth, "auth-method", "the authentication server is asked with GET")
	}
	for _, loss := range extAuthLosses {
		if s.ann.has(loss.name) {
			s.sayOf(diag.WNginxExtAuth, loss.name, loss.text)
		}
	}
	if s.ann.boolean("auth-always-set-cookie", false) {
		s.sayOf(diag.WNginxExtAuth, "auth-always-set-cookie", "cookies of the authentication server do not reach the client")
	}
	if s.ann.has("auth-cache-key") {
		s.sayOf(diag.WNginxExtAuth, "auth-cache-key", "every request asks the authentication server")
	}
	if s.ann.has("auth-snippet") && t.snippetsOn() {
		x.withhold(s.of("auth-snippet", finding{code: diag.ENginxSnippet, text: "the authentication request depends on nginx configuration"}))
	}
}

// methods of HTTP, one of which auth-method has to mention (methodsRegex in the
// controller's internal/ingress/annotations/authreq/main.go).
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}

// ownExtAuthNames are read only with auth-url.
var ownExtAuthNames = [...]string{
	"auth-always-set-cookie", "auth-cache-duration", "auth-cache-key", "auth-keepalive", "auth-keepalive-requests",
	"auth-keepalive-share-vars", "auth-keepalive-timeout", "auth-method", "auth-proxy-set-headers", "auth-request-redirect",
	"auth-response-headers", "auth-signin", "auth-signin-redirect-param", "auth-snippet",
}

// extAuthLosses are annotations whose mere presence is lost.
var extAuthLosses = [...]struct{ name, text string }{
	{"auth-proxy-set-headers", "the authentication server does not get the headers of the ConfigMap"},
	{"auth-request-redirect", "the authentication server gets no X-Auth-Request-Redirect"},
	{"auth-signin", "clients without credentials get the answer of the authentication server instead of a redirect to the sign-in page"},
	{"auth-signin-redirect-param", "the sign-in page is not redirected to"},
}

func (t *translator) globalExtAuth(s *source, x *settings, address string) {
	at := finding{field: "ConfigMap global-auth-url", value: address}
	if strings.Contains(address, "$") || badURL(address) != "" {
		at.code, at.text = diag.ENginxAuth, "the address of the global authentication cannot be used"
		x.withhold(at)
		return
	}
	if t.config.text("global-auth-snippet", "") != "" {
		at.code, at.text = diag.ENginxSnippet, "the global authentication depends on nginx configuration (global-auth-snippet)"
		x.withhold(at)
		return
	}
	x.extAuth = &ir.ForwardAuth{Address: address, ResponseHeaders: t.config.list("global-auth-response-headers", "")}
	at.code = diag.WNginxExtAuth
	s.add(at.diagnostic(s))
}

// badURL says what the controller does not like about an address.
func badURL(address string) string {
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return "not a URL"
	case parsed.Scheme == "":
		return "the URL has no scheme"
	case parsed.Host == "":
		return "the URL has no host"
	case strings.Contains(parsed.Host, ".."):
		return "the host of the URL is malformed"
	}
	return ""
}
