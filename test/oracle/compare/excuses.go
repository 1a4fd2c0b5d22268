package compare

import (
	"net/http"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// excuse is one kind of difference that one code announces.
type excuse struct {
	// code that has to be found on what the request concerns.
	code   diag.Code
	covers func(c *circumstances, d Difference) bool
}

// excuses are all there are, sorted by code. Each is as narrow as the code's text.
func excuses() []excuse {
	return []excuse{
		{diag.EMergeXNS, anything},
		{diag.EMultiDefault, anything},
		{diag.IErrPageHost, func(c *circumstances, d Difference) bool { return d.Kind == Host && d.Before == "0.0.0.0" }},
		{diag.IExtNamePort, func(c *circumstances, d Difference) bool {
			return d.Kind == Host && strings.HasPrefix(d.After, d.Before+":")
		}},
		{diag.ISemicolon, func(c *circumstances, d Difference) bool {
			return d.Kind == Query && strings.ReplaceAll(d.Before, ";", "&") == d.After
		}},
		{diag.ITrailingDot, func(c *circumstances, d Difference) bool {
			host, _, _ := strings.Cut(c.request.Host, ":")
			return strings.HasSuffix(host, ".")
		}},
		{diag.IV1StrictSlashLeak, leakedSlash},
		// The route is gone, with the 503 and all answers that Traefik gave before it.
		{diag.W503, func(c *circumstances, d Difference) bool { return c.before.Seen == nil }},
		{diag.WAddPrefix, func(c *circumstances, d Difference) bool { return d.Kind == Path || d.Kind == Query }},
		{diag.WClientCertHdr, func(c *circumstances, d Difference) bool {
			return d.Kind == RequestHeader && strings.HasPrefix(d.Name, "X-Forwarded-Tls-Client-Cert")
		}},
		{diag.WEmptyServices, func(c *circumstances, d Difference) bool {
			return c.after.Status == http.StatusServiceUnavailable && c.after.Seen == nil
		}},
		{diag.WEncodedSlash, func(c *circumstances, d Difference) bool {
			return strings.Contains(strings.ToLower(c.request.Target), "%2f")
		}},
		{diag.WHdrOnError, func(c *circumstances, d Difference) bool {
			return d.Kind == ResponseHeader && c.after.Seen == nil && c.after.Status >= 502 && c.after.Status <= 504
		}},
		{diag.WMerge, anything},
		{diag.WPathSanitize, func(c *circumstances, d Difference) bool { return !canonical(c.request.Target) }},
		{diag.WPodNameCollision, func(c *circumstances, d Difference) bool { return d.Kind == Answerer && c.sameGroup(d) }},
		{diag.WPrioTie, anything},
		{diag.WRateLimit, func(c *circumstances, d Difference) bool { return c.either(http.StatusTooManyRequests) }},
		{diag.WRedirectModifier, redirected},
		{diag.WRedirectXFP, func(c *circumstances, d Difference) bool {
			return c.request.Header.Get("X-Forwarded-Proto") != "" && redirected(c, d)
		}},
		{diag.WRewriteEncoded, func(c *circumstances, d Difference) bool {
			return strings.Contains(c.request.Target, "%") && (d.Kind == Path || d.Kind == RequestHeader && d.Name == "X-Replaced-Path" || c.after.Status == http.StatusBadRequest)
		}},
		{diag.WRewriteNoSlash, func(c *circumstances, d Difference) bool { return d.Kind == Path || d.Kind == Query }},
		{diag.WSSLRedirectV3, redirected},
		{diag.WStickyWeighted, func(c *circumstances, d Difference) bool { return d.Kind == Cookie }},
		{diag.WStrictSlash, strictSlash},
	}
}

func anything(*circumstances, Difference) bool { return true }

// redirected: at least one of the answers is a redirect.
func redirected(c *circumstances, d Difference) bool {
	is := func(status int) bool { return status >= 300 && status < 400 }
	return is(c.before.Status) || is(c.after.Status)
}

// strictSlash: the same redirect with an absolute Location, and with 308 for
// other methods than GET.
func strictSlash(c *circumstances, d Difference) bool {
	if c.before.Status != http.StatusMovedPermanently {
		return false
	}
	switch d.Kind {
	case Location:
		scheme := "http://"
		if c.request.TLS {
			scheme = "https://"
		}
		return d.After == scheme+c.request.Host+d.Before
	case Status:
		return c.request.Method != http.MethodGet && c.after.Status == http.StatusPermanentRedirect
	case Body, ResponseHeader:
		return true // of a redirect that is written otherwise
	}
	return false
}

// leakedSlash: Traefik 1.7 redirects between /x and /x/ because some Path rule
// has that path, whatever its host.
func leakedSlash(c *circumstances, d Difference) bool {
	location, _, _ := strings.Cut(c.before.Header.Get("Location"), "?")
	requested, _, _ := strings.Cut(c.request.Target, "?")
	return c.before.Status == http.StatusMovedPermanently && c.before.Seen == nil &&
		location != requested && strings.TrimSuffix(location, "/") == strings.TrimSuffix(requested, "/")
}
