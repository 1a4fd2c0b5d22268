package emit

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// sslRedirectV3 emulates the ssl-redirect options of a headers filter, which
// Traefik 3 ignores: it would serve plain text where Traefik 1.7 and 2 redirect.
// It returns the routes that replace r, and whether anything was emulated. What
// the options mean is decided by github.com/unrolled/secure, which both use:
//
//	route       options                      in front of the headers filter
//	any         ssl-force-host + ssl-host    redirect to ssl-host; that host itself passes on TLS,
//	                                         since redirectRegex ignores an unchanged URL
//	plain text  ssl-redirect + ssl-host      redirect to ssl-host
//	plain text  ssl-redirect                 redirect to https
//	any         ssl-host alone               nothing
//
// is-development turns ssl-redirect off and ssl-force-host not.
//
// A request that carries one of ssl-proxy-headers counts as TLS. redirectScheme
// knows that of X-Forwarded-Proto: https by itself; for any other header a second
// route of the same priority takes the requests that have it. The two exclude
// each other, so their equal priority decides nothing.
func sslRedirectV3(r ir.Route) ([]ir.Route, bool) {
	for i, f := range r.Filters {
		h, ok := f.(ir.Headers)
		if !ok {
			continue
		}
		if redirect := h.Redirect(r.TLS != nil); redirect != nil {
			redirecting := r
			redirecting.Filters = slices.Insert(slices.Clone(r.Filters), i, redirect)
			return exceptSecure(r, redirecting, redirect, h.SSLProxyHeaders), true
		}
	}
	return nil, false
}

// rewritesLocation tells whether ssl-host is set: Traefik 1.7 and 2 turn a backend's
// Location of http://ssl-host into https on TLS, Traefik 3 does not.
func rewritesLocation(filters []ir.Filter) bool {
	return slices.ContainsFunc(filters, func(f ir.Filter) bool {
		h, ok := f.(ir.Headers)
		return ok && h.SSLHost != ""
	})
}

// exceptSecure narrows the redirecting route to requests without any of headers
// and puts a copy of plain for those that have one before it.
func exceptSecure(plain, redirecting ir.Route, redirect ir.Filter, headers map[string]string) []ir.Route {
	if plain.TLS != nil {
		return []ir.Route{redirecting}
	}
	var out []ir.Route
	_, byScheme := redirect.(ir.RedirectScheme)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value := headers[name]
		if byScheme && strings.EqualFold(name, "X-Forwarded-Proto") && value == "https" {
			continue
		}
		secure := plain
		secure.Match.Headers = append(slices.Clone(plain.Match.Headers), ir.HeaderMatch{Name: name, Value: value})
		out = append(out, secure)
		redirecting.Match.Headers = append(slices.Clone(redirecting.Match.Headers), ir.HeaderMatch{Name: name, Value: value, Not: true})
	}
	return append(out, redirecting)
}
