package traefikv1

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestFrontendKey(t *testing.T) {
	tests := map[string]struct {
		host, path, service string
		entryPoints         []string
		priority            int
	}{
		"h/foo":              {host: "h", path: "/foo", service: "a"},
		"a":                  {service: "a"},
		"/foo":               {path: "/foo", service: "a"},
		"http-https_h/":      {host: "h", path: "/", entryPoints: []string{"http", "https"}},
		"50-h/":              {host: "h", path: "/", priority: 50},
		"50-http_a":          {service: "a", entryPoints: []string{"http"}, priority: 50},
		"h2/":                {host: "h2", path: "/", priority: -1},
		"*.example.com/path": {host: "*.example.com", path: "/path"},
	}
	for want, tc := range tests {
		if got := frontendKey(tc.host, tc.path, tc.service, tc.entryPoints, tc.priority); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The lengths of rule texts are priorities; the figures are those of the
// measured cases of Traefik 1.7.34.
func TestRuleTexts(t *testing.T) {
	tests := map[string]struct {
		host, path  string
		annotations map[string]string
		want        []string
		priority    int
		problem     diag.Code
	}{
		"default":           {host: "host.test", path: "/foo/bar", want: []string{"Host:host.test", "PathPrefix:/foo/bar"}, priority: 14 + 19},
		"strip is longer":   {host: "host.test", path: "/foo", annotations: map[string]string{"rule-type": "PathPrefixStrip"}, want: []string{"Host:host.test", "PathPrefixStrip:/foo"}, priority: 14 + 20},
		"path":              {path: "/foo", annotations: map[string]string{"rule-type": "Path"}, want: []string{"Path:/foo"}, priority: 9},
		"path strip":        {path: "/foo", annotations: map[string]string{"rule-type": "PathStrip"}, want: []string{"PathStrip:/foo"}, priority: 14},
		"replace":           {path: "/foo", annotations: map[string]string{"rule-type": "ReplacePath"}, want: []string{"ReplacePath:/foo"}, priority: 16},
		"wildcard":          {host: "*.wild.test", path: "/", want: []string{"HostRegexp:{subdomain:[A-Za-z0-9-_]+}.wild.test", "PathPrefix:/"}, priority: 11 + 36 + 12},
		"no path":           {host: "h", annotations: map[string]string{"rule-type": "PathRegex"}, want: []string{"Host:h"}, priority: 6},
		"rewrite":           {path: "/foo", annotations: map[string]string{"rewrite-target": "/bar/"}, want: []string{"PathPrefix:/foo;ReplacePathRegex: ^/foo(.*) /bar$1"}, priority: 50},
		"rewrite of /":      {path: "/", annotations: map[string]string{"rewrite-target": "/r"}, want: []string{"PathPrefix:/;ReplacePathRegex: ^(.*) /r$1"}, priority: 41},
		"modifier":          {path: "/x", annotations: map[string]string{"request-modifier": "ReplacePath: /a:b"}, want: []string{"PathPrefix:/x;ReplacePath:/a"}, priority: 28},
		"escapes":           {path: `/a\\.b`, want: []string{`PathPrefix:/a\\.b`}, priority: 16},
		"unknown type":      {path: "/x", annotations: map[string]string{"rule-type": "PathRegex"}, problem: diag.WUnknownRule},
		"blank type":        {path: "/x", annotations: map[string]string{"rule-type": " PathPrefixStrip "}, problem: diag.WUnknownRule},
		"strip modifier":    {path: "/x", annotations: map[string]string{"request-modifier": "StripPrefix: /x"}, problem: diag.WUnknownRule},
		"only colons":       {path: "/x", annotations: map[string]string{"request-modifier": " : : "}, problem: diag.WUnknownRule},
		"replace, rewrite":  {path: "/x", annotations: map[string]string{"rule-type": "ReplacePath", "rewrite-target": "/y"}, problem: diag.WDrop},
		"replace, modifier": {path: "/x", annotations: map[string]string{"rule-type": "ReplacePath", "request-modifier": "AddPrefix:/p"}, problem: diag.WUnknownRule},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			annotations := map[string]string{}
			for k, v := range tc.annotations {
				annotations[traefikPrefix+k] = v
			}
			s := &source{ann: newAnnotations(annotations)}
			rule, problem := pathRule(s, tc.path)
			if problem != nil {
				if problem.code != tc.problem {
					t.Errorf("problem %+v, want %q", problem, tc.problem)
				}
				return
			}
			var got []string
			if tc.host != "" {
				got = append(got, hostRule(tc.host))
			}
			if rule != "" {
				got = append(got, rule)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || tc.problem != "" {
				t.Errorf("want problem %q, -want +got\n%s", tc.problem, diff)
			}
			priority := 0
			for _, text := range got {
				unescaped, err := tomlString(text)
				if err != nil {
					t.Fatal(err)
				}
				priority += len(unescaped)
			}
			if priority != tc.priority {
				t.Errorf("priority %d, want %d", priority, tc.priority)
			}
		})
	}
}

func TestMatcher(t *testing.T) {
	prefix := func(values ...string) (paths []ir.Path) {
		for _, v := range values {
			paths = append(paths, ir.Path{Kind: ir.PathPrefix, Value: v})
		}
		return paths
	}
	tests := map[string]struct {
		rules []string
		match ir.Match
		strip []string
		other [3]string // addPrefix, replaceRegex, replacePath
		codes []diag.Code
	}{
		"host and prefix":                {rules: []string{"Host:H.test", "PathPrefix:/Foo"}, match: ir.Match{Hosts: []ir.Host{{Value: "h.test"}}, Paths: prefix("/Foo")}},
		"comma":                          {rules: []string{"PathPrefix:/a,/b"}, match: ir.Match{Paths: prefix("/a", "/b")}},
		"blank between commas takes all": {rules: []string{"PathPrefix:/a, "}, match: ir.Match{Paths: prefix("/a", "/")}},
		"colons collapse":                {rules: []string{"PathPrefix:/a::b:"}, match: ir.Match{Paths: prefix("/a:b")}},
		"wildcard":                       {rules: []string{hostRule("*.x.y")}, match: ir.Match{Hosts: []ir.Host{{Kind: ir.HostWildcard, Value: "*.x.y"}}}},
		"star inside":                    {rules: []string{hostRule("a*.x.y")}, match: ir.Match{Hosts: []ir.Host{{Kind: ir.HostRegexp, Value: `^a(?:[a-za-z0-9-_]+)\.x\.y$`}}}},
		"two stars":                      {rules: []string{hostRule("*.*.y")}, codes: []diag.Code{diag.WDrop}},
		"template":                       {rules: []string{"PathPrefix:/id/{id:[0-9]+}/x"}, match: ir.Match{Paths: []ir.Path{{Kind: ir.PathPrefixTemplate, Value: "/id/{id:[0-9]+}/x"}}}},
		"exact template":                 {rules: []string{"Path:/id/{id}"}, match: ir.Match{Paths: []ir.Path{{Kind: ir.PathExactTemplate, Value: "/id/{id}"}}}},
		"unbalanced":                     {rules: []string{"PathPrefix:/id/{x"}, codes: []diag.Code{diag.WDrop}},
		"bad pattern":                    {rules: []string{"PathPrefix:/id/{x:(}"}, codes: []diag.Code{diag.WDrop}},
		"no slash":                       {rules: []string{"PathPrefix:foo"}, codes: []diag.Code{diag.WDrop}},
		"one of two":                     {rules: []string{"PathPrefix:foo,/bar"}, match: ir.Match{Paths: prefix("/bar")}},
		"strip":                          {rules: []string{"PathPrefixStrip:/a,/abc"}, match: ir.Match{Paths: prefix("/a", "/abc")}, strip: []string{"/abc", "/a"}},
		"strip template":                 {rules: []string{"PathPrefixStrip:/id/{id}"}, match: ir.Match{Paths: []ir.Path{{Kind: ir.PathPrefixTemplate, Value: "/id/{id}"}}}, strip: []string{"/id/{id}"}, codes: []diag.Code{diag.WStripTemplate}},
		"modifiers":                      {rules: []string{"PathPrefix:/x;ReplacePathRegex: ^/x(.*) /y$1;AddPrefix:/p"}, match: ir.Match{Paths: prefix("/x")}, other: [3]string{"/p", "^/x(.*) /y$1", ""}},
		"last modifier":                  {rules: []string{"PathPrefix:/x;ReplacePathRegex: ^/x(.*) /y$1;ReplacePathRegex:^/z /q,/r"}, match: ir.Match{Paths: prefix("/x")}, other: [3]string{"", "/r", ""}},
		"replace path":                   {rules: []string{"Host:h", "ReplacePath:/x"}, match: ir.Match{Hosts: []ir.Host{{Value: "h"}}}, other: [3]string{"", "", "/x"}},
		"unknown function":               {rules: []string{"PathPrefix:/x;Foo:/y"}, codes: []diag.Code{diag.WDrop}},
		"second host":                    {rules: []string{"Host:h", "PathPrefix:/x;Host:victim"}, match: ir.Match{Hosts: []ir.Host{{Value: "h"}, {Value: "victim"}}, Paths: prefix("/x")}, codes: []diag.Code{diag.ERuleTarget}},
		"method":                         {rules: []string{"PathPrefix:/x;Method:GET"}, match: ir.Match{Paths: prefix("/x")}, codes: []diag.Code{diag.ERuleTarget}},
		"no argument":                    {rules: []string{"PathPrefix:,"}, codes: []diag.Code{diag.WDrop}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m, problems := newMatcher(tc.rules, &parts{})
			var codes []diag.Code
			for _, p := range problems {
				codes = append(codes, p.code)
			}
			if diff := cmp.Diff(tc.codes, codes); diff != "" {
				t.Errorf("codes: -want +got\n%s", diff)
			}
			path := m.path()
			got := [3]string{path.addPrefix, path.replaceRegex, path.replacePath}
			if diff := cmp.Diff(tc.match, m.match.conjunction()); diff != "" {
				t.Errorf("match: -want +got\n%s", diff)
			}
			if diff := cmp.Diff(tc.strip, path.strip); diff != "" || got != tc.other {
				t.Errorf("modifiers %q, want %q; strip: -want +got\n%s", got, tc.other, diff)
			}
		})
	}
}

func TestSlashRedirect(t *testing.T) {
	tests := map[string]struct{ from, location string }{
		"/foo":       {"/foo/", "/foo"},
		"/foo/":      {"/foo", "/foo/"},
		"/x":         {"/x/", "/x"},
		"/a.b/c":     {"/a.b/c/", "/a.b/c"},
		"/id/{id}":   {"/id/{id}/", "/id/{id}"},
		"/with $1 b": {"/with $1 b/", "/with $1 b"},
		"/é/":        {"/é", "/é/"},
		"//evil":     {"//evil/", ""},
		"//evil/":    {"//evil", ""},
	}
	for path, want := range tests {
		from, r := slashRedirect(ir.Path{Kind: ir.PathExact, Value: path})
		if from.Value != want.from || !r.Permanent {
			t.Errorf("%s: %+v %+v", path, from, r)
		}
		re := regexp.MustCompile(r.Regex)
		for _, query := range []string{"", "?a=b", "?a=/b/?c/"} {
			url := "https://h.test:8443" + from.Value + query
			got := ""
			if re.MatchString(url) {
				got = re.ReplaceAllString(url, r.Replacement)
			}
			location := want.location
			if location != "" {
				location += query
			}
			if got != location {
				t.Errorf("%s is redirected to %q, want %q", url, got, location)
			}
		}
	}
}

func TestPredicates(t *testing.T) {
	breaker := map[string]bool{
		"NetworkErrorRatio() > 0.5": true, "NetworkErrorRatio() > 1": false, "bogus(": false, "bogus()": false, "": false,
		"ResponseCodeRatio(500, 600, 0, 600) > 0.25 || LatencyAtQuantileMS(50.0) > 100": true,
		"(NetworkErrorRatio() >= 0.5) && NetworkErrorRatio() != 0.7":                    true,
		"!(NetworkErrorRatio() > 0.5)":                                                  false, "NetworkErrorRatio()": false, "0.5 < NetworkErrorRatio()": false,
		"LatencyAtQuantileMS(50) > 100": false, "ResponseCodeRatio(500) > 0.1": false, "x.NetworkErrorRatio() > 0.5": false,
	}
	for expression, want := range breaker {
		if got := validBreaker(expression); got != want {
			t.Errorf("breaker %q: %v", expression, got)
		}
	}
	retry := map[string]bool{
		"IsNetworkError() && Attempts() <= 2": true, "Bogus()": false, `RequestMethod() == "GET"`: true,
		`RequestMethod() > "GET"`: false, "ResponseCode() == 502": true, "Attempts()": false, "IsNetworkError()": true,
	}
	for expression, want := range retry {
		if got := validRetry(expression); got != want {
			t.Errorf("retry %q: %v", expression, got)
		}
	}
}

func TestCookieName(t *testing.T) {
	for _, tc := range []struct{ name, key, want string }{
		{"", "st.test/", "_a6fc0"},
		{"my cookie;é", "x", "my_cookie__"},
		{"ok-1.2~", "x", "ok-1.2~"},
	} {
		if got := cookieName(tc.name, tc.key); got != tc.want {
			t.Errorf("cookieName(%q, %q) = %q, want %q", tc.name, tc.key, got, tc.want)
		}
	}
}
