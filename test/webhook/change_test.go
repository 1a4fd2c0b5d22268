package webhook_test

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

func (r *rig) testClass() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "class.example.com"))
	r.waitRoute(ns, "web")
	r.apply(ingress(ns, "web", "class.example.com", "kubernetes.io/ingress.class=nginx"))
	r.waitNoRoute(ns, "web")
	if stamp := r.stamp(ns, "web"); stamp != "" {
		r.t.Errorf("an Ingress of another class is stamped %q", stamp)
	}
	r.apply(ingress(ns, "web", "class.example.com", "kubernetes.io/ingress.class=traefik"))
	r.waitRoute(ns, "web")
	r.apply(ingress(ns, "other", "other.example.com", "kubernetes.io/ingress.class=nginx"))
	r.marker(ns)
	if r.route(ns, "other") != nil {
		r.t.Error("an Ingress of another class got a route")
	}
}

func (r *rig) testOptOut() {
	ns := r.namespace(nil)
	const ignore = "ingress-migrate.io/mode=ignore"
	r.apply(ingress(ns, "web", "out.example.com"))
	r.waitRoute(ns, "web")
	r.apply(ingress(ns, "web", "out.example.com", ignore))
	r.eventually("the route is detached", func() error {
		route := r.route(ns, "web")
		if route == nil {
			r.t.Fatal("the route of an Ingress that opted out is gone")
		}
		if len(route.GetOwnerReferences()) > 0 || route.GetLabels()["ingress-migrate.io/managed"] != "" {
			return errNotYet
		}
		return nil
	})
	// Now it is theirs: changes do not reach it, and it may be edited.
	r.apply(ingress(ns, "web", "out2.example.com", ignore))
	r.marker(ns)
	if text := fmt.Sprint(r.route(ns, "web")); !strings.Contains(text, "`out.") {
		r.t.Errorf("the route of an Ingress that opted out was written: %s", text)
	}
	// Opting in takes nothing back by itself: meanwhile it may have got into somebody's git.
	r.apply(ingress(ns, "web", "out3.example.com"))
	r.waitEvent(ns, "web", "RouteNameTaken", desired.AdoptAnnotation)
	if text := fmt.Sprint(r.route(ns, "web")); !strings.Contains(text, "`out.") {
		r.t.Errorf("a detached route was written: %s", text)
	}
	r.mustKubectl("annotate", "ingressroutes.traefik.io", "-n", ns, "web", desired.AdoptAnnotation+"=true")
	r.eventually("the route is ours again", func() error {
		route := r.route(ns, "web")
		if len(route.GetOwnerReferences()) != 1 || !strings.Contains(fmt.Sprint(route.Object["spec"]), "`out3.") {
			return fmt.Errorf("it is %v", route)
		}
		return nil
	})
}

func (r *rig) testNamespaceOptOut() {
	ns := r.namespace(map[string]string{"ingress-migrate.io/webhook": "disabled"})
	marker := r.namespace(nil)
	r.apply(ingress(ns, "web", "disabled.example.com"))
	if stamp := r.stamp(ns, "web"); stamp != "" {
		r.t.Errorf("an Ingress of a namespace that opted out is stamped %q", stamp)
	}
	r.marker(marker)
	if r.route(ns, "web") != nil {
		r.t.Error("an Ingress of a namespace that opted out got a route")
	}
	patch := []byte(`{"metadata":{"labels":{"ingress-migrate.io/webhook":null}}}`)
	if _, err := r.client.CoreV1().Namespaces().Patch(r.ctx, ns, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		r.t.Fatal(err)
	}
	r.waitRoute(ns, "web")
	r.mustKubectl("label", "namespace", ns, "ingress-migrate.io/webhook=disabled")
	r.eventually("the route of a namespace that opts out later is detached", func() error {
		if route := r.route(ns, "web"); route == nil || len(route.GetOwnerReferences()) > 0 || route.GetLabels()[desired.ManagedLabel] != "" {
			return fmt.Errorf("it is %v", route)
		}
		return nil
	})
}

func (r *rig) testBlocked() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "blocked.example.com", allowList))
	r.waitRoute(ns, "web")
	// Which address counts behind a proxy cannot be carried over, so the list
	// would let everybody in or nobody.
	_, stderr := r.apply(ingress(ns, "web", "blocked.example.com", allowList, "ingress.kubernetes.io/whitelist-x-forwarded-for=true"))
	if !strings.Contains(stderr, "E-WHITELIST-XFF") {
		r.t.Errorf("kubectl says:\n%s", stderr)
	}
	r.waitNoRoute(ns, "web")
	if stamp := r.stamp(ns, "web"); stamp != "unconvertible: E-WHITELIST-XFF" {
		r.t.Errorf("stamp %q", stamp)
	}
	r.waitEvent(ns, "web", "RouteBlocked", "E-WHITELIST-XFF")
}

func (r *rig) testPrune() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "prune.example.com", allowList))
	r.waitRoute(ns, "web")
	if !strings.Contains(fmt.Sprint(r.route(ns, "web").Object["spec"]), "middlewares") {
		r.t.Fatal("the route has no middleware")
	}
	r.apply(ingress(ns, "web", "prune.example.com"))
	r.eventually("the middleware is gone and the route does not name it", func() error {
		list, err := r.dynamic.Resource(traefik("middlewares")).Namespace(ns).List(r.ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if len(list.Items) > 0 || strings.Contains(fmt.Sprint(r.route(ns, "web").Object["spec"]), "middlewares") {
			return errNotYet
		}
		return nil
	})
}

// testPeers: Traefik 1.7 merges equal hosts and paths of one namespace, so an
// Ingress can change the route of another one.
func (r *rig) testPeers() {
	ns := r.namespace(nil)
	r.service(ns, "second")
	r.apply(ingress(ns, "a", "shared.example.com"))
	alone := fmt.Sprint(r.waitRoute(ns, "a").Object["spec"])
	r.apply(strings.Replace(ingress(ns, "b", "shared.example.com"), "name: web, port", "name: second, port", 1))
	r.eventually("the routes of both are what scan wants", func() error { return r.scanClean(ns) })
	if _, stderr, err := r.kubectl("", "delete", "ingress", "-n", ns, "b"); err != nil {
		r.t.Fatal(stderr)
	}
	r.eventually("the first is what it was", func() error {
		if now := fmt.Sprint(r.route(ns, "a").Object["spec"]); now != alone {
			return fmt.Errorf("it is %s, was %s", now, alone)
		}
		return nil
	})
}

// scanClean asks the plugin whether everything is in sync.
func (r *rig) scanClean(namespace string) error {
	status, stdout, stderr := r.plugin("scan", "-n", namespace)
	if status != 0 {
		return fmt.Errorf("scan: exit status %d\n%s%s", status, stdout, stderr)
	}
	return nil
}

// testOrphaned: an Ingress that was restored or created anew has another UID, and
// its route an owner that does not exist.
func (r *rig) testOrphaned() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "orphan.example.com"))
	uid := r.waitRoute(ns, "web").GetUID()
	// A collector that has not heard of the route yet cannot orphan it, and takes it when
	// it does. Of a kind whose definition is new it hears after half a minute.
	r.collectorHasRun(ns)
	r.mustKubectl("delete", "ingress", "-n", ns, "web", "--cascade=orphan")
	r.eventually("the route has no owner", func() error {
		if route := r.route(ns, "web"); route == nil || len(route.GetOwnerReferences()) > 0 {
			return fmt.Errorf("it is %v", route)
		}
		return nil
	})
	r.apply(ingress(ns, "web", "orphan.example.com"))
	r.eventually("the same route has the new owner", func() error {
		if route := r.route(ns, "web"); route == nil || route.GetUID() != uid || len(route.GetOwnerReferences()) != 1 {
			return fmt.Errorf("it is %v", route)
		}
		return r.scanClean(ns)
	})
}

func (r *rig) testLateService() {
	ns := r.namespace(nil)
	manifest := strings.Replace(ingress(ns, "web", "late.example.com"), "name: web, port", "name: late, port", 1)
	r.apply(manifest)
	r.service(ns, "late")
	r.eventually("the route leads to the Service", func() error {
		if route := r.route(ns, "web"); route == nil || !strings.Contains(fmt.Sprint(route.Object["spec"]), "late") {
			return errNotYet
		}
		return r.scanClean(ns)
	})
}

// testRights: the webhook's identity can do its work and nothing beside it.
func (r *rig) testRights() {
	as := []string{"--as", "system:serviceaccount:ingress-migrate:ingress-migrate-webhook"}
	for question, want := range map[string]string{
		"create ingressroutes.traefik.io -n default":                            "yes",
		"get secrets -n default":                                                "no",
		"get secrets -n ingress-migrate":                                        "no",
		"list secrets -n ingress-migrate":                                       "no",
		"get secrets/ingress-migrate-webhook-certificate -n ingress-migrate":    "yes",
		"update secrets/ingress-migrate-webhook-certificate -n ingress-migrate": "yes",
		"patch mutatingwebhookconfigurations/ingress-migrate-webhook":           "yes",
		"list mutatingwebhookconfigurations":                                    "no",
		"create secrets -n ingress-migrate":                                     "no",
		"update ingresses.networking.k8s.io -n default":                         "no",
		"patch mutatingwebhookconfigurations":                                   "no",
		"patch mutatingwebhookconfigurations/other":                             "no",
		"create pods -n ingress-migrate":                                        "no",
		"update leases.coordination.k8s.io -n kube-system":                      "no",
		"escalate clusterroles":                                                 "no",
	} {
		answer, _, _ := r.kubectl("", append(append([]string{"auth", "can-i"}, strings.Fields(question)...), as...)...)
		if got := strings.TrimSpace(answer); got != want {
			r.t.Errorf("%s: %s, want %s", question, got, want)
		}
	}
}
