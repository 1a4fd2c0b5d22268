package emit

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func host(value string) ir.Host { return ir.Host{Kind: ir.HostExact, Value: value} }

func path(kind ir.PathKind, value string) ir.Path { return ir.Path{Kind: kind, Value: value} }

func TestRuleText(t *testing.T) {
	for name, tc := range map[string]struct {
		match  ir.Match
		v2, v3 string
	}{
		"nothing": {ir.Match{}, "PathPrefix(`/`)", "PathPrefix(`/`)"},
		"host and prefix": {
			ir.Match{Hosts: []ir.Host{host("Shop.example.com")}, Paths: []ir.Path{path(ir.PathPrefix, "/cart")}},
			"Host(`shop.example.com`) && PathPrefix(`/cart`)",
			"Host(`shop.example.com`) && PathPrefix(`/cart`)",
		},
		"wildcard": {
			ir.Match{Hosts: []ir.Host{{Kind: ir.HostWildcard, Value: "*.x.y"}}},
			"HostRegexp(`{subdomain:[A-Za-z0-9-_]+}.x.y`)",
			"HostRegexp(`^[A-Za-z0-9-_]+\\.x\\.y$`)",
		},
		"alternatives": {
			ir.Match{
				Hosts: []ir.Host{host("a.b"), host("c.d")},
				Paths: []ir.Path{path(ir.PathPrefix, "/a"), path(ir.PathExact, "/b")},
			},
			"(Host(`a.b`) || Host(`c.d`)) && (PathPrefix(`/a`) || Path(`/b`))",
			"(Host(`a.b`) || Host(`c.d`)) && (PathPrefix(`/a`) || Path(`/b`))",
		},
		"segments": {
			ir.Match{Paths: []ir.Path{path(ir.PathSegmentPrefix, "/foo/")}},
			"(Path(`/foo`) || PathPrefix(`/foo/`))", "(Path(`/foo`) || PathPrefix(`/foo/`))",
		},
		"all segments": {ir.Match{Paths: []ir.Path{path(ir.PathSegmentPrefix, "/")}}, "PathPrefix(`/`)", "PathPrefix(`/`)"},
		"template": {
			ir.Match{Paths: []ir.Path{path(ir.PathPrefixTemplate, "/id/{id:[0-9]+}/{name}.x")}},
			"PathPrefix(`/id/{id:[0-9]+}/{name}.x`)",
			"PathRegexp(`^/id/(?:[0-9]+)/(?:[^/]+)\\.x`)",
		},
		"exact template": {
			ir.Match{Paths: []ir.Path{path(ir.PathExactTemplate, "/{id:[0-9]{2}}")}},
			"Path(`/{id:[0-9]{2}}`)", "PathRegexp(`^/(?:[0-9]{2})$`)",
		},
		"template without variable": {
			ir.Match{Paths: []ir.Path{path(ir.PathPrefixTemplate, "/id")}}, "PathPrefix(`/id`)", "PathPrefix(`/id`)",
		},
		"braces that are data": {
			ir.Match{Paths: []ir.Path{path(ir.PathPrefix, "/a{b}")}},
			`PathPrefix(` + "`/a{open:\\x7b}b{close:\\x7d}`)", "PathPrefix(`/a{b}`)",
		},
		"path expression": {
			ir.Match{Paths: []ir.Path{path(ir.PathRegexp, `^/a(b|cd)+$`)}},
			"Path(`/{expr:a(b|cd)+}`)", "PathRegexp(`^/a(b|cd)+$`)",
		},
		"path expression without end": {
			ir.Match{Paths: []ir.Path{path(ir.PathRegexp, `^/a\{2`)}},
			"PathPrefix(`/{expr:a\\x7b2}`)", "PathRegexp(`^/a\\{2`)",
		},
		"host expression": {
			ir.Match{Hosts: []ir.Host{{Kind: ir.HostRegexp, Value: `^[a-c]{2}\.x$`}}},
			"HostRegexp(`{expr:[a-c]{2}\\.x}`)", "HostRegexp(`^[a-c]{2}\\.x$`)",
		},
		"headers": {
			ir.Match{Headers: []ir.HeaderMatch{{Name: "X-A", Value: "b", Not: true}, {Name: "X-B", Value: "^c", Regexp: true}}},
			"!Headers(`X-A`, `b`) && HeadersRegexp(`X-B`, `^c`)",
			"!Header(`X-A`, `b`) && HeaderRegexp(`X-B`, `^c`)",
		},
		"back-ticks": {
			ir.Match{Hosts: []ir.Host{host("h")}, Paths: []ir.Path{path(ir.PathPrefix, "/`) || Host(`victim.example`) && PathPrefix(`/")}},
			"Host(`h`) && PathPrefix(\"/`) || Host(`victim.example`) && PathPrefix(`/\")",
			"Host(`h`) && PathPrefix(\"/`) || Host(`victim.example`) && PathPrefix(`/\")",
		},
		"control characters": {
			ir.Match{Paths: []ir.Path{path(ir.PathExact, "/a\r\n\"\u00e9")}},
			`Path("/a\r\n\"\u00e9")`, `Path("/a\r\n\"\u00e9")`,
		},
	} {
		for version, want := range map[Version]string{V2: tc.v2, V3: tc.v3} {
			got, problems, err := rule(tc.match, version)
			if err != nil || len(problems) > 0 {
				t.Errorf("%s, v%d: %v %v", name, version, problems, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, v%d: %s", name, version, diff)
			}
		}
	}
}

func TestRuleProblems(t *testing.T) {
	for name, tc := range map[string]struct {
		match    ir.Match
		versions []Version
		want     string
	}{
		"relative path":         {ir.Match{Paths: []ir.Path{path(ir.PathPrefix, "a")}}, []Version{V2, V3}, "does not begin with a slash"},
		"empty path":            {ir.Match{Paths: []ir.Path{path(ir.PathExact, "")}}, []Version{V2, V3}, "does not begin with a slash"},
		"empty host":            {ir.Match{Hosts: []ir.Host{host("")}}, []Version{V2, V3}, "empty host"},
		"host not ASCII":        {ir.Match{Hosts: []ir.Host{host("bücher.example")}}, []Version{V2, V3}, "punycode"},
		"unbalanced template":   {ir.Match{Paths: []ir.Path{path(ir.PathPrefixTemplate, "/id/{x")}}, []Version{V2, V3}, "unbalanced"},
		"closing brace":         {ir.Match{Paths: []ir.Path{path(ir.PathPrefixTemplate, "/id}/{x}")}}, []Version{V2, V3}, "unbalanced"},
		"template without name": {ir.Match{Paths: []ir.Path{path(ir.PathPrefixTemplate, "/{:a}")}}, []Version{V2, V3}, "without name"},
		"bad template pattern":  {ir.Match{Paths: []ir.Path{path(ir.PathPrefixTemplate, "/{a:[}")}}, []Version{V2, V3}, "missing closing"},
		"bad expression":        {ir.Match{Paths: []ir.Path{path(ir.PathRegexp, "^/[")}}, []Version{V2, V3}, "missing closing"},
		"expression without ^":  {ir.Match{Paths: []ir.Path{path(ir.PathRegexp, "foo")}}, []Version{V2}, "Traefik 2 knows no other"},
		"half anchored":         {ir.Match{Paths: []ir.Path{path(ir.PathRegexp, "^/a|b$")}}, []Version{V2}, "Traefik 2 knows no other"},
		"host expression open":  {ir.Match{Hosts: []ir.Host{{Kind: ir.HostRegexp, Value: "^a"}}}, []Version{V2}, "not anchored"},
		"unknown kind":          {ir.Match{Paths: []ir.Path{{Kind: 99, Value: "/"}}}, []Version{V2, V3}, "unknown kind"},
	} {
		for _, v := range tc.versions {
			got, _, err := rule(tc.match, v)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s, v%d: got %q, error %v; want an error with %q", name, v, got, err, tc.want)
			}
		}
	}
	m := ir.Match{Paths: []ir.Path{path(ir.PathPrefix, "a"), path(ir.PathPrefix, "/b")}}
	got, problems, err := rule(m, V2)
	if got != "PathPrefix(`/b`)" || len(problems) != 1 || err != nil {
		t.Errorf("one good alternative: got %q, %v, %v", got, problems, err)
	}
}

// A rule matches exactly the requests that its ir.Match describes, whatever is
// in hosts and paths: nobody reaches another host through a path.
func TestRuleMeansTheMatch(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"a", "b", "/", "/", "foo", "`", `"`, `\`, "(", ")", "{", "}", "{x}", "{x:[a-z]+}", " && ", " || ", "!", "Host(`victim.example`)",
		"\n", "\r", "\t", "\x00", "$1", "é", "\u2028", ".", "*", ",", ":", "^", "$", "|", "[", "]", "+", "%2f",
	})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 5).Draw(t, "pieces"), "") })
	rapid.Check(t, func(t *rapid.T) {
		m := ir.Match{}
		for range rapid.IntRange(0, 2).Draw(t, "hosts") {
			kind := rapid.SampledFrom([]ir.HostKind{ir.HostExact, ir.HostWildcard}).Draw(t, "host kind")
			value := text.Draw(t, "host")
			if kind == ir.HostWildcard {
				value = "*." + value
			}
			m.Hosts = append(m.Hosts, ir.Host{Kind: kind, Value: value})
		}
		for range rapid.IntRange(0, 2).Draw(t, "paths") {
			kind := rapid.SampledFrom([]ir.PathKind{
				ir.PathExact, ir.PathPrefix, ir.PathSegmentPrefix, ir.PathExactTemplate, ir.PathPrefixTemplate,
			}).Draw(t, "path kind")
			m.Paths = append(m.Paths, path(kind, "/"+text.Draw(t, "path")))
		}
		if rapid.Bool().Draw(t, "header") {
			m.Headers = []ir.HeaderMatch{{Name: "X-A", Value: "v" + text.Draw(t, "value"), Not: rapid.Bool().Draw(t, "not")}}
		}
		r := request{host: strings.ToLower(text.Draw(t, "request host")), path: "/" + text.Draw(t, "request path"), header: "X-A"}
		if len(m.Hosts) > 0 && rapid.Bool().Draw(t, "aim host") {
			r.host = strings.ToLower(strings.Replace(m.Hosts[0].Value, "*", "label", 1))
		}
		if len(m.Paths) > 0 && rapid.Bool().Draw(t, "aim path") {
			r.path = m.Paths[0].Value + rapid.SampledFrom([]string{"", "/", "x", "/x"}).Draw(t, "rest")
		}
		if len(m.Headers) > 0 && rapid.Bool().Draw(t, "aim header") {
			r.value = m.Headers[0].Value
		}
		for _, v := range []Version{V2, V3} {
			got, problems, err := rule(m, v)
			if err != nil || len(problems) > 0 {
				continue
			}
			matched, err := evaluate(got, v, r)
			if err != nil {
				t.Fatalf("v%d: rule %s: %v", v, got, err)
			}
			if want := meant(m, r); matched != want {
				t.Fatalf("v%d: rule %s\nmatches %+v: %v, want %v", v, got, r, matched, want)
			}
		}
	})
}

// meant says whether r is what m describes, without any rule language.
func meant(m ir.Match, r request) bool {
	hostOK, pathOK := len(m.Hosts) == 0, len(m.Paths) == 0
	for _, h := range m.Hosts {
		switch h.Kind {
		case ir.HostExact:
			hostOK = hostOK || strings.EqualFold(h.Value, r.host)
		case ir.HostWildcard:
			label, rest, found := strings.Cut(r.host, ".")
			hostOK = hostOK || found && strings.EqualFold("*."+rest, h.Value) && regexp.MustCompile(`^[A-Za-z0-9-_]+$`).MatchString(label)
		}
	}
	for _, p := range m.Paths {
		switch p.Kind {
		case ir.PathExact:
			pathOK = pathOK || r.path == p.Value
		case ir.PathPrefix:
			pathOK = pathOK || strings.HasPrefix(r.path, p.Value)
		case ir.PathSegmentPrefix:
			stem := strings.TrimRight(p.Value, "/")
			pathOK = pathOK || r.path == stem || strings.HasPrefix(r.path, stem+"/")
		case ir.PathExactTemplate:
			ok, err := evaluateMatcher("Path", []string{p.Value}, V2, r)
			pathOK = pathOK || err == nil && ok
		case ir.PathPrefixTemplate:
			ok, err := evaluateMatcher("PathPrefix", []string{p.Value}, V2, r)
			pathOK = pathOK || err == nil && ok
		}
	}
	for _, h := range m.Headers {
		if (strings.EqualFold(h.Name, r.header) && h.Value == r.value) == h.Not {
			return false
		}
	}
	return hostOK && pathOK
}
