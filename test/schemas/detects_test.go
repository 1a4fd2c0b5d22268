package schemas

import (
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// The judges see what they are there to see.
func TestJudgesDetect(t *testing.T) {
	judges := map[emit.Version]judge{emit.V2: newJudge(t, emit.V2), emit.V3: newJudge(t, emit.V3)}
	head := func(kind, spec string) string {
		return "apiVersion: traefik.io/v1alpha1\nkind: " + kind + "\nmetadata: {name: x, namespace: shop}\nspec: " + spec + "\n"
	}
	for name, test := range map[string]struct {
		version  emit.Version
		document string
		want     []string
	}{
		"a field of the next version": {
			emit.V2, head("IngressRoute", "{routes: [{kind: Rule, match: Host(`x`), services: [{name: a, port: 80}], syntax: v3}]}"),
			[]string{`types: strict decoding error: unknown field "spec.routes[0].syntax"`, "spec.routes[0].syntax is unknown and would be pruned"},
		},
		"a field that only another provider has": {
			emit.V3, head("Middleware", "{redirectScheme: {scheme: https, forcePermanentRedirect: true}}"),
			[]string{"spec.redirectScheme.forcePermanentRedirect is unknown and would be pruned"},
		},
		"a value of no enumeration": {
			emit.V3, head("IngressRoute", "{routes: [{kind: Route, match: Host(`x`)}]}"),
			[]string{`spec.routes[0].kind: Unsupported value: "Route"`},
		},
		"no routes": {emit.V2, head("IngressRoute", "{entryPoints: [web]}"), []string{"spec.routes: Required value"}},
		"a rule in CEL": {
			emit.V3, head("ServersTransport", "{rootCAs: [{secret: a, configMap: b}]}"),
			[]string{"RootCA cannot have both Secret and ConfigMap defined"},
		},
		"a name": {
			emit.V2, strings.Replace(head("Middleware", "{stripPrefix: {prefixes: [/a]}}"), "name: x", "name: Replace-path--.x", 1),
			[]string{"metadata.name: Invalid value: \"Replace-path--.x\""},
		},
		"a group that the target does not read": {
			emit.V3, strings.Replace(head("Middleware", "{stripPrefix: {prefixes: [/a]}}"), "traefik.io", "traefik.containo.us", 1),
			[]string{"types: no kind", "no definition of traefik.containo.us/v1alpha1 Middleware"},
		},
	} {
		err := judges[test.version].check(t.Context(), []byte(test.document))
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q in it", name, err, want)
			}
		}
	}
}
