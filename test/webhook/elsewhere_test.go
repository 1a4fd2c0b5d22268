package webhook_test

import (
	"bytes"
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
)

// testElsewhere: the other commands find a webhook that is in another namespace, that is
// for one namespace only and refuses there what cannot be converted; and
// an uninstallation that is killed after every single change is finished in the end.
func (r *rig) testElsewhere() {
	ns, other := r.namespace(nil), r.namespace(nil)
	r.mustPlugin("webhook", "install", "-n", "elsewhere", "--image", image, "--source-ingress-class", "edge", "--namespaces", ns, "--mode", "enforce")
	r.apply(ingress(other, "web", "elsewhere.example.com", "kubernetes.io/ingress.class=edge"))
	r.apply(ingress(ns, "web", "elsewhere.example.com", "kubernetes.io/ingress.class=edge"))
	r.waitRoute(ns, "web")

	if stamp := r.stamp(other, "web"); stamp != "" || r.route(other, "web") != nil {
		r.t.Errorf("an Ingress of another namespace is stamped %q or has a route", stamp)
	}
	for question, want := range map[string]string{
		"create ingressroutes.traefik.io -n " + ns: "yes", "create ingressroutes.traefik.io -n " + other: "no",
		"list ingresses.networking.k8s.io -n " + ns: "yes", "list ingresses.networking.k8s.io -A": "no", "list services -A": "no",
	} {
		answer, _, _ := r.kubectl("", append(append([]string{"auth", "can-i"}, strings.Fields(question)...), "--as", "system:serviceaccount:elsewhere:ingress-migrate-webhook")...)
		if got := strings.TrimSpace(answer); got != want {
			r.t.Errorf("%s: %s, want %s", question, got, want)
		}
	}

	const edge, unconvertible = "kubernetes.io/ingress.class=edge", "ingress.kubernetes.io/whitelist-x-forwarded-for=true"
	_, refused, err := r.kubectl(ingress(ns, "refused", "refused.example.com", edge, allowList, unconvertible), "apply", "-f", "-")
	if err == nil || !strings.Contains(refused, "denied the request: ingress-migrate: "+ns+"/refused: ") || !strings.Contains(refused, "E-WHITELIST-XFF") {
		r.t.Errorf("in mode enforce kubectl says: %v, %s", err, refused)
	}
	r.apply(ingress(other, "refused", "refused.example.com", edge, allowList, unconvertible))

	if err := r.scanClean(ns); err != nil {
		r.t.Errorf("scan does not go by the options of the webhook: %v", err)
	}
	if stdout, stderr := r.mustPlugin("sync", "-n", ns); strings.Contains(stdout, "ingressroute") {
		r.t.Errorf("sync changes what the webhook wrote:\n%s%s", stdout, stderr)
	}
	if stdout, _ := r.mustPlugin("version"); !strings.Contains(stdout, image) {
		r.t.Errorf("version:\n%s", stdout)
	}
	if stdout, _ := r.mustPlugin("status", "--no-scan", "-o", "jsonpath={.webhook}"); !strings.HasPrefix(stdout, "2/2 ready, certificate valid for ") {
		r.t.Errorf("status says of the webhook: %q", stdout)
	}
	if stdout, _ := r.mustPlugin("webhook", "check"); strings.Contains(stdout, "FAIL") {
		r.t.Errorf("check:\n%s", stdout)
	}
	if stdout, _ := r.mustPlugin("webhook", "install", "--image", image); strings.Contains(stdout, "created") {
		r.t.Errorf("installing again makes a second one:\n%s", stdout)
	}
	status, _, stderr := r.plugin("webhook", "install", "-n", "third", "--image", image)
	if status != 1 || !strings.Contains(stderr, "installed in namespace elsewhere") {
		r.t.Errorf("a second one: exit status %d, %s", status, stderr)
	}

	// A namespace may take its time to end: whoever asks then has nothing more to do.
	r.mustKubectl("patch", "namespace", "elsewhere", "--type", "merge", "-p", `{"metadata":{"finalizers":["example.com/slow"]}}`)
	runs := 0
	for ; !r.uninstallOneChange(); runs++ {
		if runs == 100 {
			r.t.Fatal("it is never finished")
		}
	}
	r.t.Logf("finished after being killed %d times", runs)
	r.mustKubectl("patch", "namespace", "elsewhere", "--type", "merge", "-p", `{"metadata":{"finalizers":null}}`)
	if route := r.route(ns, "web"); route == nil || len(route.GetOwnerReferences()) > 0 {
		r.t.Errorf("route after --keep-routes: %v", route)
	}
	left, err := r.client.AppsV1().Deployments(metav1.NamespaceAll).List(r.ctx, metav1.ListOptions{})
	if err != nil || len(left.Items) > 0 {
		r.t.Errorf("%d Deployments are left, %v", len(left.Items), err)
	}
	r.eventually("the namespace is gone", func() error {
		if _, _, err := r.kubectl("", "get", "namespace", "elsewhere"); err == nil {
			return errNotYet
		}
		return nil
	})
	if left := r.mustKubectl("get", "role,rolebinding", "-n", ns, "-o", "name"); left != "" {
		r.t.Errorf("rights are left in namespace %s: %s", ns, left)
	}
	for _, kind := range []string{"clusterrole", "clusterrolebinding", "mutatingwebhookconfiguration"} {
		if name := r.mustKubectl("get", kind, "-o", "name"); strings.Contains(name, "ingress-migrate-webhook") {
			r.t.Errorf("left: %s", name)
		}
	}
}

// uninstallOneChange runs an uninstallation that ends as if it was killed as soon as
// it says that it changed something, and tells whether there was nothing to change.
func (r *rig) uninstallOneChange() (done bool) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	out := &killing{cancel: cancel}
	var errOut bytes.Buffer
	status := plugin.Run(ctx, []string{"webhook", "uninstall", "--keep-routes", "--yes", "--kubeconfig", r.Kubeconfig()},
		genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: &errOut})
	if status == 0 {
		return true
	}
	if out.Len() == 0 {
		r.t.Fatalf("exit status %d: %s", status, errOut.String())
	}
	return false
}

// killing ends a command when it has written something.
type killing struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (k *killing) Write(p []byte) (int, error) {
	defer k.cancel()
	return k.Buffer.Write(p)
}
