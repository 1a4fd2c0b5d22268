package traefikingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// The texts are those that the provider of each version writes; their lengths
// are the priorities.
func TestRuleHasTheLengthOfTheSourceText(t *testing.T) {
	v2, v36old := language{source: newest2, v2: true}, language{source: release{3, 6, 10}}
	v36, v37 := language{source: release{3, 6, 12}}, language{source: newest3}
	strict := language{source: newest3, strict: true}
	for name, tc := range map[string]struct {
		lang                language
		host, matcher, path string
		text                string
	}{
		"host and prefix":     {v2, "a.test", pathPrefix, "/p", `Host("a.test") && PathPrefix("/p")`},
		"host":                {v37, "a.test", pathPrefix, "", `Host("a.test")`},
		"path":                {v37, "", pathExact, "/p", `Path("/p")`},
		"wildcard of 2":       {v2, "*.w.test", pathPrefix, "/p", `HostRegexp("{subdomain:[a-zA-Z0-9-]+}.w.test") && PathPrefix("/p")`},
		"wildcard before 3.7": {v36, "*.w.test", pathPrefix, "", `HostRegexp("^[a-zA-Z0-9-]+\\.w\\.test$")`},
		"before 3.6.11":       {v36old, "*.w.test", pathPrefix, "", "HostRegexp(`^[a-zA-Z0-9-]+\\.w\\.test$`)"},
		"wildcard of 3.7":     {v37, "*.w.test", pathPrefix, "/p", `Host("*.w.test") && PathPrefix("/p")`},
		"star inside":         {v37, "a.*.test", pathPrefix, "", `Host("a.*.test")`},
		"strict":              {strict, "a.test", pathPrefix, "/p/", `Host("a.test") && (Path("/p") || PathPrefix("/p/"))`},
		"strict root":         {strict, "a.test", pathPrefix, "/", `Host("a.test") && PathPrefix("/")`},
		"strict exact":        {strict, "a.test", pathExact, "/p/", `Host("a.test") && Path("/p/")`},
		"escapes":             {v2, "a.test", pathExact, "/a\"b\\`\u00e9\u200b", `Host("a.test") && Path("/a\"b\\` + "`\u00e9" + `\u200b")`},
		"raw":                 {v36old, "a.test", pathExact, `/a"b\`, "Host(`a.test`) && Path(`/a\"b\\`)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.lang.rule(tc.host, tc.matcher, tc.path); got.length != len(tc.text) || got.dead != "" || got.unsafe != "" {
				t.Errorf("length %d, want %d; %q %q", got.length, len(tc.text), got.dead, got.unsafe)
			}
		})
	}
}

func TestRuleMatch(t *testing.T) {
	v2, v37 := language{source: newest2, v2: true}, language{source: newest3}
	for name, tc := range map[string]struct {
		lang                language
		host, matcher, path string
		want                ir.Match
	}{
		"capitals":        {v2, "A.Test", pathExact, "/P", ir.Match{Hosts: []ir.Host{{Kind: ir.HostExact, Value: "a.test"}}, Paths: []ir.Path{{Kind: ir.PathExact, Value: "/P"}}}},
		"wildcard of 2":   {v2, "*.W.t", pathPrefix, "", ir.Match{Hosts: []ir.Host{{Kind: ir.HostRegexp, Value: `^[a-zA-Z0-9-]+\.w\.t$`}}}},
		"wildcard of 3.7": {v37, "*.W.t", pathPrefix, "", ir.Match{Hosts: []ir.Host{{Kind: ir.HostRegexp, Value: `^[^.]*\.w\.t\.?$`}}}},
		"template":        {v2, "", pathPrefix, "/{a}", ir.Match{Paths: []ir.Path{{Kind: ir.PathPrefixTemplate, Value: "/{a}"}}}},
		"exact template":  {v2, "", pathExact, "/{a}", ir.Match{Paths: []ir.Path{{Kind: ir.PathExactTemplate, Value: "/{a}"}}}},
		"plain braces":    {v37, "", pathExact, "/{a}", ir.Match{Paths: []ir.Path{{Kind: ir.PathExact, Value: "/{a}"}}}},
		"regexp":          {v37, "", pathRegexp, "x", ir.Match{Paths: []ir.Path{{Kind: ir.PathRegexp, Value: "x"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.lang.rule(tc.host, tc.matcher, tc.path).match); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTemplateProblem(t *testing.T) {
	for path, fine := range map[string]bool{
		"/{a}": true, "/{a:[0-9]{2}}": true, "/{a}/{a}": true, "/{a": false, "/a}": false, "/{}": false, "/{a:}": false, "/{:x}": false, "/{a:(}": false,
		"/{a:x)|(y}": false, // fine in the whole expression, but not by itself
	} {
		if got := templateProblem(path); (got == "") != fine {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestCookieName(t *testing.T) {
	if got := cookieName("t-svc-80@kubernetes"); got != "_24d2d" {
		t.Errorf("got %s", got)
	}
}
