package webhook_test

import (
	"strings"
	"testing"
)

func TestWebhook(t *testing.T) {
	r := newRig(t, 2)

	t.Run("install says what is missing", func(t *testing.T) {
		r := r.with(t)
		status, _, stderr := r.plugin("webhook", "install", "--image", image)
		if status == 0 || !strings.Contains(stderr, "custom resource definitions are missing") || !strings.Contains(stderr, "kubectl apply -f") {
			t.Fatalf("exit status %d: %s", status, stderr)
		}
	})
	r.installCRDs()
	stdout, stderr := r.mustPlugin("webhook", "install", "--image", image)
	t.Log(stdout, stderr)
	t.Run("check", func(t *testing.T) {
		stdout, stderr := r.with(t).mustPlugin("webhook", "check")
		t.Log(stdout, stderr)
	})
	t.Run("route follows its Ingress", func(t *testing.T) {
		r := r.with(t)
		ns := r.namespace(nil)
		_, stderr := r.apply(ingress(ns, "web", "web.example.com"))
		t.Log(stderr)
		route := r.waitRoute(ns, "web")
		t.Log(route)
		stdout, _, _ := r.kubectl("", "get", "ingress", "-n", ns, "-o", "yaml")
		t.Log(stdout, r.events(ns, "web"))
	})
}
