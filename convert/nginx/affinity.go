package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// stickySettings are those of the cookie that keeps a client on a pod.
type stickySettings struct {
	cookie ir.Sticky
	// secure is nil when it follows the scheme of the request.
	secure *bool
	// ownPath: the cookie's path is not the location's.
	ownPath bool
	// legacy: a canary decides each request anew.
	legacy bool
}

func (t *translator) readAffinity(s *source, x *settings) {
	kind, ok := s.ann.find("affinity")
	if ok && kind != "cookie" {
		s.ann.ignore("affinity", "only cookie is known")
		return
	}
	if !ok {
		return
	}
	s.sayOf(diag.WNginxSticky, "affinity", "")
	st := &stickySettings{cookie: ir.Sticky{
		CookieName: s.ann.str("session-cookie-name", "INGRESSCOOKIE"),
		HTTPOnly:   true,
		Path:       s.ann.str("session-cookie-path", ""),
		Domain:     s.ann.str("session-cookie-domain", ""),
	}}
	st.ownPath = st.cookie.Path != ""
	if strings.ContainsAny(st.cookie.CookieName, " \t;,=\"\\") {
		s.ann.ignore("session-cookie-name", "not a name of a cookie, so INGRESSCOOKIE holds")
		st.cookie.CookieName = "INGRESSCOOKIE"
	}
	if s.ann.has("session-cookie-secure") {
		secure := s.ann.boolean("session-cookie-secure", false)
		st.secure = &secure
	}
	if value, ok := s.ann.find("session-cookie-samesite"); ok {
		st.cookie.SameSite = strings.ToLower(value)
		if !slices.Contains([]string{"lax", "none", "strict"}, st.cookie.SameSite) {
			s.ann.ignore("session-cookie-samesite", "not None, Lax or Strict")
			st.cookie.SameSite = ""
		}
	}
	t.readCookieAge(s, st)
	for _, loss := range []struct{ name, harmless, text string }{
		{"affinity-mode", "balanced", "clients move to another pod when theirs disappears, and stay otherwise, in either mode"},
		{"session-cookie-change-on-failure", "false", "a client stays on a pod that fails until the pod is gone"},
		{"session-cookie-conditional-samesite-none", "false", "old browsers get SameSite=None as well"},
	} {
		if value, ok := s.ann.find(loss.name); ok && value != loss.harmless {
			s.sayOf(diag.WNginxSticky, loss.name, loss.text)
		}
	}
	if s.ann.str("affinity-canary-behavior", "sticky") == "legacy" {
		st.legacy = true
	}
	x.sticky = st
}

// readCookieAge: Max-Age overrules Expires in browsers, and both count from now.
func (t *translator) readCookieAge(s *source, st *stickySettings) {
	if value, ok := s.ann.find("session-cookie-expires"); ok {
		seconds, err := strconv.Atoi(value)
		if err != nil || seconds < 0 {
			s.ann.ignore("session-cookie-expires", "not a number of seconds")
		} else {
			st.cookie.MaxAge = seconds
			s.sayMild(diag.WNginxSticky, "session-cookie-expires", "the cookie carries Max-Age instead of Expires")
		}
	}
	if value, ok := s.ann.find("session-cookie-max-age"); ok {
		seconds, err := strconv.Atoi(value)
		if err != nil || seconds < 0 {
			s.ann.ignore("session-cookie-max-age", "not a number of seconds")
			return
		}
		st.cookie.MaxAge = seconds
	}
}

// sticky is the cookie of a location on one scheme. A path of the cookie that is
// an expression is never sent back by a browser; / is what was meant.
//
// Members of a weighted group are one definition for all routes in Traefik, so
// their cookie cannot differ by scheme: it is Secure where plain HTTP only
// redirects.
func (t *translator) sticky(l *location, https bool) *ir.Sticky {
	st := l.settings().sticky
	if st == nil {
		return nil
	}
	cookie := st.cookie
	cookie.Secure = https
	if l.canary != nil {
		cookie.Secure = t.redirectsToTLS(l)
	}
	if st.secure != nil {
		cookie.Secure = *st.secure
	}
	if !st.ownPath {
		cookie.Path = l.path
		if l.server.regex && l.path != "/" {
			cookie.Path = "/"
			l.at.src.sayOf(diag.WNginxSticky, "affinity", "the cookie's path is / because "+strconv.Quote(l.path)+" is an expression on this host; set session-cookie-path")
		}
	}
	if cookie.Path == "/" {
		cookie.Path = "" // the default of either target
	}
	return &cookie
}
