package compare

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// nginxWords tells whether a difference is only how nginx and Traefik word answers
// of their own: pages of nginx and its lines of text, their Content-Type, and the
// status of redirects, whose pages Go writes.
func nginxWords(before, after judge.Answer, d Difference) bool {
	if before.Seen != nil || after.Seen != nil {
		return false
	}
	switch {
	case d.Kind == Body:
		return true
	case d.Kind == ResponseHeader:
		return slices.Contains([]string{"Content-Type", "X-Content-Type-Options"}, d.Name)
	}
	return false
}

// nginxExcuses are those of conversions from ingress-nginx, sorted by code.
func nginxExcuses() []excuse {
	return []excuse{
		{diag.INginxDefaults, nginxDefaults},
	}
}

// nginxDefaults are the differences that follow from what both do unasked.
func nginxDefaults(c *circumstances, d Difference) bool {
	switch d.Kind {
	case RequestHeader:
		return slices.Contains([]string{
			"X-Request-Id", "X-Scheme", "X-Forwarded-Scheme", "X-Original-Forwarded-For", "X-Forwarded-Server",
		}, d.Name)
	case ResponseHeader:
		return d.Name == "Server" && d.Before == ""
	case Status:
		return httpsRedirect(c) && permanent(c.before.Status) && permanent(c.after.Status)
	}
	return false
}

func permanent(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect
}

// httpsRedirect: both answers send the client to the same URL over TLS.
func httpsRedirect(c *circumstances) bool {
	to := c.before.Header.Get("Location")
	return strings.HasPrefix(to, "https://") && to == c.after.Header.Get("Location")
}
