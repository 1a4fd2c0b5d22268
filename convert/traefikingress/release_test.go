package traefikingress

import (
	"slices"
	"strings"
	"testing"
)

func TestParseRelease(t *testing.T) {
	for text, want := range map[string]release{
		"": newest2, "2": newest2, "v2": newest2, "2.11": {2, 11, lastPatch}, "2.10.7": {2, 10, 7}, "3": newest3, "v3.6": {3, 6, lastPatch}, "v3.6.12": {3, 6, 12},
	} {
		if got, err := parseRelease(text); got != want || err != nil {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"1.7", "4", "x", "3.x", "3.6.1.2", "3..1", "-3"} {
		if got, err := parseRelease(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
	for text, want := range map[string]string{"3.6": "Traefik 3.6", "2.11.50": "Traefik 2.11.50", "": "Traefik 2.11"} {
		if r, _ := parseRelease(text); r.String() != want {
			t.Errorf("%q is called %q", text, r)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := (Facts{}).Validate(); err != nil {
		t.Error(err)
	}
	err := Facts{Version: "1.7", DefaultRuleSyntax: "v1", LabelSelector: "(("}.Validate()
	for _, want := range []string{"1.7", "v1", "label selector"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not speak of %s", err, want)
		}
	}
}

func TestPathMatchersOfVersions(t *testing.T) {
	for text, any := range map[string]bool{
		"2.11.47": true, "2.11.48": false, "2.11": false, "2.10": true, "3.0": true, "3.6.18": true, "3.6.19": false, "3.7.2": true, "3.7.3": false, "3.7": false,
	} {
		if r, err := parseRelease(text); err != nil || r.takesAnyPathMatcher() != any {
			t.Errorf("%s: %v, %v", text, r.takesAnyPathMatcher(), err)
		}
	}
}

func TestRegistryIsSortedAndExplained(t *testing.T) {
	if !slices.IsSortedFunc(registry[:], func(a, b Annotation) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("the registry is not sorted, so lookups miss")
	}
	for _, a := range Annotations() {
		if got, ok := LookupAnnotation(a.Key); !ok || got != a || a.Note == "" || a.Key != strings.ToLower(a.Key) {
			t.Errorf("%s: %v", a.Key, got)
		}
	}
	for key, found := range map[string]bool{
		"traefik.ingress.kubernetes.io/Router.TLS.Domains.12.SANs": true, "traefik.ingress.kubernetes.io/router.tls.domains.x.sans": false,
		"Traefik.ingress.kubernetes.io/router.tls": false, "Kubernetes.io/ingress.class": false, "kubernetes.io/ingress.class": true,
	} {
		if _, ok := LookupAnnotation(key); ok != found {
			t.Errorf("%s: found %v", key, ok)
		}
	}
}

func TestSettings(t *testing.T) {
	if got := Settings(Facts{}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if got := Settings(Facts{AllowEmptyServices: true, AllowExternalNameServices: true, PublishesStatus: true}); len(got) != 3 {
		t.Errorf("got %v", got)
	}
}
