package emitnginx_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Pools are small so that routes meet.
var (
	hostPool = []ir.Host{
		{Value: "a.test"}, {Value: "a.test"}, {Value: "b.a.test"}, {Kind: ir.HostWildcard, Value: "*.a.test"}, {Value: "c.test"},
	}
	pathPool = []ir.Path{
		{Kind: ir.PathPrefix, Value: "/"}, {Kind: ir.PathPrefix, Value: "/"}, {Kind: ir.PathPrefix, Value: "/foo"}, {Kind: ir.PathPrefix, Value: "/foo/"},
		{Kind: ir.PathPrefix, Value: "/foo/Bar"}, {Kind: ir.PathPrefix, Value: "/f"}, {Kind: ir.PathExact, Value: "/"}, {Kind: ir.PathExact, Value: "/foo"},
		{Kind: ir.PathExact, Value: "/foo/"}, {Kind: ir.PathExact, Value: "/foo/Bar"}, {Kind: ir.PathSegmentPrefix, Value: "/foo"},
		{Kind: ir.PathSegmentPrefix, Value: "/foo/Bar"}, {Kind: ir.PathSegmentPrefix, Value: "/"}, {Kind: ir.PathPrefix, Value: "/x.y"},
		{Kind: ir.PathPrefixTemplate, Value: "/id/{n:[0-9]+}"}, {Kind: ir.PathExactTemplate, Value: "/foo/{name}"}, {Kind: ir.PathRegexp, Value: "^/fo+(/|$)"},
		{Kind: ir.PathRegexp, Value: "foo"}, {Kind: ir.PathPrefix, Value: "/1"},
	}
	filterPool = []ir.Filter{
		ir.BasicAuth{Secret: "users", RemoveHeader: true}, ir.IPAllowList{SourceRange: []string{"10.0.0.0/8", "127.0.0.1"}},
		ir.RedirectScheme{Scheme: "https"}, ir.RedirectScheme{Scheme: "https", Port: "443", Permanent: true},
		ir.RedirectRegex{Regex: `^http://(.*)`, Replacement: "https://$1"},
		ir.RedirectRegex{Regex: `^https?://[^/]+/(.*)`, Replacement: "https://new.test/$1", Permanent: true},
		ir.RedirectRegex{Regex: `^https?://a\.test/foo(.*)`, Replacement: "https://new.test/bar$1"},
		ir.RedirectRegex{Regex: `^https?://[^/]+/foo/Bar$`, Replacement: "https://new.test/fixed", Permanent: true},
		ir.RedirectRegex{Regex: `^https?://[^/]+/foo/(\?.*)?$`, Replacement: "/foo$1", Permanent: true},
		ir.RedirectRegex{Regex: `^https?://([^/]+)/foo(.*)$`, Replacement: "https://www.$1/foo$2"},
		ir.RedirectRegex{Regex: `^https://(.*)`, Replacement: "http://$1"}, ir.RedirectRegex{Regex: "a.test/$", Replacement: "a.test/app"},
		ir.RedirectRegex{Regex: `.*`, Replacement: "https://all.test/"},
		ir.RedirectRegex{Regex: `^https?://[^/]+/(a|b)/(.*)$`, Replacement: "https://new.test/$2/$1"},
		ir.StripPrefix{Prefixes: []string{"/foo"}, ForceSlash: true}, ir.StripPrefix{Prefixes: []string{"/foo/Bar", "/foo"}}, ir.StripPrefix{Prefixes: []string{"/"}},
		ir.AddPrefix{Prefix: "/p"}, ir.ReplacePath{Path: "/r"}, ir.ReplacePath{Path: "/1"},
		ir.ReplacePathRegex{Regex: `^/foo(.*)`, Replacement: "/bar$1"}, ir.ReplacePathRegex{Regex: `^(.*)`, Replacement: "/pre$1"},
		ir.ReplacePathRegex{Regex: `^/foo(.*)`, Replacement: "$1"}, ir.ReplacePathRegex{Regex: `^/foo/(.*)/x`, Replacement: "/$1"},
		ir.CircuitBreaker{Expression: "x"}, ir.PassTLSClientCert{PEM: true}, ir.ExistingMiddleware{Name: "m"},
	}
	requestHosts = []string{"a.test", "b.a.test", "z.a.test", "y.z.a.test", "c.test", "other"}
	requestPaths = []string{
		"/", "/foo", "/FOO", "/foo/", "/foobar", "/foo/Bar", "/foo/bar", "/foo/Bar/", "/foo/Bar/x", "/foo/Barx", "/foo/q", "/f", "/x.y", "/xzy", "/id/7", "/id/x", "/a/b", "/1", "/12",
		"/fooo/x", "/foo/q/x",
	}
)

// translation draws routes of a few Ingresses, each with a priority of its own.
func translation(t *rapid.T) ir.Translation {
	var out ir.Translation
	priorities := rapid.Permutation([]int{1, 2, 3, 4, 5, 6, 7, 8}).Draw(t, "priorities")
	for i := range rapid.IntRange(1, 8).Draw(t, "routes") {
		ref := ir.Ref{Namespace: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "namespace"), Name: fmt.Sprint("i", i)}
		route := ir.Route{
			Owner: ref, Origins: []ir.Origin{{Ingress: ref, Field: fmt.Sprintf("spec.rules[%d]", i)}}, Priority: priorities[i],
			Filters: rapid.SliceOfN(rapid.SampledFrom(filterPool), 0, 2).Draw(t, "filters"),
			Backend: backend(t),
		}
		if host := rapid.IntRange(0, len(hostPool)).Draw(t, "host"); host < len(hostPool) {
			route.Match.Hosts = []ir.Host{hostPool[host]}
		}
		if rapid.IntRange(0, 9).Draw(t, "has path") > 0 {
			route.Match.Paths = []ir.Path{rapid.SampledFrom(pathPool).Draw(t, "path")}
		}
		schemes := rapid.IntRange(0, 4).Draw(t, "schemes")
		if schemes != 0 {
			route.EntryPoints = []string{"web"}
			out.Routes = append(out.Routes, route)
		}
		if schemes != 1 {
			route.EntryPoints, route.TLS = []string{"websecure"}, &ir.TLS{SecretName: rapid.SampledFrom([]string{"", "cert"}).Draw(t, "secret")}
			out.Routes = append(out.Routes, route)
		}
		out.Ingresses = append(out.Ingresses, ir.Outcome{Ingress: ref, Selected: true})
	}
	return out
}

func backend(t *rapid.T) ir.Backend {
	services := rapid.SampledFrom([][]string{{"a"}, {"a"}, {"b"}, {"c"}, {"d", "e"}, {"a", "d"}, {"a", "b", "c"}, {"d", "d"}}).Draw(t, "services")
	var out ir.Backend
	for _, name := range services {
		s := ir.Service{Name: name, PortNumber: 80}
		if len(services) > 1 {
			weight := rapid.SampledFrom([]int{0, 1, 9, 100}).Draw(t, "weight")
			s.Weight = &weight
		}
		out.Services = append(out.Services, s)
	}
	if len(services) > 1 && *out.Services[0].Weight == 0 {
		*out.Services[0].Weight = 3
	}
	return out
}

// Every request is answered as Traefik does, or a finding about one of the two
// routes says that it is not.
func TestSameAnswersOrReported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := translation(t)
		outputs, findings, _ := emitnginx.Emit(ir.Input{}, tr, emitnginx.Target{})
		model := newNginx(outputs)
		for _, host := range requestHosts {
			for _, path := range requestPaths {
				for i := range 8 {
					r := request{tls: i&1 != 0, host: host, path: path, client: "10.1.2.3", password: i&2 != 0}
					if i&4 != 0 {
						r.client, r.query = "192.0.2.1", "?q=1"
					}
					want, route := traefik(tr.Routes, r)
					got, at := model.ask(r)
					if same(want, got, r) {
						continue
					}
					if !reported(findings, route, at, r, want) {
						t.Fatalf("%+v\nTraefik: %s (%v)\nnginx: %s (%v)\nfindings: %s", r, want, route, got, at, texts(findings))
					}
				}
			}
		}
	})
}

// same compares answers. The port of https and a missing host in Location do not
// count, nor which of two protections refuses first; the status of redirects is in
// no answer.
func same(want, got string, r request) bool {
	to, ok := strings.CutPrefix(want, "redirect ")
	if ok && strings.HasPrefix(to, "/") {
		base, _, _ := strings.Cut(strings.TrimPrefix(r.url(), "https"), r.path)
		if r.tls {
			base = "https" + base
		}
		want = "redirect " + base + to
	}
	return strings.Replace(want, ":443/", "/", 1) == got || refused(want) && refused(got)
}

func refused(answer string) bool { return answer == "status 401" || answer == "status 403" }

// reported tells whether a difference has a finding.
func reported(findings []diag.Diagnostic, route *ir.Route, at *place, r request, want string) bool {
	for _, d := range findings {
		mine := route != nil && d.Object.Name == route.Owner.Name
		theirs := at != nil && d.Object.Name == at.owner.Name
		switch {
		case d.Blocking && (mine || theirs),
			theirs && (d.Code == diag.WToNginxScheme || d.Code == diag.IToNginxScheme) && scheme(d.Text, r),
			(mine || theirs) && d.Code == diag.WToNginxSSL && strings.Contains(d.Text, "comes before") && refused(want),
			theirs && d.Code == diag.WToNginxRedirect && strings.Contains(d.Text, "query") && r.query != "":
			return true
		}
	}
	return false
}

// scheme tells whether a finding is about requests of r's scheme.
func scheme(text string, r request) bool {
	return strings.HasPrefix(text, "plain requests") == !r.tls
}

func texts(findings []diag.Diagnostic) string {
	var lines []string
	for _, d := range findings {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", d.Code, d.Object.Name, d.Field, d.Text))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// The same routes give the same output, whatever their order.
func TestOrderOfRoutesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := translation(t)
		first, _, _ := emitnginx.Emit(ir.Input{}, tr, emitnginx.Target{})
		tr.Routes = rapid.Permutation(tr.Routes).Draw(t, "order")
		second, _, _ := emitnginx.Emit(ir.Input{}, tr, emitnginx.Target{})
		if a, b := names(first), names(second); !slices.Equal(a, b) {
			t.Fatalf("%q\n%q", a, b)
		}
	})
}

func names(outputs []emit.Output) []string {
	var out []string
	for _, o := range outputs {
		text := o.Object.GetNamespace() + "/" + o.Object.GetName()
		if ingress, ok := o.Object.(*networkingv1.Ingress); ok {
			for _, rule := range ingress.Spec.Rules {
				for _, path := range rule.HTTP.Paths {
					text += " " + rule.Host + path.Path
				}
			}
		}
		out = append(out, text)
	}
	return out
}
