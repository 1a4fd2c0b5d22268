package webhook_test

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

var errNotYet = errors.New("not yet")

func (r *rig) edit(kind, namespace, name, patch string) {
	r.t.Helper()
	_, err := r.dynamic.Resource(traefik(kind)).Namespace(namespace).Patch(r.ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	if err != nil {
		r.t.Fatal(err)
	}
}

// waitEvent waits for an event on an Ingress that has all the words.
func (r *rig) waitEvent(namespace, name string, words ...string) {
	r.t.Helper()
	r.eventually("an event says "+strings.Join(words, ", "), func() error {
		said := r.events(namespace, name)
		for _, event := range said {
			all := true
			for _, word := range words {
				all = all && strings.Contains(event, word)
			}
			if all {
				return nil
			}
		}
		return fmt.Errorf("they say %q", said)
	})
}

func (r *rig) testDrift() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "drift.example.com"))
	r.waitRoute(ns, "web")

	// A field that is not ours is theirs, and no drift.
	r.edit("ingressroutes", ns, "web", `{"spec":{"tls":{}}}`)
	r.apply(ingress(ns, "web", "drift2.example.com"))
	r.eventually("the change goes through beside an added field", func() error {
		text := fmt.Sprint(r.route(ns, "web").Object["spec"])
		if !strings.Contains(text, "`drift2.") || !strings.Contains(text, "tls") {
			return fmt.Errorf("the route is %s", text)
		}
		return nil
	})

	r.edit("ingressroutes", ns, "web", `{"spec":{"entryPoints":["emergency"]}}`)
	r.waitEvent(ns, "web", "RouteDrifted: IngressRoute/web edited by hand and kept", "spec.entryPoints")
	if text := fmt.Sprint(r.route(ns, "web").Object["spec"]); !strings.Contains(text, "emergency") {
		r.t.Errorf("the edit is gone: %s", text)
	}

	r.apply(ingress(ns, "web", "drift3.example.com"))
	r.waitEvent(ns, "web", "RouteDiverged: IngressRoute/web", "kubectl-edit")
	if text := fmt.Sprint(r.route(ns, "web").Object["spec"]); !strings.Contains(text, "emergency") || strings.Contains(text, "drift3") {
		r.t.Errorf("an edited route was written: %s", text)
	}
}

// testDriftTakenBack: taking an edit back by hand leaves the editor as owner of
// the field, which must not stop later changes.
func (r *rig) testDriftTakenBack() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "back.example.com"))
	r.waitRoute(ns, "web")
	r.edit("ingressroutes", ns, "web", `{"spec":{"entryPoints":["emergency"]}}`)
	r.waitEvent(ns, "web", "RouteDrifted")
	r.edit("ingressroutes", ns, "web", `{"spec":{"entryPoints":["web"]}}`)
	r.apply(ingress(ns, "web", "back2.example.com"))
	r.eventually("the change goes through", func() error {
		if text := fmt.Sprint(r.route(ns, "web").Object["spec"]); !strings.Contains(text, "`back2.") {
			return fmt.Errorf("the route is %s", text)
		}
		return nil
	})
}

func (r *rig) create(kind string, object map[string]any) *unstructured.Unstructured {
	r.t.Helper()
	u := &unstructured.Unstructured{Object: object}
	created, err := r.dynamic.Resource(traefik(kind)).Namespace(u.GetNamespace()).Create(r.ctx, u, metav1.CreateOptions{FieldManager: "somebody"})
	if err != nil {
		r.t.Fatal(err)
	}
	return created
}

func (r *rig) testForeign() {
	for _, spec := range []struct{ name, host string }{
		{"another route", "theirs"},
		{"the same route", "foreign"},
	} {
		ns := r.namespace(nil)
		theirs := r.create("ingressroutes", map[string]any{
			"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
			"metadata": map[string]any{"name": "web", "namespace": ns},
			"spec": map[string]any{"entryPoints": []any{"web"}, "routes": []any{map[string]any{
				"kind": "Rule", "match": "Host(`" + spec.host + "." + ns + ".example.com`) && PathPrefix(`/`)", "priority": int64(32999),
				"services": []any{map[string]any{"name": "web", "port": int64(80)}},
			}}},
		})
		var warnings string
		r.eventually("the webhook has seen it", func() error {
			_, warnings = r.apply(ingress(ns, "web", "foreign.example.com"), "--dry-run=server")
			if !strings.Contains(warnings, "IngressRoute web is left alone: it was not made by ingress-migrate") {
				return fmt.Errorf("it says %q", warnings)
			}
			return nil
		})
		r.apply(ingress(ns, "web", "foreign.example.com"))
		r.waitEvent(ns, "web", "RouteNameTaken: IngressRoute/web left alone")
		if now := r.route(ns, "web"); now.GetResourceVersion() != theirs.GetResourceVersion() {
			r.t.Errorf("%s: somebody else's route was changed: %v", spec.name, now)
		}
		// Its owner takes it away: the name is free.
		if err := r.dynamic.Resource(traefik("ingressroutes")).Namespace(ns).Delete(r.ctx, "web", metav1.DeleteOptions{}); err != nil {
			r.t.Fatal(err)
		}
		r.eventually("our route is there", func() error {
			if route := r.route(ns, "web"); route == nil || route.GetUID() == theirs.GetUID() {
				return errNotYet
			}
			return nil
		})
	}
}

// testAdopted: what `convert` printed and somebody applied may be in somebody's git.
// It is theirs, also when it is deleted with no Ingress left, until they say so.
func (r *rig) testAdopted() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "adopted.example.com"))
	spec := r.waitRoute(ns, "web").Object["spec"]
	if _, stderr, err := r.kubectl("", "delete", "ingress", "-n", ns, "web"); err != nil {
		r.t.Fatal(stderr)
	}
	r.waitNoRoute(ns, "web")
	applied := r.create("ingressroutes", map[string]any{
		"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
		"metadata": map[string]any{
			"name": "web", "namespace": ns,
			"annotations": map[string]any{"ingress-migrate.io/ingress": "web"}, "labels": map[string]any{"ingress-migrate.io/managed": "true"},
		},
		"spec": spec,
	})
	r.apply(ingress(ns, "web", "adopted.example.com"))
	r.waitEvent(ns, "web", "RouteNameTaken: IngressRoute/web")
	if now := r.route(ns, "web"); now.GetResourceVersion() != applied.GetResourceVersion() {
		r.t.Errorf("it was taken over without a word: %v", now)
	}
	if err := r.scanClean(ns); err != nil {
		r.t.Errorf("a route that does what is wanted is no finding: %v", err)
	}
	// By command, or as in testOptOut by annotation.
	r.mustPlugin("sync", "-n", ns, "web", "--adopt")
	r.apply(ingress(ns, "web", "adopted2.example.com"))
	r.eventually("the route follows its Ingress", func() error {
		route := r.route(ns, "web")
		if route == nil || route.GetUID() != applied.GetUID() || len(route.GetOwnerReferences()) == 0 || !strings.Contains(fmt.Sprint(route.Object["spec"]), "`adopted2.") {
			return fmt.Errorf("it is %v", route)
		}
		return nil
	})
}

const allowList = "ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8"

// testForeignMiddleware: a route whose allow list belongs to somebody else would
// be a route that somebody else opens, and the open route of before is closed.
func (r *rig) testForeignMiddleware() {
	ns := r.namespace(nil)
	name := r.allowListOf(ns)
	r.create("middlewares", map[string]any{
		"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
		"metadata": map[string]any{"name": name, "namespace": ns},
		"spec":     map[string]any{"ipWhiteList": map[string]any{"sourceRange": []any{"0.0.0.0/0"}}},
	})
	r.apply(ingress(ns, "web", "held.example.com", allowList))
	r.waitEvent(ns, "web", "RouteNameTaken: Middleware/"+name)
	r.waitNoRoute(ns, "web")
	r.waitEvent(ns, "web", "RouteRemoved: removed IngressRoute/web")
	if err := r.dynamic.Resource(traefik("middlewares")).Namespace(ns).Delete(r.ctx, name, metav1.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
	r.apply(ingress(ns, "web", "held2.example.com", allowList))
	r.waitRoute(ns, "web")
}

// allowListOf returns the name of web's allow list, and leaves web with an open route.
func (r *rig) allowListOf(ns string) (name string) {
	r.t.Helper()
	r.apply(ingress(ns, "web", "held.example.com", allowList))
	r.waitRoute(ns, "web")
	list, err := r.dynamic.Resource(traefik("middlewares")).Namespace(ns).List(r.ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) == 0 {
		r.t.Fatalf("middlewares: %v, %v", list, err)
	}
	name = list.Items[0].GetName()
	r.apply(ingress(ns, "web", "held.example.com"))
	r.eventually("the middleware is gone", func() error {
		if r.object("middlewares", ns, name) != nil {
			return errNotYet
		}
		return nil
	})
	return name
}

const noAllowLists = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-allow-lists}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [traefik.io], apiVersions: [v1alpha1], operations: [CREATE, UPDATE], resources: [middlewares]}
  validations:
  - expression: "!has(object.spec.ipWhiteList) && !has(object.spec.ipAllowList)"
    message: allow lists are not yours
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-allow-lists}
spec: {policyName: no-allow-lists, validationActions: [Deny]}
`

// testRefusedMiddleware: where the allow list is refused, the open route is closed.
func (r *rig) testRefusedMiddleware() {
	ns := r.namespace(nil)
	r.allowListOf(ns)
	defer r.refuseAllowLists(ns)()
	r.apply(ingress(ns, "web", "held.example.com", allowList))
	r.waitNoRoute(ns, "web")
	r.waitEvent(ns, "web", "RouteRemoved", "what protects it cannot be written", "are not yours")
	if _, stderr, err := r.kubectl(noAllowLists, "delete", "-f", "-"); err != nil {
		r.t.Fatal(stderr)
	}
	r.waitRoute(ns, "web")
}

// refuseAllowLists lets a policy refuse them until the returned function is called.
func (r *rig) refuseAllowLists(ns string) (stop func()) {
	r.t.Helper()
	r.apply(noAllowLists)
	r.eventually("the policy refuses", func() error {
		_, stderr, err := r.kubectl("apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: probe, namespace: "+ns+"}\nspec: {ipWhiteList: {sourceRange: [10.0.0.0/8]}}\n", "apply", "--dry-run=server", "-f", "-")
		if err == nil || !strings.Contains(stderr, "are not yours") {
			return fmt.Errorf("it says %q", stderr)
		}
		return nil
	})
	return func() { _, _, _ = r.kubectl(noAllowLists, "delete", "--ignore-not-found", "-f", "-") }
}

func (r *rig) testRouteDeleted() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "deleted.example.com"))
	first := r.waitRoute(ns, "web").GetUID()
	if err := r.dynamic.Resource(traefik("ingressroutes")).Namespace(ns).Delete(r.ctx, "web", metav1.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("the route is made again", func() error {
		if route := r.route(ns, "web"); route == nil || route.GetUID() == first {
			return errNotYet
		}
		return nil
	})
}
