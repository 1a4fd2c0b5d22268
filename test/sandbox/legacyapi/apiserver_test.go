package legacyapi

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/api/extensions/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// TestRealAPIServer runs the typed client of the old API, and then kubectl with
// a manifest of the old time, against a real API server behind the proxy.
func TestRealAPIServer(t *testing.T) {
	assets, err := binaries.EnsureAssets(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	environment := &envtest.Environment{BinaryAssetsDirectory: assets}
	admin, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	})
	proxy, err := Start(t.Context(), Options{Upstream: admin})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	token := editorToken(t, admin)

	t.Run("no token, no access", func(t *testing.T) {
		_, err := clientFor(t, proxy.Config("")).ExtensionsV1beta1().Ingresses("default").List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsUnauthorized(err) && !apierrors.IsForbidden(err) {
			t.Errorf("listing without a token: %v", err)
		}
	})
	t.Run("typed client", func(t *testing.T) { testTypedClient(t, proxy.Config(token), admin) })
	t.Run("kubectl", func(t *testing.T) { testKubectl(t, filepath.Join(assets, "kubectl"), proxy, token, admin) })
}

func testTypedClient(t *testing.T, config, admin *rest.Config) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ingresses := clientFor(t, config).ExtensionsV1beta1().Ingresses("default")
	want := v1beta1.IngressSpec{
		Backend: &v1beta1.IngressBackend{ServiceName: "fallback", ServicePort: intstr.FromString("http")},
		Rules: []v1beta1.IngressRule{{Host: "typed.test", IngressRuleValue: v1beta1.IngressRuleValue{HTTP: &v1beta1.HTTPIngressRuleValue{
			Paths: []v1beta1.HTTPIngressPath{{Path: "/", Backend: v1beta1.IngressBackend{ServiceName: "myapp", ServicePort: intstr.FromInt32(80)}}},
		}}}},
	}
	events, err := ingresses.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	if _, err := ingresses.Create(ctx, &v1beta1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "typed"}, Spec: want}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	implementationSpecific := v1beta1.PathTypeImplementationSpecific
	want.Rules[0].HTTP.Paths[0].PathType = &implementationSpecific

	event := <-events.ResultChan()
	added, ok := event.Object.(*v1beta1.Ingress)
	if !ok || event.Type != watch.Added {
		t.Fatalf("watch told %s %#v", event.Type, event.Object)
	}
	if diff := cmp.Diff(want, added.Spec); diff != "" {
		t.Errorf("watched (-want +got):\n%s", diff)
	}
	stored, err := clientFor(t, admin).NetworkingV1().Ingresses("default").Get(ctx, "typed", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if port := stored.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port.Number; port != 80 {
		t.Errorf("stored port %d, want 80", port)
	}
	if _, err := ingresses.Patch(ctx, "typed", types.StrategicMergePatchType, []byte(`{"spec":{"backend":{"serviceName":"other"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	want.Backend.ServiceName = "other"
	added.Status.LoadBalancer.Ingress = []v1beta1.IngressLoadBalancerIngress{{Hostname: "edge.test"}}
	added.ResourceVersion = ""
	if _, err := ingresses.UpdateStatus(ctx, added, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	list, err := ingresses.List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 {
		t.Fatalf("listed %d Ingresses, want 1", len(list.Items))
	}
	if diff := cmp.Diff(want, list.Items[0].Spec); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(added.Status, list.Items[0].Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if err := ingresses.Delete(ctx, "typed", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for event := range events.ResultChan() {
		if event.Type == watch.Deleted {
			return
		}
	}
	t.Error("the watch ended before it told of the deletion")
}

const oldManifest = `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: shop
  annotations:
    kubernetes.io/ingress.class: traefik
spec:
  rules:
  - host: shop.test
    http:
      paths:
      - path: /
        backend:
          serviceName: myapp
          servicePort: 80
`

func testKubectl(t *testing.T, kubectl string, proxy *Proxy, token string, admin *rest.Config) {
	text, err := proxy.Kubeconfig(token)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), kubectl, args...)
		cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + dir}
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run(oldManifest, "apply", "-f", "-")
	changed := strings.ReplaceAll(oldManifest, "servicePort: 80", "servicePort: web")
	if out := run(changed, "apply", "-f", "-"); !strings.Contains(out, "configured") {
		t.Errorf("second apply said %q", out)
	}
	stored, err := clientFor(t, admin).NetworkingV1().Ingresses("default").Get(t.Context(), "shop", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if port := stored.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port; port.Name != "web" || port.Number != 0 {
		t.Errorf("stored port %+v, want web", port)
	}
	if out := run("", "get", "ingresses.v1beta1.extensions", "shop", "-o", "jsonpath={.spec.rules[0].http.paths[0].backend.servicePort}"); out != "web" {
		t.Errorf("the old port is %q, want web", out)
	}
	if out := run("", "get", "ingress", "shop", "-o", "jsonpath={.apiVersion}"); out != newVersion {
		t.Errorf("kubectl get ingress is of %s, want %s", out, newVersion)
	}
	run("", "delete", "ingresses.v1beta1.extensions", "shop")
}

func clientFor(t *testing.T, config *rest.Config) *kubernetes.Clientset {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// editorToken returns a service account's token with the rights that a caller
// needs behind the proxy.
func editorToken(t *testing.T, admin *rest.Config) string {
	t.Helper()
	ctx, client := t.Context(), clientFor(t, admin)
	account, err := client.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "editor"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "editor"},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses", "ingresses/status"},
			Verbs: []string{"get", "list", "watch", "create", "update", "delete"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "editor"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "editor"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account.Name, Namespace: account.Namespace}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	request, err := client.CoreV1().ServiceAccounts("default").CreateToken(ctx, account.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}
