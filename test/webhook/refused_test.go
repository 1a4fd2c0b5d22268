package webhook_test

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A mutating webhook runs before every validating one and before quota, so a
// route that is made at admission would stay, live and without an owner, when
// the Ingress is refused afterwards.

const noAdmin = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-admin-host}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [ingresses]}
  validations:
  - expression: "!object.spec.rules.exists(r, r.host.startsWith('admin.'))"
    message: admin hosts are not yours
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-admin-host}
spec: {policyName: no-admin-host, validationActions: [Deny]}
`

func (r *rig) testRefused() {
	ns := r.namespace(nil)
	r.apply(noAdmin)
	defer r.kubectl(noAdmin, "delete", "-f", "-")
	r.eventually("the policy refuses", func() error {
		_, stderr, err := r.kubectl(ingress(ns, "admin", "admin.example.com"), "apply", "-f", "-")
		if err == nil {
			// Too early: the policy is not known yet.
			_, _, _ = r.kubectl("", "delete", "ingress", "-n", ns, "admin")
			return errNotYet
		}
		if !strings.Contains(stderr, "are not yours") {
			r.t.Fatal(stderr)
		}
		return nil
	})
	r.waitNoRoute(ns, "admin")
	for range 5 {
		if _, _, err := r.kubectl(ingress(ns, "admin", "admin.example.com"), "apply", "-f", "-"); err == nil {
			r.t.Fatal("the policy let it through")
		}
	}
	r.marker(ns)
	if r.route(ns, "admin") != nil {
		r.t.Error("a refused Ingress left a route")
	}

	// A refused update must not change the route that is there.
	r.apply(ingress(ns, "web", "good.example.com"))
	version := r.waitRoute(ns, "web").GetResourceVersion()
	if _, _, err := r.kubectl(ingress(ns, "web", "admin.example.com"), "apply", "-f", "-"); err == nil {
		r.t.Fatal("the policy let the update through")
	}
	r.marker(ns)
	if now := r.route(ns, "web").GetResourceVersion(); now != version {
		r.t.Error("a refused update changed the route")
	}
}

func (r *rig) testQuota() {
	ns := r.namespace(nil)
	_, err := r.client.CoreV1().ResourceQuotas(ns).Create(r.ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "one"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/ingresses.networking.k8s.io": resource.MustParse("1")}},
	}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.eventually("the quota is counted", func() error {
		quota, err := r.client.CoreV1().ResourceQuotas(ns).Get(r.ctx, "one", metav1.GetOptions{})
		if err == nil && len(quota.Status.Hard) == 0 {
			err = errNotYet
		}
		return err
	})
	r.apply(ingress(ns, "first", "first.example.com"))
	for range 5 {
		_, stderr, err := r.kubectl(ingress(ns, "second", "second.example.com"), "apply", "-f", "-")
		if err == nil || !strings.Contains(stderr, "exceeded quota") {
			r.t.Fatalf("the quota let it through: %s", stderr)
		}
	}
	r.waitRoute(ns, "first")
	if r.route(ns, "second") != nil {
		r.t.Error("an Ingress over quota left a route")
	}
}
