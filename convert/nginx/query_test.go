package nginx

import (
	"regexp"
	"testing"
)

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
