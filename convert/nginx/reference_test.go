package nginx_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	clusters "github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/nginx"
)

// answer is what a request over TLS meets.
type answer struct {
	service   string // namespace/name; empty: none
	protected bool
}

// block is one location block as the controller writes it for nginx.
type block struct {
	modifier, argument string // "=", "" or "~*"
	answer             answer
	original           string
}

// render writes the location blocks of every server, in the order of the file.
func render(in ir.Input) map[string][]block {
	ordered := slices.Clone(in.Ingresses)
	slices.SortStableFunc(ordered, func(a, b ir.Ingress) int {
		at, bt := a.CreationTimestamp.Time, b.CreationTimestamp.Time
		if at.IsZero() != bt.IsZero() {
			if at.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(at.Compare(bt), -strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name))
	})
	type location struct {
		path     string
		exact    bool
		regex    bool
		implicit bool
		to       answer
	}
	servers := map[string][]location{}
	for _, ing := range ordered {
		annotation := func(name string) string { return ing.Annotations["nginx.ingress.kubernetes.io/"+name] }
		for _, rule := range ing.Spec.Rules {
			if _, ok := servers[rule.Host]; !ok {
				// Location / of a host has the annotations of its oldest Ingress.
				target := annotation("rewrite-target")
				regex := rule.Host != "" && (annotation("use-regex") != "" || target != "" && target != "/")
				servers[rule.Host] = []location{{path: "/", implicit: true, regex: regex}}
			}
			if rule.HTTP == nil {
				continue
			}
		paths:
			for _, p := range rule.HTTP.Paths {
				l := location{path: cmp.Or(p.Path, "/"), exact: *p.PathType == networkingv1.PathTypeExact}
				l.to = answer{ing.Namespace + "/" + p.Backend.Service.Name, annotation("allowlist-source-range") != "" || annotation("auth-url") != ""}
				if strings.Contains(annotation("auth-url"), "$") {
					l.to = answer{} // cannot be converted, and must not be reachable in another way
				}
				l.regex = annotation("use-regex") != "" || annotation("rewrite-target") != "" && annotation("rewrite-target") != l.path
				for i, other := range servers[rule.Host] {
					if other.path == l.path && other.exact == l.exact {
						if other.implicit {
							servers[rule.Host][i] = l
						}
						continue paths
					}
				}
				servers[rule.Host] = append(servers[rule.Host], l)
			}
		}
	}
	out := map[string][]block{}
	for host, locations := range servers {
		regex := slices.ContainsFunc(locations, func(l location) bool { return l.regex })
		slices.SortStableFunc(locations, func(a, b location) int { return -strings.Compare(a.path, b.path) })
		slices.SortStableFunc(locations, func(a, b location) int { return len(b.path) - len(a.path) })
		blocks := []block{}
		add := func(l location, exact bool, path string) {
			b := block{argument: path, answer: l.to, original: l.path}
			switch {
			case regex:
				b.modifier, b.argument = "~*", "^"+path
			case exact:
				b.modifier = "="
			}
			blocks = append(blocks, b)
		}
		for _, l := range locations {
			if l.path == "/" || l.exact || l.regex {
				add(l, l.exact, l.path)
				continue
			}
			add(l, false, strings.TrimSuffix(l.path, "/")+"/")
			if !slices.ContainsFunc(locations, func(o location) bool { return o.exact && o.path == l.path }) {
				add(l, true, l.path)
			}
		}
		out[host] = blocks
	}
	return out
}

// nginxAnswers chooses the server and the location as nginx does.
func nginxAnswers(servers map[string][]block, host, path string) answer {
	blocks, ok := servers[host]
	if !ok {
		if label, rest, found := strings.Cut(host, "."); found && label != "" {
			blocks, ok = servers["*."+rest]
		}
	}
	if !ok {
		blocks = servers[""]
	}
	var best *block
	for i := range blocks {
		b := &blocks[i]
		if b.modifier != "~*" && b.argument == path+"/" && !slices.ContainsFunc(blocks, func(o block) bool { return o.modifier == "=" && o.argument == path }) {
			return answer{} // a redirect to the path with its slash
		}
		switch b.modifier {
		case "=":
			if b.argument == path {
				return b.answer
			}
		case "~*":
			if regexp.MustCompile("(?i)" + b.argument).MatchString(path) {
				return b.answer
			}
		default:
			if strings.HasPrefix(path, b.argument) && (best == nil || len(b.argument) > len(best.argument)) {
				best = b
			}
		}
	}
	if best == nil {
		return answer{}
	}
	return best.answer
}

// traefikAnswers takes the route of the greatest priority that matches.
func traefikAnswers(t *rapid.T, routes []ir.Route, host, path string) answer {
	var best *ir.Route
	for i := range routes {
		r := &routes[i]
		if r.TLS == nil || !matches(r.Match, host, path) {
			continue
		}
		if best != nil && best.Priority == r.Priority {
			t.Fatalf("two routes of priority %d match %s%s:\n%+v\n%+v", r.Priority, host, path, best.Match, r.Match)
		}
		if best == nil || r.Priority > best.Priority {
			best = r
		}
	}
	if best == nil || len(best.Backend.Services) == 0 {
		return answer{}
	}
	return answer{
		service: best.Owner.Namespace + "/" + best.Backend.Services[0].Name,
		protected: slices.ContainsFunc(best.Filters, func(f ir.Filter) bool {
			_, list := f.(ir.IPAllowList)
			_, auth := f.(ir.ForwardAuth)
			return list || auth
		}),
	}
}

func matches(m ir.Match, host, path string) bool {
	is := func(h ir.Host) bool {
		switch h.Kind {
		case ir.HostWildcard:
			_, rest, _ := strings.Cut(host, ".")
			return "*."+rest == h.Value
		case ir.HostRegexp:
			return regexp.MustCompile(h.Value).MatchString(host)
		}
		return h.Value == host
	}
	takes := func(p ir.Path) bool {
		switch p.Kind {
		case ir.PathExact:
			return path == p.Value
		case ir.PathPrefix:
			return strings.HasPrefix(path, p.Value)
		case ir.PathSegmentPrefix:
			return path == p.Value || strings.HasPrefix(path, p.Value+"/")
		}
		return regexp.MustCompile(p.Value).MatchString(path)
	}
	return (len(m.Hosts) == 0 || slices.ContainsFunc(m.Hosts, is)) && !slices.ContainsFunc(m.NotHosts, is) &&
		slices.ContainsFunc(m.Paths, takes) && len(m.Headers) == 0 && len(m.ClientIPs) == 0
}

// Every request goes to the Service to which nginx sends it, with the protection
// that it has there.
func TestRequestsGoWhereNginxSendsThem(t *testing.T) {
	o := clusters.Options{
		Annotations: []string{"allowlist-source-range", "auth-url", "rewrite-target", "use-regex"},
		Hosts:       []string{"", "a.w", "b.w", "*.w", "h.test"},
		Paths:       []string{"", "/", "/foo", "/foo/", "/foo/bar", "/Foo", "/f.o", "/a(/|$)(.*)", "/a|/b"},
	}
	rapid.Check(t, func(t *rapid.T) {
		in := o.Cluster(t)
		for _, ing := range in.Ingresses {
			ing.Spec.DefaultBackend = nil
			for key, value := range ing.Annotations {
				if key == "nginx.ingress.kubernetes.io/allowlist-source-range" && value != "10.0.0.0/8" ||
					key == "nginx.ingress.kubernetes.io/auth-url" && value == "auth" ||
					key == "nginx.ingress.kubernetes.io/rewrite-target" && value != "/r" && value != "/" {
					delete(ing.Annotations, key)
				}
			}
		}
		servers := render(in)
		out := nginx.Translate(in, nginx.Facts{})
		for _, host := range []string{"a.w", "b.w", "c.w", "x.c.w", "h.test", "other.test"} {
			for _, path := range []string{"/", "/foo", "/foo/", "/foo/bar", "/foo/bar/x", "/foobar", "/FOO", "/Foo/x", "/fxo", "/a", "/a/b", "/ab", "/z/b", "/none"} {
				want, got := nginxAnswers(servers, host, path), traefikAnswers(t, out.Routes, host, path)
				if want != got {
					t.Fatalf("%s%s: nginx answers with %+v, Traefik with %+v\nblocks: %+v", host, path, want, got, servers)
				}
			}
		}
	})
}
