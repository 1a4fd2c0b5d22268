package nginx

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestRegistryIsSorted(t *testing.T) {
	names := make([]string, 0, len(registry))
	for _, a := range registry {
		names = append(names, a.Name)
		if a.Note == "" || a.Family == "" {
			t.Errorf("%s has no note or family", a.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or a name twice: %q", names)
	}
	if !slices.IsSortedFunc(settingsRegistry[:], func(a, b setting) int { return strings.Compare(a.key, b.key) }) {
		t.Error("settings are not sorted")
	}
}

// A converted annotation that no family reads would be reported as having no effect.
func TestEveryConvertedAnnotationIsRead(t *testing.T) {
	values := map[string]string{
		"affinity": "cookie", "auth-tls-secret": "n/ca", "auth-type": "basic", "auth-secret": "s", "auth-url": "http://a.test/",
		"backend-protocol": "FCGI", "enable-cors": "true", "enable-modsecurity": "true", "limit-rps": "1", "limit-connections": "1",
		"mirror-target": "http://m.n.svc", "proxy-ssl-secret": "n/s", "permanent-redirect": "https://a.test/", "rewrite-target": "/x",
		"upstream-hash-by": "$request_uri", "custom-http-errors": "404", "proxy-next-upstream-tries": "2", "limit-burst-multiplier": "2", "limit-rpm": "1", "limit-allowlist": "10.0.0.1",
	}
	groups := [][]string{ // what excludes each other
		{"affinity", "affinity-canary-behavior", "affinity-mode", "session-cookie-change-on-failure", "session-cookie-conditional-samesite-none", "session-cookie-domain", "session-cookie-expires", "session-cookie-max-age", "session-cookie-name", "session-cookie-path", "session-cookie-samesite", "session-cookie-secure"},
		{"canary", "canary-by-cookie", "canary-by-header", "canary-by-header-value", "canary-weight", "canary-weight-total"},
		{"canary", "canary-by-header", "canary-by-header-pattern"},
		{"temporal-redirect", "temporal-redirect-code"},
		{"allowlist-source-range"}, {"limit-whitelist", "limit-rps"}, {"custom-http-errors", "default-backend"},
		{"load-balance"},
	}
	var rest []string
	for _, a := range registry {
		if a.Fate == Converted && !slices.ContainsFunc(groups, func(g []string) bool { return slices.Contains(g, a.Name) && a.Name != "limit-rps" }) {
			rest = append(rest, a.Name)
		}
	}
	for _, group := range append(groups, rest) {
		all := map[string]string{}
		for _, name := range group {
			all[name] = "1"
			if v, ok := values[name]; ok {
				all[name] = v
			}
		}
		if _, ok := all["canary"]; ok {
			all["canary"] = "true"
		}
		s := ingressSource(all)
		tr := newTranslator(ir.Input{}, Facts{EnableSSLPassthrough: true})
		tr.readSettings(s, &settings{})
		for _, name := range group {
			if !s.ann.read[name] && s.ann.inert[name] == "" {
				t.Errorf("%s is not read beside %q", name, group)
			}
		}
	}
}

func ingressSource(annotations map[string]string) *source {
	s := newSource(ir.Ingress{}, DefaultPrefix)
	s.Namespace = "n"
	s.Annotations = map[string]string{}
	for name, value := range annotations {
		s.Annotations[DefaultPrefix+"/"+name] = value
	}
	s.ann = newAnnotations(s.Annotations, DefaultPrefix)
	s.selected = true
	return s
}

func TestParseSize(t *testing.T) {
	type result struct {
		Bytes int64
		OK    bool
	}
	for value, want := range map[string]result{
		"0": {0, true}, "10": {10, true}, "1k": {1024, true}, "8m": {8 << 20, true}, "2G": {2 << 30, true},
		"": {}, "m": {}, "1.5m": {}, "-1": {}, "8mb": {}, "9223372036854775807g": {}, "99999999999999999999": {},
	} {
		bytes, ok := parseSize(value)
		if diff := cmp.Diff(want, result{bytes, ok}); diff != "" {
			t.Errorf("%q: %s", value, diff)
		}
	}
}

func TestDirectives(t *testing.T) {
	for text, want := range map[string][][]string{
		"":                                  nil,
		"a b;":                              {{"a", "b"}},
		"a \"b; c\" 'd\\'e';\n# x;\nf;":     {{"a", "b; c", "d'e"}, {"f"}},
		"if ($x) { return 403; } a b;":      {{"if", "($x)", "{", "return", "403", "}"}, {"a", "b"}},
		"location / { if (x) { a; } b; } c": {{"location", "/", "{", "if", "(x)", "{", "a", "}", "b", "}"}, {"c"}},
		"a":                                 {{"a"}},
		"}{":                                {{"}"}, {"{"}},
		"\"open":                            {{"open"}},
	} {
		if diff := cmp.Diff(want, directives(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestExpressions(t *testing.T) {
	for path, want := range map[string][]string{
		"/":             {"(?i)^/"},
		"/a|/b":         {"(?i)^/a", "(?i)^/(?:.*/)?b"},
		"/a|b":          {"(?i)^/a", "(?i)^/.*b"},
		"/a|^/b":        {"(?i)^/a", "(?i)^/b"},
		"/(a|b)|/[|]c":  {"(?i)^/(a|b)", "(?i)^/(?:.*/)?[|]c"},
		`/a\|b`:         {`(?i)^/a\|b`},
		`/a\\d`:         {`(?i)^/a\d`},
		`/[]|]x|/y`:     {`(?i)^/[]|]x`, `(?i)^/(?:.*/)?y`},
		`/[[:alpha:]|]`: {`(?i)^/[[:alpha:]|]`},
		`/\Qa|b\E|/c`:   {`(?i)^/\Qa|b\E`, `(?i)^/(?:.*/)?c`},
		"/(?!x)":        nil,
		"/a++":          nil,
		`/(a)\1`:        nil,
		"/(":            nil,
	} {
		got, err := expressions(path)
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != (want == nil) {
			t.Errorf("%q: %v %s", path, err, diff)
		}
	}
}

func TestSmallParsers(t *testing.T) {
	for name, tc := range map[string]struct{ got, want string }{
		"literal prefix":                     {literalPrefix("/admin(?!/x)"), "/admin"},
		"literal prefix before a star":       {literalPrefix("/adm*"), "/ad"},
		"literal prefix of all":              {literalPrefix("/a-b_c"), "/a-b_c"},
		"nothing literal":                    {literalPrefix("(a)"), ""},
		"nearest by one letter":              {nearest("rewrite-targets"), "rewrite-target"},
		"nearest of something else":          {nearest("no-such-thing-at-all"), ""},
		"counterpart":                        {counterpart("a.test"), "www.a.test"},
		"counterpart of www":                 {counterpart("www.a.test"), "a.test"},
		"no counterpart of a wildcard":       {counterpart("*.a.test"), ""},
		"no counterpart of any host":         {counterpart(""), ""},
		"anchored at both ends":              {anchored("^a.*z$"), "^a.*z$"},
		"anchored at none":                   {anchored("a"), "^.*(?:a).*$"},
		"anchored at the end":                {anchored("a$"), "^.*(?:a$).*$"},
		"anchored without case":              {anchored("*^a$"), "^a$"},
		"anchored with a caret of one side":  {anchored("^a|b"), "^.*(?:^a|b).*$"},
		"groups of a target":                 {replacement("/$1abc$20"), "/${1}abc${2}0"},
		"dollar signs of a literal":          {literal("/a$b"), "/a$$b"},
		"the whole match":                    {dropWholeMatch("/$0x"), "/x"},
		"lines are trimmed":                  {trimLines(" a \n  b"), "a\nb"},
		"known hosts":                        {hostList([]ir.Host{{Value: "a"}, {Value: "b"}}), "a, b"},
		"many known hosts":                   {hostList([]ir.Host{{Value: "a"}, {Value: "b"}, {Value: "c"}, {Value: "d"}}), "a, b, c and 1 more"},
		"an address that is no CIDR":         {first(canonicalRange("10.0.0.1")), "10.0.0.1"},
		"an address with bits after the net": {first(canonicalRange("10.1.2.3/8")), "10.0.0.0/8"},
		"not an address":                     {first(canonicalRange("10.0.0.0/33")), ""},
		"an address with a zone":             {first(canonicalRange("fe80::1%eth0")), ""},
		"a URL":                              {badURL("http://a.test/x"), ""},
		"a URL without scheme":               {badURL("a.test/x"), "the URL has no scheme"},
		"a URL without host":                 {badURL("http:///x"), "the URL has no host"},
		"a malformed URL":                    {badURL("http://a b/"), "not a URL"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", name, tc.got, tc.want)
		}
	}
}

func first(s string, _ bool) string { return s }

func TestMirrorService(t *testing.T) {
	for target, want := range map[string]ir.Service{
		"http://m.n.svc":                             {Name: "m", PortNumber: 80, Scheme: "http"},
		"https://m.n.svc.cluster.local:8443":         {Name: "m", PortNumber: 8443, Scheme: "https"},
		"http://m.n.svc.cluster.local$request_uri":   {Name: "m", PortNumber: 80, Scheme: "http"},
		"http://m.other.svc":                         {},
		"http://m.test":                              {},
		"http://m.n.svc/path":                        {},
		"http://m.n.svc:99999":                       {},
		"ftp://m.n.svc":                              {},
		"http://$host.n.svc":                         {},
		"http://m.n.svc\x7f":                         {},
		"http://m.n.svc.cluster.local/?a=1":          {},
		"http://.n.svc":                              {},
		"http://m.n.svc.cluster.local:80$request_ur": {},
	} {
		got, _ := mirrorService(target, "n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", target, diff)
		}
	}
}

func TestCORSOrigins(t *testing.T) {
	for origins, want := range map[string]*ir.CORS{
		"":                                {AllowOrigins: []string{"*"}},
		"https://a.test, *":               {AllowOrigins: []string{"*"}},
		"https://A.test:8443":             {AllowOrigins: []string{"https://a.test:8443"}},
		"https://*.a.test,http://b.test/": {AllowOriginRegexps: []string{`^https://[^.]+\.a\.test$`}},
		"https://*.a.test:99":             {AllowOriginRegexps: []string{`^https://[^.]+\.a\.test:99$`}},
		"a.test":                          nil,
		"https://a.*.test":                nil,
	} {
		s := ingressSource(map[string]string{"enable-cors": "true", "cors-allow-origin": origins})
		x := &settings{}
		newTranslator(ir.Input{}, Facts{}).readCORS(s, x)
		if x.cors != nil {
			x.cors = &ir.CORS{AllowOrigins: x.cors.AllowOrigins, AllowOriginRegexps: x.cors.AllowOriginRegexps}
		}
		if diff := cmp.Diff(want, x.cors); diff != "" {
			t.Errorf("%q: %s", origins, diff)
		}
	}
}

func TestSettings(t *testing.T) {
	got := map[string]diag.Code{}
	for _, d := range Settings(Facts{
		ConfigMapKnown: true,
		ConfigMap: map[string]string{
			"use-gzip": "true", "server-tokens": "true", "proxy-read-timeout": "60", "no-such-key": "x", "ssl-protocols": "TLSv1.2",
			"add-headers": "ingress-nginx/h", "hsts": "false",
		},
		HeaderMaps:            map[string]map[string]string{"ingress-nginx/h": {"X-A": "$request_id", "X-B": "1"}},
		DefaultBackendService: "a/b",
	}) {
		got[d.Field] = d.Code
	}
	want := map[string]diag.Code{
		"": diag.INginxDefaults,
		"entryPoints.*.http.encodeQuerySemicolons": diag.ISemicolon,
		"data[use-gzip]":            diag.WNginxSetting,
		"data[no-such-key]":         diag.IAnnIgnored,
		"data[ssl-protocols]":       diag.WNginxSetting,
		"data[add-headers]":         diag.WNginxSetting,
		"--default-backend-service": diag.WNginxSetting,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	unknown := Settings(Facts{})
	if len(unknown) != 3 || unknown[0].Code != diag.INginxConfigMap {
		t.Errorf("without the ConfigMap: %v", unknown)
	}
}

func TestReferencedHosts(t *testing.T) {
	s := ingressSource(map[string]string{"server-alias": "B.test, ~x", "from-to-www-redirect": "true"})
	s.Spec.Rules = append(s.Spec.Rules, ingressRule("a.test"))
	if diff := cmp.Diff([]string{"b.test", "www.a.test", "~x"}, ReferencedHosts(s.Ingress.Ingress)); diff != "" {
		t.Error(diff)
	}
	if got := ReferencedHosts(nil); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}
