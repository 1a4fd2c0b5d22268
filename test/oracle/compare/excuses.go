package compare

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
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
		{diag.EMergeXNS, another},
		{diag.EMultiDefault, another},
		{diag.ETraefikDefaults, another},
		// The page is left out, and with it what Traefik 1.7 drops the route for.
		{diag.EXNS, func(c *circumstances, d Difference) bool {
			return c.page() || c.before.Seen == nil && c.before.Status == http.StatusNotFound
		}},
		{diag.IErrPageHost, errorPageHost},
		{diag.IExtNamePort, func(c *circumstances, d Difference) bool {
			return d.Kind == Host && strings.HasPrefix(d.After, d.Before+":")
		}},
		{diag.ISemicolon, func(c *circumstances, d Difference) bool {
			return (d.Kind == Query || d.Kind == Location) && strings.ReplaceAll(d.Before, ";", "&") == d.After
		}},
		{diag.ITrailingDot, func(c *circumstances, d Difference) bool {
			host, _, _ := strings.Cut(c.request.Host, ":")
			return strings.HasSuffix(host, ".")
		}},
		{diag.IV1StrictSlashLeak, leakedSlash},
		// The route is gone, with the 503 and all answers that Traefik gave before it.
		{diag.W503, func(c *circumstances, d Difference) bool {
			return c.before.Seen == nil || c.before.Status == http.StatusServiceUnavailable
		}},
		{diag.WAddPrefix, func(c *circumstances, d Difference) bool {
			return lostQuery(c, d) || d.Kind == RequestHeader && d.Name == "X-Replaced-Path" && d.After == "/"+d.Before
		}},
		// Without a change of the URL the redirect undoes a rewrite instead.
		{diag.WAppRootLoop, func(c *circumstances, d Difference) bool {
			requested, _, _ := strings.Cut(c.request.Target, "?")
			itself, _, _ := strings.Cut(c.before.Header.Get("Location"), "?")
			decoded, err := url.PathUnescape(requested) // as Traefik 1.7 replaces it
			return strings.HasSuffix(itself, "://"+c.request.Host+requested) || err == nil && strings.HasSuffix(itself, "://"+c.request.Host+decoded) ||
				d.Kind == Path && d.Before == requested
		}},
		{diag.WClientCertHdr, func(c *circumstances, d Difference) bool {
			return d.Kind == RequestHeader && strings.HasPrefix(d.Name, "X-Forwarded-Tls-Client-Cert")
		}},
		// Of several Services the empty one keeps its share.
		{diag.WEmptyServices, func(c *circumstances, d Difference) bool {
			return c.after.Status == http.StatusServiceUnavailable && c.after.Seen == nil &&
				(c.shared(c.before) || unreached(c.before) && c.severalServices())
		}},
		{diag.WEncodedSlash, escapedTarget},
		{diag.WErrPageChain, func(c *circumstances, d Difference) bool {
			return (d.Kind == Path || d.Kind == Query || d.Kind == ResponseHeader || d.Kind == Cookie && d.After == "" && c.says(diag.WErrPageChain, "cookies")) && c.page()
		}},
		{diag.WFwdHeaders, forwardedPort},
		{diag.WHdrOnError, func(c *circumstances, d Difference) bool {
			return (d.Kind == ResponseHeader || d.Kind == Location) && c.after.Seen == nil && c.after.Status >= 500 && c.after.Status <= 504
		}},
		{diag.WMerge, another},
		{diag.WPathSanitize, func(c *circumstances, d Difference) bool { return !canonical(c.request.Target) }},
		{diag.WPodNameCollision, func(c *circumstances, d Difference) bool { return c.sameGroup(d.Kind) }},
		{diag.WPrioTie, another},
		{diag.WRateLimit, func(c *circumstances, d Difference) bool { return c.either(http.StatusTooManyRequests) }},
		// A redirect that changes nothing undoes the rewrite.
		{diag.WRedirectModifier, func(c *circumstances, d Difference) bool { return redirected(c, d) || d.Kind == Path }},
		{diag.WRedirectXFP, func(c *circumstances, d Difference) bool {
			return c.request.Header.Get("X-Forwarded-Proto") != "" && redirected(c, d)
		}},
		{diag.WRewriteEncoded, rewriteEncoded},
		{diag.WRewriteNoSlash, func(c *circumstances, d Difference) bool {
			return lostQuery(c, d) || c.after.Status == http.StatusBadRequest || c.after.Seen == nil && c.after.Status == http.StatusInternalServerError
		}},
		{diag.WSharedService, func(c *circumstances, d Difference) bool {
			return d.Kind == Cookie && c.before.Seen != nil && c.after.Seen != nil && c.shared(c.before) && c.shared(c.after)
		}},
		{diag.WSSLRedirectV3, func(c *circumstances, d Difference) bool {
			kept := d.Kind == Location && d.Before == strings.Replace(d.After, "http://", "https://", 1) // a pod's, beside ssl-host
			return kept || redirected(c, d)
		}},
		{diag.WStickyFields, func(c *circumstances, d Difference) bool {
			return d.Kind == Cookie && sameSite.ReplaceAllString(d.Before, "") == d.After
		}},
		// The second cookie, beside one that is as before.
		{diag.WStickyWeighted, func(c *circumstances, d Difference) bool { return d.Kind == Cookie && d.Before == "" }},
		{diag.WStrictSlash, strictSlash},
		// The next route answers what Traefik 1.7 answers 404 itself, or redirects before.
		{diag.WStripTemplate, func(c *circumstances, d Difference) bool { return c.before.Seen == nil }},
		{diag.WTraefikCollision, another},
		{diag.WTraefikCrossNS, denied},
		// TLS options that do not exist close the connections for their host.
		{diag.WTraefikDead, func(c *circumstances, d Difference) bool {
			return c.request.TLS && c.before.Failure != "" && c.after.Seen == nil
		}},
		{diag.WTraefikSecret, func(c *circumstances, d Difference) bool { return d.Kind == Certificate }},
		{diag.WTraefikTie, another},
	}
}

var sameSite = regexp.MustCompile(`; SameSite=\w+`)

// reservedEscape is an escape that Traefik 3 does not decode: RFC 3986, section 2.2.
var reservedEscape = regexp.MustCompile(`(?i)^[^?]*%(?:3a|2f|3f|23|5b|5d|40|21|24|26|27|28|29|2a|2b|2c|3b|3d|25)`)

func escapedTarget(c *circumstances, d Difference) bool {
	return reservedEscape.MatchString(c.request.Target)
}

// rewriteEncoded: the rewrite saw an escape where Traefik 1.7 saw the character.
// What does not begin with a slash then is sent as / without query, or answered 400;
// what only the character kept from beginning with one was.
func rewriteEncoded(c *circumstances, d Difference) bool {
	if c.after.Status == http.StatusBadRequest && c.after.Seen == nil {
		return true
	}
	if !strings.Contains(c.request.Target, "%") {
		return false
	}
	switch d.Kind {
	case Path:
		return true
	case RequestHeader:
		return d.Name == "X-Replaced-Path"
	case Location:
		if unescaped(d.Before) == unescaped(d.After) {
			return true
		}
	}
	bare := c.after.Seen != nil && c.after.Seen.URI == "/" || c.before.Seen != nil && c.before.Seen.URI == "/"
	return bare && (d.Kind == Query || d.Kind == Status || d.Kind == Location) // pods answer what the query asks
}

func unescaped(s string) string {
	out, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return out
}

// another: the source chooses one of several routes, or mixes them, by the order in
// which it happens to load. Now one of them answers, with an error page perhaps, or
// Traefik itself.
func another(c *circumstances, d Difference) bool {
	return c.after.Seen == nil || c.after.Status >= http.StatusBadRequest || c.scene.open(Service(c.after.Seen.Pod), c.request)
}

// denied: the guard behind a route that the target drops answers. With the route its
// TLS options are gone, and Traefik speaks where it hung up.
func denied(c *circumstances, d Difference) bool {
	return c.after.Seen == nil && (c.after.Status == http.StatusForbidden || c.request.TLS && c.before.Failure != "")
}

// forwardedPort: X-Forwarded-Port goes with an X-Forwarded-Proto that neither the
// client sent nor the connection has, so an annotation set it.
func forwardedPort(c *circumstances, d Difference) bool {
	if d.Kind != RequestHeader || d.Name != "X-Forwarded-Port" {
		return false
	}
	own := "http"
	if c.request.TLS {
		own = "https"
	}
	proto := c.before.Seen.Header.Get("X-Forwarded-Proto")
	return proto != own && proto != c.request.Header.Get("X-Forwarded-Proto")
}

// lostQuery: Traefik 1.7 forwards / without query, and pods answer by the query; or
// it redirects to a URL whose host runs into the path.
func lostQuery(c *circumstances, d Difference) bool {
	if c.before.Seen == nil {
		return redirected(c, d)
	}
	return d.Kind == Path || d.Kind == Query || c.before.Seen.URI == "/" && (d.Kind == Status || d.Kind == Location)
}

// errorPageHost: Traefik 1.7 asks the page from nowhere, for Host 0.0.0.0, so the
// headers that follow from the client and its Host are missing or other ones too.
func errorPageHost(c *circumstances, d Difference) bool {
	if !c.page() {
		return false
	}
	switch d.Name {
	case "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip":
		return d.Kind == RequestHeader
	}
	return d.Kind == Host
}

// page: Traefik 1.7 answered with an error page. What it asks a page for is for
// Host 0.0.0.0 and has no client, and so no X-Real-Ip; where the Service is not told
// the Host of requests, that is all there is to see of it.
func (c *circumstances) page() bool {
	if c.before.Seen == nil || c.before.Status < http.StatusBadRequest {
		return false
	}
	return c.before.Seen.Host == "0.0.0.0" || c.before.Seen.Host == pods.OwnAddress && c.before.Seen.Header.Get("X-Real-Ip") == ""
}

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
