package middleware

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// What Traefik takes for granted where a Middleware does not say it.
func TestDefaults(t *testing.T) {
	for spec, want := range map[string]ir.Filter{
		`{"rateLimit": {"average": 10}}`:                                ir.RateLimit{Average: 10, Burst: 1, Period: "1s", Source: ir.SourceCriterion{ClientIP: true}},
		`{"rateLimit": {"average": 10, "period": 60, "burst": 3}}`:      ir.RateLimit{Average: 10, Burst: 3, Period: "1m0s", Source: ir.SourceCriterion{ClientIP: true}},
		`{"inFlightReq": {"amount": 3}}`:                                ir.InFlightReq{Amount: 3, Source: ir.SourceCriterion{RequestHost: true}},
		`{"stripPrefix": {"prefixes": ["/a"]}}`:                         ir.StripPrefix{Prefixes: []string{"/a"}},
		`{"forwardAuth": {"address": "http://a", "tls": {}}}`:           ir.ForwardAuth{Address: "http://a", TLS: true},
		`{"headers": {"sslRedirect": true, "featurePolicy": "none"}}`:   ir.Headers{SSLRedirect: true, CustomResponse: map[string]string{"Feature-Policy": "none"}},
		`{"ipWhiteList": {"sourceRange": ["::1"], "ipStrategy": null}}`: ir.IPAllowList{SourceRange: []string{"::1"}},
	} {
		got, err := Filters(spec, Source{})
		if diff := cmp.Diff([]ir.Filter{want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", spec, err, diff)
		}
	}
	got, err := Filters(`{"headers": {"sslRedirect": true, "featurePolicy": "none"}}`, Source{V3: true})
	if diff := cmp.Diff([]ir.Filter{ir.Headers{CustomResponse: map[string]string{}}}, got); diff != "" || err != nil {
		t.Errorf("Traefik 3 ignores both: %v %s", err, diff)
	}
}

// Whatever a spec says, it is read the same way twice, and a refusal says why.
func FuzzFilters(f *testing.F) {
	for _, spec := range []string{
		`{}`, `{"addPrefix": {"prefix": "/a"}}`, `{"basicAuth": {"secret": "users", "realm": "x"}}`, `{"chain": {"middlewares": [{"name": "a", "namespace": "b"}]}}`,
		`{"headers": {"accessControlAllowOriginList": ["*"], "stsSeconds": 1}}`, `{"rateLimit": {"period": "1m", "sourceCriterion": {"ipStrategy": {"depth": 2}}}}`,
		`{"errors": {"status": ["500-599"], "service": {"name": "a", "port": "web"}}}`, `{"redirectScheme": {"scheme": "https"}, "compress": {}}`, `{"plugin": {"a": {}}}`,
		`{"circuitBreaker": {"expression": "x", "checkPeriod": "1s"}}`, `{"buffering": {"maxRequestBodyBytes": "1"}}`, `[]`, ``,
	} {
		f.Add(spec, false)
	}
	f.Fuzz(func(t *testing.T, spec string, v3 bool) {
		first, err := Filters(spec, Source{V3: v3})
		second, again := Filters(spec, Source{V3: v3})
		if !reflect.DeepEqual(first, second) || (err == nil) != (again == nil) {
			t.Errorf("two readings differ: %v %v", first, second)
		}
		if err != nil && err.Error() == "" {
			t.Error("it is not said why")
		}
		for _, filter := range first {
			if filter == nil {
				t.Error("a filter is missing")
			}
		}
		if err == nil && Kind(spec) == "" {
			t.Error("it has no kind")
		}
	})
}
