// Package bench measures what a big migration costs: thousands of Ingresses in
// one file, read, converted and written by the plugin itself.
package bench

import (
	"bytes"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

// styles are the annotations of one Ingress in turn, two to four each: what
// clusters of Traefik 1.7 use most. The class is the first of them everywhere.
var styles = [...]string{
	`    traefik.ingress.kubernetes.io/rule-type: PathPrefixStrip
    traefik.ingress.kubernetes.io/whitelist-source-range: "10.0.0.0/8, 192.168.0.0/16"
`,
	`    ingress.kubernetes.io/custom-request-headers: "X-Team:shop||X-Stage:production"
    ingress.kubernetes.io/frame-deny: "true"
    traefik.ingress.kubernetes.io/rule-type: PathPrefixStrip
`,
	`    traefik.ingress.kubernetes.io/redirect-regex: ^http://old\.example\.com/(.*)
    traefik.ingress.kubernetes.io/redirect-replacement: https://new.example.com/$1
`,
	`    traefik.ingress.kubernetes.io/rule-type: PathPrefixStrip
`,
}

// Manifests are n Ingresses with three paths, TLS and two to four annotations
// each, as documents of one file.
func Manifests(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		if i > 0 {
			b.WriteString("---\n")
		}
		fmt.Fprintf(&b, `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: app-%[1]d
  namespace: team-%[2]d
  labels:
    app.kubernetes.io/name: app-%[1]d
    app.kubernetes.io/part-of: shop
  annotations:
    kubernetes.io/ingress.class: traefik
%[3]sspec:
  tls:
  - hosts:
    - app-%[1]d.example.com
    secretName: wildcard-example-com
  rules:
  - host: app-%[1]d.example.com
    http:
      paths:
`, i, i%60, styles[i%len(styles)])
		for _, path := range []string{"/", "/api", "/static"} {
			fmt.Fprintf(&b, `      - path: %s
        pathType: ImplementationSpecific
        backend:
          service:
            name: app-%d
            port:
              number: 80
`, path, i)
		}
	}
	return b.Bytes()
}

// List are the same Ingresses as kubectl get -o yaml or, with asJSON, -o json
// prints them: one document with a list.
func List(n int, asJSON bool) ([]byte, error) {
	var items []any
	for document := range bytes.SplitSeq(Manifests(n), []byte("---\n")) {
		var item any
		if err := yaml.Unmarshal(document, &item); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items, "metadata": map[string]any{"resourceVersion": ""}}
	if asJSON {
		return json.MarshalIndent(list, "", "    ")
	}
	return yaml.Marshal(list)
}
