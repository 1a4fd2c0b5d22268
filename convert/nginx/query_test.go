package nginx

import (
	"regexp"
	"testing"
)

func TestRedirectTo(t *testing.T) {
	for _, test := range []struct{ expression, url, want string }{
		{`/api(/|$)(.*)`, "http://h.test/api?a=1", "https://o.test/?a=1"},
		{`/api(/|$)(.*)`, "http://h.test/api", "https://o.test/"},
		{`/api(/|$)(.*)`, "http://h.test/api/x?a=1", "https://o.test/x?a=1"},
		{`/api(/|$)(.*)`, "https://h.test:8443/api/x/y", "https://o.test/x/y"},
		{`/(a|b)/?(c?)$`, "http://h.test/a/c?d=$1", "https://o.test/c?d=$1"},
		{`/(a|b)/?(c?)$`, "http://h.test/b", "https://o.test/"},
		{`/(?P<x>a)(b|$)`, "http://h.test/ab?c", "https://o.test/b?c"},
		{`/plain/(.*)(.)`, "http://h.test/plain/xy?c", "https://o.test/y?c"},
	} {
		r := redirectTo("https://o.test/${2}", test.expression)
		got := regexp.MustCompile(r.Regex).ReplaceAllString(test.url, r.Replacement)
		if got != test.want {
			t.Errorf("%s on %s: %q, want %q (%s)", test.expression, test.url, got, test.want, r.Regex)
		}
	}
}

func TestWithoutQuery(t *testing.T) {
	for _, test := range []struct{ expression, path, want string }{
		{`/abs/(.*)`, "/abs/x?q=1", "x|?q=1"},
		{`/abs/(.*)`, "/abs/x", "x|"},
		{`/a/([^/]*)/b`, "/a/c?/b", "no match"},
		{`/a/([^/]*)/b`, "/a/c/b?/b", "c|?/b"},
		{`/(a|b.)(?:/.*)?`, "/b?x=/y", "no match"},
		{`(/a)|/b`, "/b/c?d", "|?d"},
		{`/l[?](.)`, "/l?x?y", "x|?y"},
		{`/plain(x?)`, "/plainx/y?z", "x|?z"},
	} {
		re, err := regexp.Compile(`(?is)^` + withoutQuery(test.expression) + `[^?]*(\?.*)?$`)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		got := "no match"
		if re.MatchString(test.path) {
			got = re.ReplaceAllString(test.path, "${1}|${2}")
		}
		if got != test.want {
			t.Errorf("%s on %s: %q, want %q", re, test.path, got, test.want)
		}
	}
}
