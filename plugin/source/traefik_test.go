package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestObjectsOfTraefikAreKnown(t *testing.T) {
	loaded, err := FromFiles(Files{Names: []string{"-"}, Stdin: strings.NewReader(`
apiVersion: traefik.io/v1alpha1
kind: MiddlewareList
items:
- metadata: {name: auth, namespace: shop}
  spec: {basicAuth: {secret: users}}
---
{apiVersion: traefik.containo.us/v1alpha1, kind: TLSOption, metadata: {name: strict, namespace: shop}}
---
{apiVersion: traefik.containo.us/v1alpha1, kind: Middleware, metadata: {name: auth, namespace: shop}}
---
{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: other, namespace: shop}}
---
{apiVersion: example.com/v1, kind: Middleware, metadata: {name: foreign, namespace: shop}}
`)})
	if err != nil {
		t.Fatal(err)
	}
	want := []ir.TraefikObject{{Kind: "Middleware", Namespace: "shop", Name: "auth", Spec: `{"basicAuth":{"secret":"users"}}`}, {Kind: "TLSOption", Namespace: "shop", Name: "strict"}}
	if diff := cmp.Diff(want, loaded.Input.Traefik); diff != "" || loaded.Input.TraefikKnown {
		t.Errorf("known %v, %s", loaded.Input.TraefikKnown, diff)
	}
	if len(loaded.Diagnostics) != 2 {
		t.Errorf("got %v, want notes on the other two", loaded.Diagnostics)
	}
}
