package webhook_test

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testSyncCloses: without a webhook too, a route is gone as soon as its allow list
// belongs to somebody else or is refused, whether it is as it should be or not.
func (r *rig) testSyncCloses() {
	sync := func(ns string, args ...string) (status int, stdout, stderr string) {
		return r.plugin(append([]string{"sync", "-n", ns, "--from", "traefik-v1"}, args...)...)
	}
	must := func(ns string, args ...string) {
		r.t.Helper()
		if status, stdout, stderr := sync(ns, args...); status != 0 {
			r.t.Fatalf("sync %v: exit status %d\n%s%s", args, status, stdout, stderr)
		}
	}
	closes := func(what, ns string) {
		r.t.Helper()
		_, stdout, _ := sync(ns, "--dry-run=server")
		if !strings.Contains(stdout, "ingressroute.traefik.io/web deleted (server dry run)\n") || r.route(ns, "web") == nil {
			r.t.Errorf("%s: a dry run says\n%s", what, stdout)
		}
		status, stdout, stderr := sync(ns)
		if status != 1 || !strings.Contains(stdout, "ingressroute.traefik.io/web deleted\n") || !strings.Contains(stderr, "ingressroute.traefik.io/web of "+ns+"/web closed: ") {
			r.t.Errorf("%s: exit status %d\n%s%s", what, status, stdout, stderr)
		}
		if r.route(ns, "web") != nil {
			r.t.Errorf("%s: the route is open", what)
		}
	}
	middlewares := traefik("middlewares")
	open := func() (ns, middleware string) {
		ns = r.namespace(nil)
		r.apply(ingress(ns, "web", "sync.example.com", allowList))
		must(ns)
		list, err := r.dynamic.Resource(middlewares).Namespace(ns).List(r.ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) != 1 {
			r.t.Fatalf("middlewares: %v, %v", list, err)
		}
		return ns, list.Items[0].GetName()
	}
	theirs := func(ns, name string) {
		r.create("middlewares", map[string]any{
			"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
			"metadata": map[string]any{"name": name, "namespace": ns},
			"spec":     map[string]any{"ipWhiteList": map[string]any{"sourceRange": []any{"0.0.0.0/0"}}},
		})
	}

	ns, name := open()
	if err := r.dynamic.Resource(middlewares).Namespace(ns).Delete(r.ctx, name, metav1.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
	theirs(ns, name)
	closes("a route as it should be, with a foreign allow list", ns)

	ns, name = open()
	r.apply(ingress(ns, "web", "sync.example.com"))
	must(ns, "--prune", "--yes")
	theirs(ns, name)
	r.apply(ingress(ns, "web", "sync.example.com", allowList))
	closes("a route without one, whose allow list is foreign", ns)

	ns, _ = open()
	r.apply(ingress(ns, "web", "sync.example.com"))
	must(ns, "--prune", "--yes")
	defer r.refuseAllowLists(ns)()
	r.apply(ingress(ns, "web", "sync.example.com", allowList))
	closes("a route whose allow list is refused", ns)
}
