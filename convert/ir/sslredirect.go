package ir

import "strings"

// Redirect is the redirect that the ssl options stand for on a route with or without
// TLS, nil for none: what github.com/unrolled/secure makes of them.
func (h Headers) Redirect(tls bool) Filter {
	force := h.SSLForceHost && h.SSLHost != ""
	plain := h.SSLRedirect && !h.IsDevelopment && !tls
	switch {
	case force, plain && h.SSLHost != "":
		return RedirectRegex{
			Regex:       `^https?://[^/]+(.*)$`,
			Replacement: "https://" + strings.ReplaceAll(h.SSLHost, "$", "$$") + "${1}",
			Permanent:   !h.SSLTemporaryRedirect,
		}
	case plain:
		return RedirectScheme{Scheme: "https", Permanent: !h.SSLTemporaryRedirect}
	}
	return nil
}
