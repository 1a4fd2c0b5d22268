package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

func TestFactsFromTOML(t *testing.T) {
	cases := map[string]struct {
		toml string
		want traefikv1.Facts
	}{
		"empty": {"", traefikv1.Facts{
			EntryPoints:      []traefikv1.EntryPoint{{Name: "http", Target: "web", Port: 80}},
			EntryPointsKnown: true, DefaultEntryPoints: []string{"http"}, PriorityScale: 1000,
		}},
		"story S3": {`
defaultEntryPoints = ["http", "https"]
[entryPoints]
  [entryPoints.http]
  address = ":80"
    [entryPoints.http.redirect]
    entryPoint = "https"
  [entryPoints.https]
  address = "0.0.0.0:8443"
    [entryPoints.https.tls]
      [[entryPoints.https.tls.certificates]]
      certFile = "/ssl/tls.crt"
      keyFile = "/ssl/tls.key"
  [entryPoints.internal]
  address = ":9000"
[kubernetes]
ingressclass = "edge"
labelselector = "team=a"
namespaces = ["a"]
disablePassHostHeaders = true
[web]
address = ":8080"
[retry]
attempts = 3
`, traefikv1.Facts{
			EntryPoints: []traefikv1.EntryPoint{
				{Name: "http", Target: "web", Port: 80, RedirectTo: "https"},
				{Name: "https", Target: "websecure", Port: 8443, TLS: true},
				{Name: "internal", Target: "internal", Port: 9000},
			},
			EntryPointsKnown: true, DefaultEntryPoints: []string{"http", "https"}, PriorityScale: 1000,
			IngressClass: "edge", LabelSelector: "team=a", Namespaces: []string{"a"}, DisablePassHostHeaders: true,
			Retry: &traefikv1.Retry{Attempts: 3},
		}},
		"everything that is left": {`
keepTrailingSlash = true
allowMinWeightZero = true
[kubernetes]
enablePassTLSCert = true
filename = "template.tmpl"
`, traefikv1.Facts{
			EntryPoints:      []traefikv1.EntryPoint{{Name: "http", Target: "web", Port: 80}},
			EntryPointsKnown: true, DefaultEntryPoints: []string{"http"}, PriorityScale: 1000,
			KeepTrailingSlash: true, AllowMinWeightZero: true, EnablePassTLSCert: true, CustomTemplate: true,
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := FactsFromTOML([]byte(c.toml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFactsFromTOMLThatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"[entryPoints":                               "reading the configuration of Traefik 1.7: ",
		"[entryPoints.http]\naddress = \"80\"":       `entry point http of Traefik 1.7: address "80": want :PORT or HOST:PORT`,
		"[entryPoints.http]\naddress = \":http\"":    `entry point http of Traefik 1.7: "http" is no port number`,
		"[kubernetes]\nlabelselector = \"a=b=c\"":    "found '='",
		"[entryPoints.http]\naddress = [\"a list\"]": "reading the configuration of Traefik 1.7: ",
	} {
		if _, err := FactsFromTOML([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
