package traefikv1

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// anyURL is the pattern of Traefik 1.7's redirects to an entry point: host
// without port, then the rest.
const anyURL = `^(?:https?:\/\/)?(\[[\w:.]+\]|[\w\._-]+)(?::\d+)?(.*)$`

// redirect is the one redirect of a frontend.
type redirect struct {
	// entryPoint is the name of the target of redirect-entry-point, raw.
	entryPoint string
	// regex and replacement are raw.
	regex, replacement string
	permanent          bool
	appRoot            bool

	// filter is set by checkRedirect; nil: the redirect never fires.
	filter *ir.RedirectRegex
}

// redirectOf chooses the redirect of a path: app-root (on / only), then
// redirect-entry-point, then redirect-regex.
func redirectOf(s *source, key, path string) *redirect {
	permanent := s.ann.boolean("redirect-permanent", false)
	root := ""
	if path == "/" || path == "" {
		root = s.ann.str("app-root", "")
	}
	if root != "" {
		r := &redirect{permanent: permanent, appRoot: true, regex: key + "$"}
		if path == "" {
			r.regex = key + "/$"
		}
		r.replacement = strings.TrimRight(key, "/") + "/" + strings.TrimLeft(root, "/")
		return r
	}
	if entryPoint := s.ann.str("redirect-entry-point", ""); entryPoint != "" {
		return &redirect{permanent: permanent, entryPoint: entryPoint}
	}
	regex, replacement := s.ann.str("redirect-regex", ""), s.ann.str("redirect-replacement", "")
	switch {
	case !quotable(regex):
		s.sayOf(diag.IAnnIgnored, "redirect-regex", "the pattern cannot be quoted (a lone backslash must be doubled), so Traefik 1.7 does not redirect and requests pass")
	case !quotable(replacement):
		s.sayOf(diag.IAnnIgnored, "redirect-replacement", "the replacement cannot be quoted, so Traefik 1.7 does not redirect and requests pass")
	case regex != "" && replacement != "":
		return &redirect{permanent: permanent, regex: regex, replacement: replacement}
	case regex != "":
		s.sayOf(diag.IAnnIgnored, "redirect-regex", "without redirect-replacement there is no redirect")
	case replacement != "":
		s.sayOf(diag.IAnnIgnored, "redirect-replacement", "without redirect-regex there is no redirect")
	}
	return nil
}

// activeOn tells whether the redirect is wired on an entry point.
func (r *redirect) activeOn(ep EntryPoint) bool {
	return r != nil && r.filter != nil && r.entryPoint != ep.Name
}

// checkRedirect turns the redirect into a filter, or says why the frontend is lost.
func (f *frontend) checkRedirect(t *translator) []finding {
	r := f.redirect
	if r == nil {
		return nil
	}
	name := "redirect-regex"
	if r.appRoot {
		name = "app-root"
	}
	if r.entryPoint != "" {
		return r.toEntryPoint(t, f)
	}
	regex, err := tomlString(r.regex)
	if err != nil {
		return []finding{f.first.of(name, brokenTOML("", "the redirect", err))}
	}
	replacement, err := tomlString(r.replacement)
	if err != nil {
		return []finding{f.first.of(name, brokenTOML("", "the redirect", err))}
	}
	if _, err := regexp.Compile(regex); err != nil {
		return []finding{f.first.of(name, dropped("", "the pattern of the redirect, "+strconv.Quote(regex)+", does not compile"))}
	}
	if strings.Contains(replacement, "{{") {
		return []finding{f.first.of("redirect-replacement", blocked(diag.ERedirectTemplate, "", "the replacement is a template, which the target does not run"))}
	}
	r.filter = &ir.RedirectRegex{Regex: regex, Replacement: replacement, Permanent: r.permanent}
	if r.appRoot {
		f.checkAppRoot()
	}
	return nil
}

func (r *redirect) toEntryPoint(t *translator, f *frontend) []finding {
	entryPoint, err := tomlString(r.entryPoint)
	if err != nil {
		return []finding{f.first.of("redirect-entry-point", brokenTOML("", "the entry point", err))}
	}
	r.entryPoint = entryPoint
	ep, ok := t.facts.entryPoint(entryPoint)
	switch {
	case !ok && !t.facts.EntryPointsKnown:
		return []finding{f.first.of("redirect-entry-point", blocked(diag.EEntryPoint, "", "it is not known where entry point "+strconv.Quote(entryPoint)+" is"))}
	case !ok && slices.ContainsFunc(f.entryPoints, func(ep EntryPoint) bool { return ep.Name != entryPoint }):
		return []finding{f.first.of("redirect-entry-point", dropped("", "entry point "+strconv.Quote(entryPoint)+" does not exist in Traefik 1.7"))}
	}
	scheme := "http"
	if ep.TLS {
		scheme = "https"
	}
	r.filter = &ir.RedirectRegex{
		Regex:       anyURL,
		Replacement: scheme + "://${1}:" + strconv.Itoa(ep.Port) + "${2}",
		Permanent:   r.permanent,
	}
	return nil
}

// checkAppRoot takes away an app-root that never fires. Its pattern is the key of
// the frontend, matched against the URL after the modifiers.
func (f *frontend) checkAppRoot() {
	path := f.matcher.path()
	rewritten := path.addPrefix != "" || path.rewritesRoot() || path.replacePath != ""
	prefixed := f.config.priority > 0 || len(f.config.entryPoints) > 0
	switch {
	case f.places[0].rule < 0:
		f.redirect.filter = nil // reported with the default backend
	case prefixed:
		f.redirect.filter = nil
		f.first.sayOf(diag.WAppRootDead, "app-root", "app-root never fires together with priority or frontend-entry-points in Traefik 1.7, so no redirect is emitted")
	case rewritten && len(f.matcher.match.Hosts) > 0 && path.replacePath != "/" && !path.keepsRoot():
		f.redirect.filter = nil
		f.first.sayOf(diag.WAppRootDead, "app-root", "app-root never fires together with a rewritten path in Traefik 1.7, so no redirect is emitted")
	case rewritten || len(path.strip) > 0:
		f.first.sayOf(diag.WAppRootLoop, "app-root", f.redirect.loops()+"; the output redirects to the app root")
	case strings.TrimSuffix(f.redirect.filter.Regex, "$") == f.redirect.filter.Replacement:
		f.redirect.filter = nil // a redirect to the same URL is none
		f.first.sayOf(diag.WAppRootDead, "app-root", "app-root is where it would redirect from, so there is no redirect")
	}
}

// loops says where Traefik 1.7 redirects / to when it puts the path back.
func (r *redirect) loops() string {
	if strings.Contains(r.filter.Replacement, "?") {
		return "Traefik 1.7 redirects / to itself, with the query of the app root"
	}
	return "Traefik 1.7 redirects / to itself for ever"
}

// withRedirect gives a route its filters. Where a redirect depends on
// X-Forwarded-Proto in Traefik 1.7 (but not in the target), it becomes two routes
// that divide the requests by that header.
func (f *frontend) withRedirect(t *translator, route ir.Route, g group, modifiers []ir.Filter) []ir.Route {
	redirect := []ir.Filter{*f.redirect.filter}
	route.Filters = f.chain(t, g, redirect, modifiers)
	if f.redirect.appRoot {
		return f.appRootRoutes(t, route, g, modifiers)
	}
	if f.redirect.entryPoint != "" {
		if len(modifiers) > 0 {
			f.first.sayOf(diag.WRewriteEncoded, "redirect-entry-point", "beside a modifier Traefik 1.7 puts the decoded path into Location, the target the path as it was sent")
		}
		return []ir.Route{route}
	}
	if len(modifiers) > 0 {
		f.first.sayOf(diag.WRedirectModifier, "redirect-regex", "Traefik 1.7 matches the pattern against the rewritten URL and keeps the original path in Location; the output uses the URL of the request and the whole replacement")
	}
	if g.tls {
		return []ir.Route{route}
	}
	switch forwardedProto(*f.redirect.filter, f.matcher.match.conjunction()) {
	case protoSame:
		return []ir.Route{route}
	case protoDiffers:
		f.first.sayOf(diag.WRedirectXFP, "redirect-regex", "behind a TLS-terminating load balancer Traefik 1.7 sees https:// here (X-Forwarded-Proto), the target http://")
		return []ir.Route{route}
	}
	f.first.sayOf(diag.WRedirectXFP, "redirect-regex", "requests with X-Forwarded-Proto: https have a route of their own without the redirect, as in Traefik 1.7; the target's entry point must trust that header")
	return divideByProto(route, f.chain(t, g, nil, modifiers))
}

// divideByProto gives requests with X-Forwarded-Proto: https filters of their own.
func divideByProto(route ir.Route, forwarded []ir.Filter) []ir.Route {
	twin := route
	twin.Filters = forwarded
	route.Match.Headers = []ir.HeaderMatch{{Name: "X-Forwarded-Proto", Value: "https", Not: true}}
	twin.Match.Headers = []ir.HeaderMatch{{Name: "X-Forwarded-Proto", Value: "https"}}
	return []ir.Route{route, twin}
}

// appRootRoutes keep the scheme of Location: behind a load balancer that
// terminates TLS, Traefik 1.7 redirects to https://…, the target to http://….
func (f *frontend) appRootRoutes(t *translator, route ir.Route, g group, modifiers []ir.Filter) []ir.Route {
	r := *f.redirect.filter
	if g.tls {
		return []ir.Route{route}
	}
	if strings.ContainsAny(r.Replacement, "$") {
		f.first.sayOf(diag.WRedirectXFP, "app-root", "behind a TLS-terminating load balancer Traefik 1.7 redirects to https:// here (X-Forwarded-Proto), the target to http://")
		return []ir.Route{route}
	}
	r.Regex, r.Replacement = "^http://(.*)"+r.Regex, "https://${1}"+r.Replacement
	return divideByProto(route, f.chain(t, g, []ir.Filter{r}, modifiers))
}
