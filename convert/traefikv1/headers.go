package traefikv1

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readHeaders reads the header annotations into two filters: one for requests,
// before authentication, and one for responses, next to the backend. Traefik 1.7
// changes only responses of the backend; one filter in front would also change
// the answers of authentication and limits.
func readHeaders(s *source, c *settings) {
	development := s.ann.boolean("is-development", false)
	host := c.text(s, "ssl-host")
	proxy := c.headerMap(s, "ssl-proxy-headers")
	request := ir.Headers{
		CustomRequest:        c.headerMap(s, "custom-request-headers"),
		AllowedHosts:         c.unescapeAll(s, "allowed-hosts", s.ann.list("allowed-hosts")),
		ProxyHeaders:         c.unescapeAll(s, "proxy-headers", s.ann.list("proxy-headers")),
		SSLRedirect:          s.ann.boolean("ssl-redirect", false),
		SSLTemporaryRedirect: s.ann.boolean("ssl-temporary-redirect", false),
		SSLForceHost:         s.ann.boolean("ssl-force-host", false),
	}
	response := ir.Headers{
		CustomResponse:        c.headerMap(s, "custom-response-headers"),
		STSSeconds:            s.ann.integer64("hsts-max-age", 0),
		STSIncludeSubdomains:  s.ann.boolean("hsts-include-subdomains", false),
		STSPreload:            s.ann.boolean("hsts-preload", false),
		ForceSTS:              s.ann.boolean("force-hsts", false),
		FrameDeny:             s.ann.boolean("frame-deny", false),
		CustomFrameOptions:    c.text(s, "custom-frame-options-value"),
		ContentTypeNosniff:    s.ann.boolean("content-type-nosniff", false),
		BrowserXSSFilter:      s.ann.boolean("browser-xss-filter", false),
		CustomBrowserXSS:      c.text(s, "custom-browser-xss-value"),
		ContentSecurityPolicy: c.text(s, "content-security-policy"),
		PublicKey:             c.text(s, "public-key"),
		ReferrerPolicy:        c.text(s, "referrer-policy"),
		SSLHost:               host, // Location of the backend to this host becomes https
	}
	if _, ok := request.CustomRequest["Host"]; ok {
		delete(request.CustomRequest, "Host")
		s.sayOf(diag.IHostHeader, "custom-request-headers", "the Host entry has no effect in Traefik 1.7 and is left out")
	}
	if _, ok := request.CustomRequest["X-Forwarded-Proto"]; ok {
		s.sayOf(diag.WFwdHeaders, "custom-request-headers", "Traefik 1.7 derives X-Forwarded-Port from the X-Forwarded-Proto that is set here, the target from the connection")
	}
	if usesRequest(request) {
		request.SSLHost, request.SSLProxyHeaders, request.IsDevelopment = host, proxy, development
		c.requestHeaders = request
	} else if request.SSLTemporaryRedirect {
		s.sayOf(diag.IAnnIgnored, "ssl-temporary-redirect", "without ssl-redirect there is no redirect")
	}
	if usesResponse(response) {
		response.SSLProxyHeaders, response.IsDevelopment = proxy, development
		c.responseHeaders = response
		if name := firstOf(s, responseNames[:]); name != "" {
			s.sayOf(diag.WHdrOnError, name, "response headers also appear on the target's own 502, 503 and 504")
		}
	}
	if len(proxy) > 0 && (c.requestHeaders != nil || c.responseHeaders != nil) {
		s.sayOf(diag.WFwdHeaders, "ssl-proxy-headers", "the target rewrites X-Forwarded-Proto of clients that its entry point does not trust: behind a load balancer this would redirect for ever")
	}
}

// usesRequest tells whether a request can be answered differently.
func usesRequest(h ir.Headers) bool {
	return len(h.CustomRequest) > 0 || len(h.AllowedHosts) > 0 || h.SSLRedirect || h.SSLForceHost
}

// usesResponse tells whether a response can be changed.
func usesResponse(h ir.Headers) bool {
	return len(h.CustomResponse) > 0 || h.STSSeconds != 0 || h.FrameDeny || h.CustomFrameOptions != "" ||
		h.ContentTypeNosniff || h.BrowserXSSFilter || h.CustomBrowserXSS != "" || h.ContentSecurityPolicy != "" ||
		h.PublicKey != "" || h.ReferrerPolicy != "" || h.SSLHost != ""
}

var responseNames = [...]string{
	"custom-response-headers", "hsts-max-age", "frame-deny", "custom-frame-options-value", "content-type-nosniff",
	"browser-xss-filter", "custom-browser-xss-value", "content-security-policy", "public-key", "referrer-policy",
}

// firstOf is the first of names that the Ingress carries, empty when there is none.
func firstOf(s *source, names []string) string {
	for _, name := range names {
		if s.ann.has(name) {
			return name
		}
	}
	return ""
}

// text reads and unescapes a string.
func (c *settings) text(s *source, name string) string {
	raw := s.ann.str(name, "")
	if raw == "" {
		return ""
	}
	return c.unescape(s, name, raw)
}

// headerMap reads and unescapes a map. Names are printed without quotes, so one
// that is not a bare TOML key breaks the configuration of Traefik 1.7.
func (c *settings) headerMap(s *source, name string) map[string]string {
	values := s.ann.mapping(name)
	if len(values) == 0 {
		return values
	}
	for _, key := range sortedKeys(values) {
		if !tomlBareKey(key) {
			c.problems = append(c.problems, s.of(name, brokenTOML("", "the header name", errTOMLKey)))
		}
		values[key] = c.unescape(s, name, values[key])
	}
	return values
}
