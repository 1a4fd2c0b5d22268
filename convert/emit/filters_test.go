package emit

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

var oneService = ir.Backend{Services: []ir.Service{{Name: "a", PortNumber: 80}}}

// full has one filter of every kind with every field set.
var full = map[string]ir.Filter{
	"ErrorPages":       ir.ErrorPages{Status: []string{"404"}, Query: "/{status}", Service: oneService},
	"IPAllowList":      ir.IPAllowList{SourceRange: []string{"10.0.0.0/8"}, Depth: 2, ExcludedIPs: []string{"10.0.0.1"}},
	"RedirectRegex":    ir.RedirectRegex{Regex: "a", Replacement: "b", Permanent: true},
	"RedirectScheme":   ir.RedirectScheme{Scheme: "https", Port: "444", Permanent: true},
	"StripPrefix":      ir.StripPrefix{Prefixes: []string{"/a"}, ForceSlash: true},
	"AddPrefix":        ir.AddPrefix{Prefix: "/p"},
	"ReplacePathRegex": ir.ReplacePathRegex{Regex: "a", Replacement: "b"},
	"ReplacePath":      ir.ReplacePath{Path: "/a"},
	"Headers": ir.Headers{
		CustomRequest: map[string]string{"A": "1"}, CustomResponse: map[string]string{"B": ""}, AllowedHosts: []string{"h"},
		ProxyHeaders: []string{"X-H"}, SSLRedirect: true, SSLTemporaryRedirect: true, SSLHost: "s", SSLForceHost: true,
		SSLProxyHeaders: map[string]string{"X-P": "https"}, STSSeconds: 1, STSIncludeSubdomains: true, STSPreload: true, ForceSTS: true,
		FrameDeny: true, CustomFrameOptions: "SAMEORIGIN", ContentTypeNosniff: true, BrowserXSSFilter: true, CustomBrowserXSS: "0",
		ContentSecurityPolicy: "c", PublicKey: "p", ReferrerPolicy: "r", IsDevelopment: true,
		CORS: &ir.CORS{
			AllowOrigins: []string{"https://a"}, AllowOriginRegexps: []string{"^https://b$"}, AllowMethods: []string{"GET"},
			AllowHeaders: []string{"X-A"}, ExposeHeaders: []string{"X-B"}, AllowCredentials: true, MaxAge: 5,
		},
	},
	"PassTLSClientCert": ir.PassTLSClientCert{PEM: true, Info: &ir.ClientCertInfo{NotAfter: true, NotBefore: true, Sans: true, Subject: &everyName, Issuer: &everyName}},
	"BasicAuth":         ir.BasicAuth{Secret: "s", HeaderField: "X-U", Realm: "r", RemoveHeader: true},
	"DigestAuth":        ir.DigestAuth{Secret: "s", HeaderField: "X-U", Realm: "r", RemoveHeader: true},
	"ForwardAuth": ir.ForwardAuth{
		Address: "http://a", ResponseHeaders: []string{"A"}, RequestHeaders: []string{"B"}, TrustForwardHeader: true,
		TLSCertSecret: "t", InsecureSkipVerify: true, TLS: true,
	},
	"CircuitBreaker":     ir.CircuitBreaker{Expression: "NetworkErrorRatio() > 0.5"},
	"Buffering":          ir.Buffering{MaxRequestBodyBytes: 1, MemRequestBodyBytes: 2, MaxResponseBodyBytes: 3, MemResponseBodyBytes: 4, RetryExpression: "IsNetworkError()"},
	"Retry":              ir.Retry{Attempts: 3},
	"InFlightReq":        ir.InFlightReq{Amount: 10, Source: ir.SourceCriterion{RequestHeader: "X-A"}},
	"ExistingMiddleware": ir.ExistingMiddleware{Namespace: "n", Name: "m"},
	"RateLimit":          ir.RateLimit{Average: 6, Burst: 9, Period: "3s", Source: ir.SourceCriterion{RequestHeader: "X-A"}},
}

var everyName = ir.DistinguishedName{Country: true, Province: true, Locality: true, Organization: true, CommonName: true, SerialNumber: true, DomainComponent: true}

// The sum of filters is closed: its members are the receivers of filter() in
// package ir, and each has a sample here.
func TestEveryFilterKindHasASample(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../ir/filter.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "filter" {
			kinds = append(kinds, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	if len(kinds) == 0 {
		t.Fatal("no filter kinds found")
	}
	for _, kind := range kinds {
		if full[kind] == nil {
			t.Errorf("ir.%s has no sample, and perhaps no translation", kind)
		}
	}
	if len(full) != len(kinds) {
		t.Errorf("%d samples, %d kinds", len(full), len(kinds))
	}
}

// Every field of every kind reaches the output: without it, the middleware is
// another one.
func TestEveryFilterFieldIsEmitted(t *testing.T) {
	leftOutForV3 := []string{"SSLRedirect", "SSLTemporaryRedirect", "SSLHost", "SSLForceHost"}
	for kind, filter := range full {
		for _, v := range []Version{V2, V3} {
			whole := specs(t, v, filter)
			if len(whole) == 0 {
				t.Errorf("ir.%s for v%d is not emitted", kind, v)
			}
			value := reflect.ValueOf(filter)
			for i := range value.NumField() {
				name := value.Type().Field(i).Name
				if v == V3 && kind == "Headers" && slices.Contains(leftOutForV3, name) {
					continue
				}
				without := reflect.New(value.Type()).Elem()
				without.Set(value)
				without.Field(i).SetZero()
				if got := specs(t, v, without.Interface().(ir.Filter)); got == whole {
					t.Errorf("ir.%s.%s for v%d is not emitted: %s", kind, name, v, got)
				}
			}
		}
	}
}

func TestEmptyFiltersMakeNoMiddleware(t *testing.T) {
	for name, tc := range map[string]struct {
		filter   ir.Filter
		versions []Version
	}{
		"headers":                           {ir.Headers{}, []Version{V2, V3}},
		"headers with what Traefik 3 lacks": {ir.Headers{SSLHost: "h", SSLTemporaryRedirect: true}, []Version{V3}},
		"strip":                             {ir.StripPrefix{}, []Version{V2, V3}},
	} {
		for _, v := range tc.versions {
			if got := specs(t, v, tc.filter); got != "" {
				t.Errorf("%s, v%d: got %s", name, v, got)
			}
		}
	}
}

func TestLimitsAlwaysNameTheirSource(t *testing.T) {
	for name, tc := range map[string]struct {
		source ir.SourceCriterion
		want   string
	}{
		"address": {ir.SourceCriterion{ClientIP: true}, `"sourceCriterion":{"ipStrategy":{}}`},
		"unset":   {ir.SourceCriterion{}, `"sourceCriterion":{"ipStrategy":{}}`},
		"host":    {ir.SourceCriterion{RequestHost: true}, `"sourceCriterion":{"requestHost":true}`},
		"header":  {ir.SourceCriterion{RequestHeader: "X"}, `"sourceCriterion":{"requestHeaderName":"X"}`},
	} {
		for _, f := range []ir.Filter{ir.RateLimit{Average: 1, Burst: 1, Source: tc.source}, ir.InFlightReq{Amount: 1, Source: tc.source}} {
			if got := specs(t, V2, f); !strings.Contains(got, tc.want) {
				t.Errorf("%s: %s has not %s", name, got, tc.want)
			}
		}
	}
}

func TestForwardAuthNeverSaysTrustFalse(t *testing.T) {
	if got := specs(t, V2, ir.ForwardAuth{Address: "http://a"}); strings.Contains(got, "trustForwardHeader") {
		t.Errorf("an explicit false strips every X-Forwarded-* header: %s", got)
	}
}

func TestLegacyGroupGetsIPWhiteList(t *testing.T) {
	r := plainRoute()
	r.Filters = []ir.Filter{ir.IPAllowList{SourceRange: []string{"10.0.0.0/8"}}}
	out, _ := Emit(ir.Translation{Routes: []ir.Route{r}}, Target{APIGroup: LegacyGroup})
	got, err := json.Marshal(out[0].Object)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"apiVersion":"traefik.containo.us/v1alpha1"`, `"ipWhiteList":{"sourceRange":["10.0.0.0/8"]}`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s has not %s", got, want)
		}
	}
}

func plainRoute() ir.Route {
	return ir.Route{
		Owner: ir.Ref{Namespace: "shop", Name: "cart"}, EntryPoints: []string{"web"}, Priority: 1,
		Match: ir.Match{Hosts: []ir.Host{host("h")}}, Backend: oneService,
	}
}

// isReference tells whether f is written as a reference and not as an object.
func isReference(f ir.Filter) bool {
	_, ok := f.(ir.ExistingMiddleware)
	return ok
}

// specs returns the specs of the middlewares that a route with f gets, as JSON,
// except redirects that emulate ssl-redirect.
func specs(t *testing.T, v Version, f ir.Filter) string {
	t.Helper()
	r := plainRoute()
	r.Filters = []ir.Filter{f}
	out, _ := Emit(ir.Translation{Routes: []ir.Route{r}}, Target{Version: v})
	var all strings.Builder
	for _, o := range out {
		fields := map[string]any{}
		text, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		if route, ok := o.Object.(*v1alpha1.IngressRoute); ok && isReference(f) {
			refs, err := json.Marshal(route.Spec.Routes[0].Middlewares)
			if err != nil {
				t.Fatal(err)
			}
			return string(refs)
		}
		if fields["kind"] != "Middleware" {
			continue
		}
		spec, err := json.Marshal(fields["spec"])
		if err != nil {
			t.Fatal(err)
		}
		if _, isHeaders := f.(ir.Headers); isHeaders && !strings.Contains(string(spec), `"headers"`) {
			continue
		}
		all.Write(spec)
	}
	return all.String()
}
