package traefikv1

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseList(t *testing.T) {
	tests := map[string][]string{
		"":                  nil,
		" , ,":              nil,
		"http":              {"http"},
		" https , alt ":     {"https", "alt"},
		"10.0.0.0/8,,1.2.3": {"10.0.0.0/8", "1.2.3"},
	}
	for raw, want := range tests {
		if diff := cmp.Diff(want, parseList(raw)); diff != "" {
			t.Errorf("%q: -want +got\n%s", raw, diff)
		}
	}
}

func TestParseMap(t *testing.T) {
	tests := map[string]struct {
		want    map[string]string
		skipped []string
	}{
		"": {},
		"X-A: 1 || x-b:2:3||bad||Host:evil||X-Del:": {
			want:    map[string]string{"X-A": "1", "X-B": "2:3", "Host": "evil", "X-Del": ""},
			skipped: []string{"bad"},
		},
		"bad":          {skipped: []string{"bad"}},
		"a:1||A:2":     {want: map[string]string{"A": "2"}},
		"x y: 1":       {want: map[string]string{"x y": "1"}},
		":v":           {want: map[string]string{"": "v"}},
		"X-A:1|X-B:2 ": {want: map[string]string{"X-A": "1|X-B:2"}},
	}
	for raw, want := range tests {
		values, skipped := parseMap(raw)
		if diff := cmp.Diff(want.want, values); diff != "" {
			t.Errorf("%q: -want +got\n%s", raw, diff)
		}
		if diff := cmp.Diff(want.skipped, skipped); diff != "" {
			t.Errorf("%q skipped: -want +got\n%s", raw, diff)
		}
	}
}

func TestAnnotationPrecedence(t *testing.T) {
	tests := map[string]struct {
		values map[string]string
		want   string
	}{
		"un-prefixed wins":        {map[string]string{"ingress.kubernetes.io/rule-type": "Path", "traefik.ingress.kubernetes.io/rule-type": "PathStrip"}, "Path"},
		"empty un-prefixed hides": {map[string]string{"ingress.kubernetes.io/rule-type": "", "traefik.ingress.kubernetes.io/rule-type": "PathStrip"}, "default"},
		"prefixed before label":   {map[string]string{"traefik.frontend.rule.type": "Path", "traefik.ingress.kubernetes.io/rule-type": "PathStrip"}, "PathStrip"},
		"label":                   {map[string]string{"traefik.frontend.rule.type": "Path"}, "Path"},
		"other case":              {map[string]string{"traefik.ingress.kubernetes.io/Rule-Type": "Path"}, "default"},
		"none":                    {nil, "default"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := newAnnotations(tc.values).str("rule-type", "default"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAnnotationScalars(t *testing.T) {
	const key = "traefik.ingress.kubernetes.io/"
	tests := map[string]struct {
		raw  string
		b    bool
		n    int
		n64  int64
		list int
	}{
		"true":         {raw: "true", b: true, list: 1},
		"T":            {raw: "T", b: true, list: 1},
		"yes is no":    {raw: "yes", list: 1},
		"blank":        {raw: " true", list: 1},
		"number":       {raw: "10", n: 10, n64: 10, list: 1},
		"blank number": {raw: "10 ", list: 1},
		"negative":     {raw: "-5", n: -5, n64: -5, list: 1},
		"huge":         {raw: "99999999999999999999", list: 1},
		"empty":        {},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAnnotations(map[string]string{key + "ssl-redirect": tc.raw, key + "priority": tc.raw, key + "hsts-max-age": tc.raw, key + "allowed-hosts": tc.raw})
			if got := a.boolean("ssl-redirect", false); got != tc.b {
				t.Errorf("boolean = %v", got)
			}
			if got := a.integer("priority", 0); got != tc.n {
				t.Errorf("integer = %v", got)
			}
			if got := a.integer64("hsts-max-age", 0); got != tc.n64 {
				t.Errorf("integer64 = %v", got)
			}
			if got := a.list("allowed-hosts"); len(got) != tc.list {
				t.Errorf("list = %q", got)
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	tests := map[string]struct {
		want time.Duration
		ok   bool
	}{
		"10s": {10 * time.Second, true}, "3": {3 * time.Second, true}, "500ms": {500 * time.Millisecond, true}, "10zz": {}, "": {},
	}
	for raw, want := range tests {
		got, err := parseDuration(raw)
		if got != want.want || (err == nil) != want.ok {
			t.Errorf("%q: %v, %v", raw, got, err)
		}
	}
}

func TestRegistry(t *testing.T) {
	for i, known := range Annotations() {
		if i > 0 && registry[i-1].Key >= known.Key {
			t.Errorf("%s is not after %s", known.Key, registry[i-1].Key)
		}
		if known.Note == "" || known.Kind == "" || known.Family == "" || known.Name == "" {
			t.Errorf("%s is not complete: %+v", known.Key, known)
		}
	}
	legacy := 0
	for _, known := range Annotations() {
		if rank(known.Key) == 2 {
			legacy++
		}
	}
	if legacy != 14 { // 12 labels, the second class key, the sticky label
		t.Errorf("%d labels and special keys, want 14", legacy)
	}
}

func FuzzValues(f *testing.F) {
	for _, seed := range []string{"X-A: 1 || x-b:2:3||bad", "10.0.0.0/8, 1.2.3.4", "12.5%", "Path:/foo;AddPrefix:/x", "/id/{id:[0-9]+}", "NetworkErrorRatio() > 0.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		parseList(raw)
		parseMap(raw)
		_, _ = parseDuration(raw)
		parsePercentage(raw)
		parseShares(raw)
		_, _ = parseExtractor(raw)
		validBreaker(raw)
		validRetry(raw)
		validRange(raw)
		unknownKeys(raw, rateLimitYAML{})
		newMatcher([]string{raw, "PathPrefixStrip:" + raw, "Host:" + raw}, &parts{})
		hostRule(raw)
		modifierRule(raw, rulePath)
		cookieName(raw, raw)
	})
}
