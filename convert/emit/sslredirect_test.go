package emit

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestSSLRedirectForTraefik3(t *testing.T) {
	const (
		toScheme  = `{"redirectScheme":{"scheme":"https","permanent":true}}`
		temporary = `{"redirectScheme":{"scheme":"https"}}`
		toHost    = `{"redirectRegex":{"regex":"^https?://[^/]+(.*)$","replacement":"https://s.example${1}","permanent":true}}`
	)
	for name, tc := range map[string]struct {
		headers    ir.Headers
		plain, tls []string // "match: specs of the middlewares" per route
	}{
		"redirect":             {ir.Headers{SSLRedirect: true}, []string{"Host(`h`): " + toScheme}, []string{"Host(`h`):"}},
		"temporary":            {ir.Headers{SSLRedirect: true, SSLTemporaryRedirect: true}, []string{"Host(`h`): " + temporary}, []string{"Host(`h`):"}},
		"temporary alone":      {ir.Headers{SSLTemporaryRedirect: true}, []string{"Host(`h`):"}, []string{"Host(`h`):"}},
		"to a host":            {ir.Headers{SSLRedirect: true, SSLHost: "s.example"}, []string{"Host(`h`): " + toHost}, []string{"Host(`h`):"}},
		"host alone":           {ir.Headers{SSLHost: "s.example"}, []string{"Host(`h`):"}, []string{"Host(`h`):"}},
		"forced host":          {ir.Headers{SSLForceHost: true, SSLHost: "s.example"}, []string{"Host(`h`): " + toHost}, []string{"Host(`h`): " + toHost}},
		"development":          {ir.Headers{SSLRedirect: true, IsDevelopment: true}, []string{`Host(` + "`h`): " + `{"headers":{"isDevelopment":true}}`}, []string{`Host(` + "`h`): " + `{"headers":{"isDevelopment":true}}`}},
		"other header options": {ir.Headers{SSLRedirect: true, FrameDeny: true}, []string{"Host(`h`): " + toScheme + ` {"headers":{"frameDeny":true}}`}, []string{"Host(`h`): " + `{"headers":{"frameDeny":true}}`}},
		"forwarded proto": {
			ir.Headers{SSLRedirect: true, SSLProxyHeaders: map[string]string{"X-Forwarded-Proto": "https"}},
			[]string{"Host(`h`): " + toScheme + ` {"headers":{"sslProxyHeaders":{"X-Forwarded-Proto":"https"}}}`},
			[]string{"Host(`h`): " + `{"headers":{"sslProxyHeaders":{"X-Forwarded-Proto":"https"}}}`},
		},
		"other proxy headers": {
			ir.Headers{SSLRedirect: true, SSLProxyHeaders: map[string]string{"X-A": "1", "X-B": "2"}},
			[]string{
				"Host(`h`) && Header(`X-A`, `1`): " + `{"headers":{"sslProxyHeaders":{"X-A":"1","X-B":"2"}}}`,
				"Host(`h`) && Header(`X-B`, `2`): " + `{"headers":{"sslProxyHeaders":{"X-A":"1","X-B":"2"}}}`,
				"Host(`h`) && !Header(`X-A`, `1`) && !Header(`X-B`, `2`): " + toScheme + ` {"headers":{"sslProxyHeaders":{"X-A":"1","X-B":"2"}}}`,
			},
			[]string{"Host(`h`): " + `{"headers":{"sslProxyHeaders":{"X-A":"1","X-B":"2"}}}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, secure := range []bool{false, true} {
				r := plainRoute()
				r.Filters = []ir.Filter{tc.headers}
				want := tc.plain
				if secure {
					r.TLS = &ir.TLS{}
					want = tc.tls
				}
				out, problems := Emit(ir.Translation{Routes: []ir.Route{r}}, Target{Version: V3})
				if diff := cmp.Diff(want, chains(t, out)); diff != "" {
					t.Errorf("TLS %v: %s", secure, diff)
				}
				// ssl-host also rewrites a Location on TLS, which Traefik 3 does not do.
				differs := strings.Contains(strings.Join(want, ""), "redirect") || secure && tc.headers.SSLHost != ""
				if told := len(problems) == 1 && problems[0].Code == diag.WSSLRedirectV3; told != differs {
					t.Errorf("TLS %v: differs %v, reported %v", secure, differs, problems)
				}
			}
		})
	}
}

func TestSSLRedirectForTraefik2IsTheOption(t *testing.T) {
	r := plainRoute()
	r.Filters = []ir.Filter{ir.Headers{SSLRedirect: true, SSLHost: "s", SSLForceHost: true, SSLTemporaryRedirect: true}}
	out, problems := Emit(ir.Translation{Routes: []ir.Route{r}}, Target{Version: V2})
	want := []string{"Host(`h`): " + `{"headers":{"sslRedirect":true,"sslTemporaryRedirect":true,"sslHost":"s","sslForceHost":true}}`}
	if diff := cmp.Diff(want, chains(t, out)); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
}

// chains returns each route with the specs of its middlewares.
func chains(t *testing.T, out []Output) []string {
	t.Helper()
	specs := map[string]string{}
	var lines []string
	for _, o := range out {
		switch object := o.Object.(type) {
		case *v1alpha1.Middleware:
			text, err := json.Marshal(object.Spec)
			if err != nil {
				t.Fatal(err)
			}
			specs[object.Name] = string(text)
		case *v1alpha1.IngressRoute:
			for _, r := range object.Spec.Routes {
				line := r.Match + ":"
				for _, m := range r.Middlewares {
					line += " " + specs[m.Name]
				}
				lines = append(lines, line)
			}
		}
	}
	return lines
}
