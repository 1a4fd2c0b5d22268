package compare

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// nginxWords tells whether a difference is only how nginx and Traefik word answers
// of their own: pages of nginx, lines of text of Traefik, and their headers.
func nginxWords(before, after judge.Answer, d Difference) bool {
	if before.Seen != nil || after.Seen != nil {
		return false
	}
	return d.Kind == Body || d.Kind == ResponseHeader && slices.Contains([]string{"Content-Type", "X-Content-Type-Options"}, d.Name)
}

// nginxExcuses are those of conversions from ingress-nginx, sorted by code.
func nginxExcuses() []excuse {
	return []excuse{
		// Without error pages the pod's own; without default backend what follows from
		// a Service without pods.
		{diag.EAnnUnconverted, func(c *circumstances, d Difference) bool {
			if d.Kind == Transport {
				return strings.Contains(d.Before, "HTTP/1.0") // proxy-http-version
			}
			failed := c.before.Seen == nil && c.before.Status >= 400 && c.after.Status >= 400
			return failed && (c.before.Status == c.after.Status && c.after.Seen != nil || c.before.Status == http.StatusNotFound) ||
				errorPage(c.before) && (c.after.Seen == nil || c.found(diag.WNginx503)) // or the next route's
		}},
		{diag.ENginxCanary, canaries},
		// What nginx denies or does not know has no route, or the next one takes it.
		{diag.ENginxNotServed, func(c *circumstances, d Difference) bool {
			return c.before.Seen == nil && c.before.Status == http.StatusServiceUnavailable && c.after.Seen == nil
		}},
		{diag.ENginxReference, func(c *circumstances, d Difference) bool {
			return c.before.Seen == nil && c.before.Status == http.StatusServiceUnavailable && c.after.Seen == nil
		}},
		// A canary of another namespace, whose pods answered their share.
		{diag.EXNS, func(c *circumstances, d Difference) bool {
			return c.before.Seen != nil && c.after.Seen != nil && d.Kind == Answerer || c.before.Seen == nil && c.before.Status == http.StatusServiceUnavailable
		}},
		{diag.INginxDefaults, nginxDefaults},
		{diag.ISemicolon, func(c *circumstances, d Difference) bool {
			return (d.Kind == Query || d.Kind == Location) && strings.ReplaceAll(d.Before, ";", "&") == d.After
		}},
		{diag.WEncodedSlash, escapedTarget},
		{diag.WNginx503, unavailable},
		{diag.WNginxBasicAuth, func(c *circumstances, d Difference) bool {
			return c.after.Seen == nil && c.after.Status == http.StatusUnauthorized
		}},
		{diag.WNginxBodySize, func(c *circumstances, d Difference) bool {
			return c.before.Status == http.StatusRequestEntityTooLarge
		}},
		{diag.WNginxCORS, nginxCORS},
		{diag.WNginxCanary, func(c *circumstances, d Difference) bool {
			empty := c.before.Seen == nil && c.before.Status == http.StatusServiceUnavailable || c.after.Seen == nil && c.after.Status == http.StatusServiceUnavailable
			return d.Kind == Answerer || empty && c.scene.podless()
		}},
		{diag.WNginxEmpty, func(c *circumstances, d Difference) bool {
			return c.after.Seen == nil && (c.after.Status == http.StatusServiceUnavailable || unavailable(c, d))
		}},
		// Those of the controller's default backend are out of reach: what the pod or
		// Traefik itself says shows.
		{diag.WNginxErrors, func(c *circumstances, d Difference) bool {
			failed := c.after.Status >= 300 || c.found(diag.WNginxLimit)
			own := c.before.Seen == nil && c.before.Status == http.StatusNotFound && failed
			// In the place of a Service without pods nginx tells the canary's what it tells pages.
			told := d.Kind == RequestHeader && d.After == "" && slices.Contains(toPages, d.Name)
			bodiless := c.request.Method == http.MethodHead && failed // nobody sees whose page it was
			return own || told || bodiless || errorPage(c.before) || errorPage(c.after)
		}},
		{diag.WNginxExtAuth, func(c *circumstances, d Difference) bool {
			return d.Kind == RequestHeader && strings.HasPrefix(d.Name, "X-Auth-") || c.before.Status == http.StatusInternalServerError ||
				// The answer for who is not let in is the server's own, not nginx's.
				c.before.Seen == nil && c.after.Seen == nil && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusFound}, c.before.Status)
		}},
		{diag.WNginxGuard, func(c *circumstances, d Difference) bool {
			return c.after.Seen == nil && c.after.Status == http.StatusForbidden
		}},
		{diag.WNginxImplicit, func(c *circumstances, d Difference) bool {
			return c.before.Seen == nil && c.after.Seen == nil && c.after.Status == http.StatusNotFound && !c.scene.ruled(c.request)
		}},
		{diag.WNginxLimit, func(c *circumstances, d Difference) bool {
			return c.before.Status == http.StatusServiceUnavailable || c.after.Status == http.StatusTooManyRequests
		}},
		{diag.WNginxRedirect, func(c *circumstances, d Difference) bool {
			requested, _, _ := strings.Cut(c.request.URL(), "?")
			if c.before.Seen == nil && c.before.Header.Get("Location") == requested {
				return true // for ever
			}
			if c.says(diag.WNginxRedirect, "aliases") && strings.HasPrefix(c.after.Header.Get("Location"), "https://"+c.host()) {
				return true
			}
			return redirects(c.before.Status) && redirects(c.after.Status) && (d.Kind == Status || d.Kind == Location && ports.ReplaceAllString(d.Before, "$1") == d.After)
		}},
		{diag.WNginxRewrite, func(c *circumstances, d Difference) bool {
			if c.before.Status == http.StatusBadRequest && c.before.Seen == nil && (c.after.Seen == nil || c.after.Seen.URI == "/") {
				return true // rewritten to a path without a slash
			}
			return d.Kind == RequestHeader && d.Name == "X-Replaced-Path" || odd(c.request) && (d.Kind == Path || c.after.Status == http.StatusBadRequest)
		}},
		{diag.WNginxSlash, func(c *circumstances, d Difference) bool {
			return d.Kind == Status && permanent(c.before.Status) && permanent(c.after.Status)
		}},
		{diag.WNginxSticky, func(c *circumstances, d Difference) bool { return d.Kind == Cookie }},
		{diag.WTargetVersion, func(c *circumstances, d Difference) bool { return d.Kind == Cookie }},
	}
}

// nginxDefaults are the differences that follow from what both do unasked.
func nginxDefaults(c *circumstances, d Difference) bool {
	switch d.Kind {
	case Certificate:
		return strings.HasPrefix(d.Before, "default.")
	case RequestHeader:
		return nginxHeader(d) || hostPort(c, d)
	case ResponseHeader:
		if d.Name == "Strict-Transport-Security" && betweenNames(c) {
			return true // by chance: lua_ingress.lua keeps what the last request had
		}
		return d.Name == "Server" && d.Before == "" || d.Name == "Strict-Transport-Security" && c.after.Seen == nil && c.after.Status == http.StatusNotFound
	case Status:
		if strings.HasPrefix(c.request.Target, "/healthz") && c.before.Status == http.StatusOK && c.before.Seen == nil {
			return true
		}
		if httpsRedirect(c) && permanent(c.before.Status) && permanent(c.after.Status) {
			return true
		}
	}
	if (d.Kind == Status || d.Kind == Location) && unknownPath(c) {
		return true
	}
	if d.Kind == Location && strings.EqualFold(d.Before, d.After) && c.host() != c.request.Host {
		return true // nginx writes the host in lower case
	}
	// Slashes and dots: nginx matches the cleaned path and sends the original.
	return odd(c.request) && slices.Contains([]Kind{Status, Answerer, Location, Path}, d.Kind)
}

// canaries: another Service answers, with the annotations of another Ingress, or
// only one of them serves the path; the other answers what it answers to paths that it
// does not have.
func canaries(c *circumstances, d Difference) bool {
	if c.before.Seen != nil && c.after.Seen != nil {
		return answerer(c.before) != answerer(c.after) || d.Kind == Path || d.Kind == Host || d.Kind == RequestHeader
	}
	return c.before.Seen != nil || c.before.Status >= 300 || c.after.Status == http.StatusNotFound
}

// unavailable: without pods nginx answers 503 before it looks at addresses or
// credentials, or with error pages behind them; the target has no route.
func unavailable(c *circumstances, d Difference) bool {
	page := c.before.Status == http.StatusNotFound && c.found(diag.EAnnUnconverted) // of the controller's default backend
	refused := c.before.Status == http.StatusUnauthorized || c.before.Status == http.StatusForbidden
	gone := refused && c.found(diag.WNginxErrors) && c.after.Seen == nil && c.after.Status == http.StatusNotFound
	return c.before.Seen == nil && (page || gone || c.before.Status == http.StatusServiceUnavailable)
}

// nginxHeader are headers that only one of them sends to backends: see the
// explanation of I-NGX-DEFAULTS.
func nginxHeader(d Difference) bool {
	switch d.Name {
	case "X-Request-Id", "X-Scheme", "X-Forwarded-Scheme", "X-Original-Forwarded-For":
		return d.After == "" || d.Name == "X-Request-Id"
	case "X-Forwarded-Server", "Accept-Encoding":
		return d.Before == ""
	case "Proxy":
		return d.Before == ""
	}
	return strings.Contains(d.Name, "_") && d.Before == ""
}

// hostPort: nginx tells backends the port of the connection, Traefik that of the
// Host, if it has one.
func hostPort(c *circumstances, d Difference) bool {
	_, port, ok := strings.Cut(c.request.Host, ":")
	return ok && d.Name == "X-Forwarded-Port" && d.After == port
}

// odd: a target that Traefik cleans, decodes or refuses before it routes.
func odd(r judge.Request) bool { return !canonical(r.Target) || reservedEscape.MatchString(r.Target) }

func permanent(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect
}

func redirects(status int) bool { return status >= 300 && status < 400 }

// unknownPath: nginx redirects to https what it then answers 404.
func unknownPath(c *circumstances) bool {
	return strings.HasPrefix(c.before.Header.Get("Location"), "https://"+c.host()) && permanent(c.before.Status) &&
		c.after.Seen == nil && c.after.Status == http.StatusNotFound
}

// betweenNames: nginx redirects from a name with www. to the one without, or back.
func betweenNames(c *circumstances) bool {
	to, err := url.Parse(c.before.Header.Get("Location"))
	return err == nil && redirects(c.before.Status) && to.Hostname() != c.host() &&
		strings.TrimPrefix(to.Hostname(), "www.") == strings.TrimPrefix(c.host(), "www.")
}

// httpsRedirect: both answers send the client to the same URL over TLS.
func httpsRedirect(c *circumstances) bool {
	to := c.before.Header.Get("Location")
	return strings.HasPrefix(to, "https://") && to == c.after.Header.Get("Location")
}

// nginxCORS: answers to OPTIONS, and the headers of CORS on others.
func nginxCORS(c *circumstances, d Difference) bool {
	answered := c.before.Seen == nil && c.before.Status == http.StatusNoContent // by nginx
	preflight := c.after.Seen == nil && c.after.Status == http.StatusOK
	if c.request.Method == http.MethodOptions && (answered || preflight) {
		return true
	}
	return d.Kind == ResponseHeader && (strings.HasPrefix(d.Name, "Access-Control-") || d.Name == "Vary")
}

// ports matches the port of a URL.
var ports = regexp.MustCompile(`^(https?://[^/:]+):\d+`)

// toPages are the headers that tell a Service for error pages what failed.
var toPages = []string{"X-Code", "X-Ingress-Name", "X-Namespace", "X-Service-Name", "X-Service-Port"}

// errorPage: a pod of the Service for error pages answered.
func errorPage(a judge.Answer) bool {
	return a.Seen != nil && strings.HasSuffix(Service(a.Seen.Pod), "/err")
}
