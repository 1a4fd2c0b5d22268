package emitnginx_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// request is one request.
type request struct {
	tls               bool
	host, path, query string
	client            string
	password          bool
}

func (r request) url() string {
	scheme := "http"
	if r.tls {
		scheme = "https"
	}
	return scheme + "://" + r.host + r.path + r.query
}

// traefik answers as routes say, and says which one did; nil: none.
func traefik(routes []ir.Route, r request) (string, *ir.Route) {
	sorted := slices.Clone(routes)
	slices.SortStableFunc(sorted, func(a, b ir.Route) int { return cmp.Compare(b.Priority, a.Priority) })
	for i := range sorted {
		if route := &sorted[i]; (route.TLS != nil) == r.tls && takes(route.Match, r) {
			return handle(route, r), route
		}
	}
	return "status 404", nil
}

func takes(m ir.Match, r request) bool {
	host := len(m.Hosts) == 0 || slices.ContainsFunc(m.Hosts, func(h ir.Host) bool {
		label, parent, _ := strings.Cut(r.host, ".")
		return h.Kind == ir.HostExact && h.Value == r.host ||
			h.Kind == ir.HostWildcard && h.Value == "*."+parent && oneLabel.MatchString(label)
	})
	return host && (len(m.Paths) == 0 || slices.ContainsFunc(m.Paths, func(p ir.Path) bool { return takesPath(p, r.path) }))
}

func takesPath(p ir.Path, path string) bool {
	switch p.Kind {
	case ir.PathExact:
		return path == p.Value
	case ir.PathPrefix:
		return strings.HasPrefix(path, p.Value)
	case ir.PathSegmentPrefix:
		value := strings.TrimSuffix(p.Value, "/")
		return path == value || strings.HasPrefix(path, value+"/")
	case ir.PathRegexp:
		return regexp.MustCompile(p.Value).MatchString(path)
	}
	expression, _, _ := ir.TemplateExpression(p.Value)
	if p.Kind == ir.PathExactTemplate {
		expression += "$"
	}
	return regexp.MustCompile("^" + expression).MatchString(path)
}

// handle runs the filters of a route.
func handle(route *ir.Route, r request) string {
	path := r.path
	for _, f := range route.Filters {
		switch f := f.(type) {
		case ir.IPAllowList:
			if !inRanges(r.client, strings.Join(f.SourceRange, ",")) {
				return "status 403"
			}
		case ir.BasicAuth:
			if !r.password {
				return "status 401"
			}
		case ir.RedirectScheme:
			if !r.tls {
				return "redirect https://" + r.host + r.path + r.query
			}
		case ir.RedirectRegex:
			re := regexp.MustCompile(f.Regex)
			if to := re.ReplaceAllString(r.url(), f.Replacement); re.MatchString(r.url()) && to != r.url() {
				return "redirect " + to
			}
		case ir.StripPrefix:
			for _, p := range f.Prefixes {
				if rest, ok := strings.CutPrefix(path, p); ok {
					path = "/" + strings.TrimPrefix(rest, "/")
					break
				}
			}
		case ir.AddPrefix:
			path = "/" + strings.TrimPrefix(f.Prefix+path, "/")
		case ir.ReplacePath:
			path = f.Path
		case ir.ReplacePathRegex:
			path = regexp.MustCompile(f.Regex).ReplaceAllString(path, f.Replacement)
			path = "/" + strings.TrimPrefix(path, "/")
		}
	}
	to := map[string]int{}
	for _, s := range route.Backend.Services {
		weight := 1
		if s.Weight != nil {
			weight = *s.Weight
		}
		to[fmt.Sprintf("%s/%s:%d%s", route.Owner.Namespace, s.Name, s.PortNumber, s.PortName)] += weight
	}
	return "serve " + shares(to) + " " + path + r.query
}

// shares writes weights in thousandths of the whole.
func shares(weights map[string]int) string {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		if w := weights[name]; w > 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", name, w*1000/sum))
		}
	}
	if len(parts) == 1 {
		return strings.TrimSuffix(parts[0], "=1000")
	}
	return strings.Join(parts, "+")
}
