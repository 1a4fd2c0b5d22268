package workload

import (
	"bytes"
	"fmt"
	"net/http"
	"text/template"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
)

// teams is how many more teams share the cluster, each with four Ingresses.
const teams = 6

// teamIngress is one team's part, all in one application's namespace.
var teamIngress = template.Must(template.New("team").Parse(`
{{- range $i, $kind := .Kinds}}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: {{$kind.Name}}
  namespace: {{$.Team}}
  annotations:
    kubernetes.io/ingress.class: traefik
{{- range $kind.Annotations}}
    {{.}}
{{- end}}
spec:
  rules:
  - host: {{$kind.Name}}.{{$.Team}}.test
    http:
      paths:
      - path: {{$kind.Path}}
        backend: {serviceName: app, servicePort: http}
{{- end}}
`))

type kind struct {
	Name, Path  string
	Annotations []string
}

var kinds = []kind{
	{"site", "/", nil},
	{"strip", "/app", []string{"traefik.frontend.rule.type: PathPrefixStrip"}},
	{"rewrite", "/v2", []string{"traefik.ingress.kubernetes.io/rewrite-target: /api/v2"}},
	{"secured", "/", []string{
		"ingress.kubernetes.io/hsts-max-age: \"600\"",
		"ingress.kubernetes.io/referrer-policy: same-origin",
		"ingress.kubernetes.io/custom-response-headers: \"X-Owner: platform\"",
	}},
}

func teamName(i int) string { return fmt.Sprintf("team-%d", i+1) }

// teamIngresses are the Ingresses of all teams, as one stream of YAML.
func teamIngresses() ([]byte, error) {
	var b bytes.Buffer
	for i := range teams {
		if err := teamIngress.Execute(&b, map[string]any{"Team": teamName(i), "Kinds": kinds}); err != nil {
			return nil, fmt.Errorf("writing the Ingresses of %s: %w", teamName(i), err)
		}
	}
	return b.Bytes(), nil
}

// teamRequests ask each of them once.
func teamRequests() []load.Request {
	var requests []load.Request
	for i := range teams {
		for _, k := range kinds {
			address := fmt.Sprintf("https://%s.%s.test%s", k.Name, teamName(i), k.Path)
			requests = append(requests, load.Request{Name: "GET " + address, Method: http.MethodGet, URL: address, Header: http.Header{}})
		}
	}
	return requests
}
