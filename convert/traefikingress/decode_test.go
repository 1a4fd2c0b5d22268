package traefikingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func keyed(in map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range in {
		out[prefix+key] = value
	}
	return out
}

func TestReadRouter(t *testing.T) {
	yes, no := true, false
	for name, tc := range map[string]struct {
		annotations map[string]string
		want        routerConfig
	}{
		"nothing": {nil, routerConfig{pathMatcher: pathPrefix}},
		"lists": {
			map[string]string{"router.entryPoints": " a, b", "router.middlewares": "x,", "router.priority": "-7", "router.pathmatcher": "Path"},
			routerConfig{pathMatcher: pathExact, entryPoints: []string{"a", "b"}, middlewares: []string{"x", ""}, priority: -7},
		},
		"domains, in the order of their keys": {
			map[string]string{"router.tls.domains.10.main": "ten", "router.tls.domains.2.main": "two", "router.tls.domains.2.sans": "a,b"},
			routerConfig{pathMatcher: pathPrefix, tls: &tlsConfig{domains: []ir.Domain{{Main: "ten"}, {Main: "two", SANs: []string{"a", "b"}}}}},
		},
		"off":          {map[string]string{"router.tls": "no", "router.tls.certresolver": "le"}, routerConfig{pathMatcher: pathPrefix}},
		"on":           {map[string]string{"router.tls": "TRUE", "router.tls.options": "o@file"}, routerConfig{pathMatcher: pathPrefix, tls: &tlsConfig{options: "o@file"}}},
		"capitals win": {map[string]string{"router.PRIORITY": "1", "ROUTER.priority": "2"}, routerConfig{pathMatcher: pathPrefix, priority: 1}},
		"observability": {
			map[string]string{"router.observability.accesslogs": "F", "router.observability.tracing": "1"},
			routerConfig{pathMatcher: pathPrefix, observability: &ir.Observability{AccessLogs: &no, Tracing: &yes, TraceVerbosity: "minimal"}},
		},
		"ignored": {map[string]string{"router": "x", "other.key": "x", "router.0.x": "x", "service.sticky": "true"}, routerConfig{pathMatcher: pathPrefix}},
	} {
		t.Run(name, func(t *testing.T) {
			tree, mistakes := decode(keyed(tc.annotations), "router", newest3)
			if len(mistakes) > 0 {
				t.Fatal(mistakes)
			}
			got := readRouter(tree, newest3)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(routerConfig{}, tlsConfig{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for key, value := range map[string]string{
		"router.nosuch": "x", "router.priority": "", "router.tls.": "true", "router..tls": "true", "router.tls.nosuch": "x", "router.priority.x": "1",
		"router.entrypoints.x.y": "1", "router.tls.domains.0.nosuch": "x", "router.tls.domains[0": "x", "router.x]": "x", "router.rulesyntax": "v2",
		"service.passhostheader": "yes", "service.sticky.cookie.maxage": "1", "service.nativelb": "", "service.middlewares": "x@file", "service.sticky.cookie.nosuch": "x",
	} {
		word := key[:len("router")]
		if word != "router" {
			word = "service"
		}
		if _, mistakes := decode(keyed(map[string]string{key: value}), word, newest2); len(mistakes) != 1 || mistakes[0].key != prefix+key {
			t.Errorf("%s: %v", key, mistakes)
		}
	}
	// Values below a section that is off are not parsed, keys are checked.
	off := map[string]string{"service.sticky": "false", "service.sticky.cookie.secure": "maybe", "service.sticky.cookie.nosuch": "x"}
	if _, mistakes := decode(keyed(off), "service", newest2); len(mistakes) != 1 || mistakes[0].key != prefix+"service.sticky.cookie.nosuch" {
		t.Errorf("off: %v", mistakes)
	}
	for _, key := range []string{"router.entrypoints.x", "router.tls.domains.0", "router.tls.domains.x.main", "router.tls"} {
		if _, mistakes := decode(keyed(map[string]string{key: "x"}), "router", newest2); len(mistakes) != 0 {
			t.Errorf("%s: %v", key, mistakes)
		}
	}
}

func TestReadService(t *testing.T) {
	yes := true
	tree, mistakes := decode(keyed(map[string]string{
		"service.serversScheme": "h2c", "service.passHostHeader": "true", "service.nativeLB": "1", "service.sticky.cookie.name": "c", "service.sticky.cookie.sameSite": "Strict",
		"service.sticky.cookie.maxAge": "5", "service.middlewares": "a@file",
	}), "service", newest3)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	want := serviceConfig{scheme: "h2c", passHostHeader: &yes, nativeLB: &yes, middlewares: []string{"a@file"}, sticky: &ir.Sticky{CookieName: "c", SameSite: "strict", MaxAge: 5, KeepsTerminating: true}}
	if diff := cmp.Diff(want, readService(tree, newest3), cmp.AllowUnexported(serviceConfig{})); diff != "" {
		t.Error(diff)
	}
}
