package legacyapi

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestShapes(t *testing.T) {
	cases := map[string]struct{ old, current string }{
		"ports by number and by name": {
			old: `
kind: Ingress
apiVersion: extensions/v1beta1
metadata: {name: shop, generation: 9007199254740993}
spec:
  ingressClassName: traefik
  backend: {serviceName: fallback, servicePort: http}
  tls: [{hosts: [shop.test], secretName: shop}]
  rules:
  - host: shop.test
    http:
      paths:
      - {path: /, pathType: ImplementationSpecific, backend: {serviceName: myapp, servicePort: 80}}
      - {path: /x, pathType: Prefix, backend: {serviceName: myapp, servicePort: "8080"}}
  - host: bare.test
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
`,
			current: `
kind: Ingress
apiVersion: networking.k8s.io/v1
metadata: {name: shop, generation: 9007199254740993}
spec:
  ingressClassName: traefik
  defaultBackend: {service: {name: fallback, port: {name: http}}}
  tls: [{hosts: [shop.test], secretName: shop}]
  rules:
  - host: shop.test
    http:
      paths:
      - {path: /, pathType: ImplementationSpecific, backend: {service: {name: myapp, port: {number: 80}}}}
      - {path: /x, pathType: Prefix, backend: {service: {name: myapp, port: {name: "8080"}}}}
  - host: bare.test
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
`,
		},
		"a resource backend": {
			old:     `{kind: Ingress, apiVersion: extensions/v1beta1, spec: {backend: {resource: {kind: Bucket, name: b}}}}`,
			current: `{kind: Ingress, apiVersion: networking.k8s.io/v1, spec: {defaultBackend: {resource: {kind: Bucket, name: b}}}}`,
		},
		"no port": {
			old:     `{kind: Ingress, apiVersion: extensions/v1beta1, spec: {backend: {serviceName: a}}}`,
			current: `{kind: Ingress, apiVersion: networking.k8s.io/v1, spec: {defaultBackend: {service: {name: a}}}}`,
		},
		"no spec": {
			old:     `{kind: Ingress, apiVersion: extensions/v1beta1, metadata: {name: a}}`,
			current: `{kind: Ingress, apiVersion: networking.k8s.io/v1, metadata: {name: a}}`,
		},
		"fields of the wrong type are for the API server to judge": {
			old:     `{kind: Ingress, apiVersion: extensions/v1beta1, spec: {backend: 7, rules: [{http: {paths: [null, {backend: x, pathType: Exact}]}}, 3]}}`,
			current: `{kind: Ingress, apiVersion: networking.k8s.io/v1, spec: {backend: 7, rules: [{http: {paths: [null, {backend: x, pathType: Exact}]}}, 3]}}`,
		},
		"not an Ingress": {
			old:     `{kind: DeleteOptions, apiVersion: v1, spec: {backend: {serviceName: a}}}`,
			current: `{kind: DeleteOptions, apiVersion: v1, spec: {backend: {serviceName: a}}}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(jsonOf(t, c.current), translated(t, c.old, toNew)); diff != "" {
				t.Errorf("old to current (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(jsonOf(t, c.old), translated(t, c.current, toOld)); diff != "" {
				t.Errorf("current to old (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWritesGetThePathTypeThatTheOldServerFilledIn(t *testing.T) {
	got := translated(t, `{kind: Ingress, spec: {rules: [{http: {paths: [{path: /}]}}]}}`, toNew)
	want := jsonOf(t, `{kind: Ingress, apiVersion: networking.k8s.io/v1, spec: {rules: [{http: {paths: [{path: /, pathType: ImplementationSpecific}]}}]}}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListItemsHaveNoVersionOfTheirOwn(t *testing.T) {
	got := translated(t, `{kind: IngressList, apiVersion: networking.k8s.io/v1, items: [{spec: {defaultBackend: {service: {name: a, port: {number: 1}}}}}]}`, toOld)
	want := jsonOf(t, `{kind: IngressList, apiVersion: extensions/v1beta1, items: [{spec: {backend: {serviceName: a, servicePort: 1}}}]}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWatchFrames(t *testing.T) {
	const current = `{"type":"ADDED","object":{"kind":"Ingress","apiVersion":"networking.k8s.io/v1","spec":{"defaultBackend":{"service":{"name":"a","port":{"number":80}}}}}}
{"type":"BOOKMARK","object":{"kind":"Ingress","apiVersion":"networking.k8s.io/v1","metadata":{"resourceVersion":"12"}}}
{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","code":410}}
`
	const want = `{"type":"ADDED","object":{"apiVersion":"extensions/v1beta1","kind":"Ingress","spec":{"backend":{"serviceName":"a","servicePort":80}}}}
{"type":"BOOKMARK","object":{"apiVersion":"extensions/v1beta1","kind":"Ingress","metadata":{"resourceVersion":"12"}}}
{"type":"ERROR","object":{"apiVersion":"v1","code":410,"kind":"Status"}}
`
	stream := framesToOld(io.NopCloser(strings.NewReader(current)))
	defer stream.Close()
	got, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// jsonOf returns YAML as JSON with sorted keys, numbers as written.
func jsonOf(t *testing.T, text string) string {
	return translated(t, text, func(object) {})
}

func translated(t *testing.T, text string, change func(object)) string {
	t.Helper()
	body, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if body, err = translate(body, change); err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, body, "", " "); err != nil {
		t.Fatal(err)
	}
	return indented.String()
}
