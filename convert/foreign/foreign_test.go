package foreign

import (
	"slices"
	"strings"
	"testing"
)

func TestReadersAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(readers[:], func(a, b struct{ prefix, name string }) int { return strings.Compare(a.prefix, b.prefix) }) {
		t.Error("readers are not sorted by prefix, so some are not found")
	}
}

func TestWhoseAnnotation(t *testing.T) {
	cases := map[string]struct {
		note       string
		controller bool
	}{
		"acme.cert-manager.io/http01-edit-in-place":        {"read by cert-manager", false},
		"cert-manager.io/issuer":                           {"read by cert-manager", false},
		"kubernetes.io/tls-acme":                           {"read by cert-manager", false},
		"external-dns.kubernetes.io/ttl":                   {"read by external-dns", false},
		"kubectl.kubernetes.io/last-applied-configuration": {"read by kubectl", false},
		"meta.helm.sh/release-name":                        {"read by Helm", false},
		"venafi.cert-manager.io/custom-fields":             {"read by cert-manager", false},
		"ingress-migrate.io/mode":                          {"read by this tool", false},
		"example.com/owner":                                {"belongs to another system", false},
		"owner":                                            {"belongs to another system", false},
		"nginx.ingress.kubernetes.io/auth-url":             {"belongs to another system", true},
		"traefik.io/x":                                     {"belongs to another system", true},
		"nginx.org/rewrites":                               {"belongs to another system", true},
		"kubernetes.io/ingress.allow-http":                 {"belongs to another system", true},
	}
	for key, want := range cases {
		if note, controller := Note(key), OfController(key); note != want.note || controller != want.controller {
			t.Errorf("%s: %q, of a controller %v; want %+v", key, note, controller, want)
		}
	}
}
