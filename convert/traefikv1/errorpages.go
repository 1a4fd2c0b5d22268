package traefikv1

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

var errEmptyEntry = errors.New("an entry is empty")

// errorPageYAML has the keys that Traefik 1.7 reads: field names in lower case.
type errorPageYAML struct {
	Status  []string
	Backend string
	Query   string
}

// errorPage is one page: Backend is the key of a frontend, not a Service.
type errorPage struct {
	name    string
	status  []string
	backend string
	query   string
}

// resolvedPage is a page whose backend was found.
type resolvedPage struct {
	page   errorPage
	target *frontend
}

// readErrorPages reads the pages, in the order of their names (Traefik 1.7 has no order).
func readErrorPages(s *source, c *settings) {
	raw := s.ann.str("error-pages", "")
	if raw == "" {
		return
	}
	pages, err := parseErrorPages(raw)
	if err != nil {
		s.sayOf(diag.IAnnIgnored, "error-pages", "not the YAML that Traefik 1.7 expects, so there are no error pages")
		return
	}
	for _, label := range sortedKeys(pages) {
		c.unescape(s, "error-pages", label)
		y := pages[label]
		if y == nil {
			c.problems = append(c.problems, s.of("error-pages", brokenTOML("", "page "+label, errEmptyEntry)))
			return
		}
		page := errorPage{
			name: label, status: c.unescapeAll(s, "error-pages", y.Status),
			backend: c.unescape(s, "error-pages", y.Backend), query: c.unescape(s, "error-pages", y.Query),
		}
		c.errorPages = append(c.errorPages, page)
	}
}

func parseErrorPages(raw string) (map[string]*errorPageYAML, error) {
	pages := map[string]*errorPageYAML{}
	err := yaml.Unmarshal([]byte(raw), pages)
	return pages, err
}

// resolveErrorPages finds the backends of the pages of every frontend. A page
// without one is ignored by Traefik 1.7, one with a bad status drops the frontend
// (but not because of what another namespace does).
func (t *translator) resolveErrorPages() {
	if !slices.ContainsFunc(t.frontends, func(f *frontend) bool { return len(f.config.errorPages) > 0 }) {
		return
	}
	byKey := map[name]*frontend{}
	elsewhere := map[string]bool{}
	for _, f := range t.frontends {
		if key, err := tomlString(f.key); err == nil && !slices.ContainsFunc(f.problems, isXNS) {
			byKey[name{f.namespace, key}] = f
			elsewhere[key] = true
		}
	}
	target := func(f *frontend, page errorPage) *frontend { return byKey[name{f.namespace, page.backend}] }
	for key := range t.emptyBackends {
		elsewhere[key.name] = true
	}
	for _, f := range t.frontends {
		for _, page := range f.config.errorPages {
			if validStatus(page.status) {
				continue
			}
			other := target(f, page)
			if other != nil && other != f || other == nil && t.emptyBackends[name{f.namespace, page.backend}] {
				f.fail(f.first.of("error-pages", dropped("", "page "+page.name+" has a status that is not a number or a range")))
			}
		}
	}
	for _, f := range t.frontends {
		if !f.routed() && !f.needsGuard() {
			continue
		}
		for _, page := range f.config.errorPages {
			other := target(f, page)
			if other == nil && len(page.status) > 0 && t.emptyBackends[name{f.namespace, page.backend}] {
				f.first.sayNoPage(page)
				continue
			}
			if other == nil && elsewhere[page.backend] {
				said := "page " + page.name + " comes from a backend of another namespace and is left out"
				if !validStatus(page.status) {
					said += "; it has a status that is not a number or a range, for which Traefik 1.7 drops the route today"
				}
				f.first.sayOf(diag.EXNS, "error-pages", said)
				continue
			}
			f.resolveErrorPage(page, other)
		}
	}
}

// emptyBackend notes that a lost path leaves its backend behind, without a server:
// an error page that names it is not ignored.
func (t *translator) emptyBackend(namespace, key string) {
	text, err := tomlString(key)
	if err != nil {
		return // no page can name it
	}
	if t.emptyBackends == nil {
		t.emptyBackends = map[name]bool{}
	}
	t.emptyBackends[name{namespace, text}] = true
}

func (s *source) sayNoPage(page errorPage) {
	s.sayOf(diag.W503, "error-pages", "page "+page.name+" has a backend without servers: Traefik 1.7 answers a text of its own in place of the page, the target what the backend of the route said")
}

func isXNS(f finding) bool { return f.code == diag.EMergeXNS }

func (f *frontend) resolveErrorPage(page errorPage, target *frontend) {
	s := f.first
	ignored := func(why string) {
		s.sayOf(diag.IAnnIgnored, "error-pages", "page "+page.name+" "+why+", so Traefik 1.7 does not use it")
	}
	switch {
	case target == f:
		ignored("has the backend of the route itself")
		return
	case target == nil || target.backend == nil:
		ignored("has backend " + strconv.Quote(page.backend) + ", which is not a host and path of any Ingress")
		return
	case len(page.status) == 0:
		ignored("has no status")
		return
	case slices.ContainsFunc(target.problems, func(p finding) bool { return p.block }):
		ignored("has a backend without a route")
		return
	case !target.routed(), !target.backend.served(): // dropped, it has no server either
		s.sayNoPage(page)
		return
	}
	if page.query != "" {
		page.query = "/" + strings.TrimPrefix(page.query, "/")
	}
	if strings.Contains(page.query, "{url}") {
		s.sayOf(diag.WErrPageChain, "error-pages", "page "+page.name+": {url} is literal in Traefik 1.7 and a placeholder in the target")
	}
	if target.stateful() || target.backend.buffering != nil {
		s.sayOf(diag.WErrPageChain, "error-pages", "page "+page.name+": limits, buffering and circuit breaker of its backend do not hold for the page in the target")
	}
	if target.backend.sticky != nil && len(target.backend.serving()) > 1 {
		s.sayOf(diag.WErrPageChain, "error-pages", "page "+page.name+": of the two cookies of several Services, Traefik 3 sends one with the page")
	}
	if target.config.responseHeaders != nil {
		s.sayOf(diag.WErrPageChain, "error-pages", "page "+page.name+": the response headers of its backend's Ingress are on the page in Traefik 1.7 and not in the target")
	}
	s.sayOf(diag.IErrPageHost, "error-pages", "the error page's backend sees the Host of the request, not 0.0.0.0 as from Traefik 1.7")
	f.errorPages = append(f.errorPages, resolvedPage{page, target})
	for _, ep := range f.entryPoints {
		if !slices.Contains(target.entryPoints, ep) {
			ignored("has a backend that does not serve entry point " + ep.Name)
		}
	}
}

// validStatus tells whether Traefik 1.7 can read all codes and ranges.
func validStatus(status []string) bool {
	for _, text := range status {
		for i, code := range strings.Split(text, "-") {
			if _, err := strconv.Atoi(code); err != nil && i < 2 {
				return false
			}
		}
	}
	return true
}

// statusRange writes a range as the target reads it.
func statusRange(text string) string {
	parts := strings.SplitN(text, "-", 3)
	return strings.Join(parts[:min(len(parts), 2)], "-")
}

// pagesOn are the pages that work on an entry point: those whose backend is wired there.
func (f *frontend) pagesOn(ep EntryPoint) []resolvedPage {
	var pages []resolvedPage
	for _, p := range f.errorPages {
		if slices.Contains(p.target.entryPoints, ep) {
			pages = append(pages, p)
		}
	}
	return pages
}

// filter writes a page as a filter.
func (p resolvedPage) filter(t *translator) ir.ErrorPages {
	out := ir.ErrorPages{Query: p.page.query, Service: p.target.backend.serve(t, p.target)}
	for _, status := range p.page.status {
		out.Status = append(out.Status, statusRange(status))
	}
	return out
}
