package desired_test

import (
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// TestOtherConverter: only a difference that no change of the Ingress explains is that of
// two versions.
func TestOtherConverter(t *testing.T) {
	written := ingress("42")
	written.Annotations = map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "example.com/deployed": "1"}
	live := want(t, specOf("Host(`a`)"), written)
	desired.WrittenBy(live, "v1.0.0")
	for name, c := range map[string]struct {
		annotations map[string]string
		class       string
		version     string
		want        string
	}{
		"another version":  {map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "example.com/deployed": "1"}, "", "v2.0.0", "v1.0.0"},
		"the same version": {map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "example.com/deployed": "1"}, "", "v1.0.0", ""},
		"deployed again":   {map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "example.com/deployed": "2"}, "", "v2.0.0", "v1.0.0"},
		"stamped":          {map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "ingress-migrate.io/route": "IngressRoute/cart"}, "", "v2.0.0", "v1.0.0"},
		"another priority": {map[string]string{"traefik.ingress.kubernetes.io/priority": "6"}, "", "v2.0.0", ""},
		"another class":    {map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "kubernetes.io/ingress.class": "x"}, "", "v2.0.0", ""},
		"the long form":    {map[string]string{"traefik.ingress.kubernetes.io/priority": "5", "traefik.frontend.priority": "6"}, "", "v2.0.0", ""},
		"a changed spec":   {map[string]string{"traefik.ingress.kubernetes.io/priority": "5"}, "x", "v2.0.0", ""},
	} {
		now := written.DeepCopy()
		now.Annotations = c.annotations
		if c.class != "" {
			now.Spec.IngressClassName = &c.class
		}
		if got := desired.OtherConverter(live, now, c.version); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := desired.OtherConverter(want(t, specOf("Host(`a`)"), written), written, "v2.0.0"); got != "" {
		t.Errorf("an object that says nothing is of %q", got)
	}
}

// TestMarked: who wrote an object, and when, is no reason to write it again.
func TestMarked(t *testing.T) {
	live := want(t, specOf("Host(`a`)"), ingress("42"))
	desired.WrittenBy(live, "v1.0.0")
	later := ingress("42")
	later.Annotations = map[string]string{"ingress.kubernetes.io/x": "y"}
	again := want(t, specOf("Host(`a`)"), later)
	desired.WrittenBy(again, "v2.0.0")
	if !desired.Marked(again, live) {
		t.Error("an object of another version is not marked as ours")
	}
	if state, differences := desired.Compare(again, live); state != desired.InSync {
		t.Errorf("%s: %v", state, differences)
	}
	if desired.Marked(want(t, specOf("Host(`a`)"), ingress("43")), live) {
		t.Error("an object of the Ingress of before is marked as the new one's")
	}
}
