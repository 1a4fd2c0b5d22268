package chart

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

const (
	release = "ingress-migrate-webhook"
	image   = "ingress-migrate-webhook:test"
)

// helm is Helm at a real control plane with two nodes.
type helm struct {
	*sandbox.Sandbox
	t       *testing.T
	client  *kubernetes.Clientset
	dynamic *dynamic.DynamicClient
	config  *action.Configuration
}

func newHelm(t *testing.T) *helm {
	t.Helper()
	program, err := binaries.Build(t.Context(), t.Output(), "./cmd/ingress-migrate-webhook")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.Start(t.Context(), sandbox.Options{
		Dir: t.TempDir(), Nodes: 2, Log: t.Output(), Images: map[string]kubelet.Program{image: {Path: program}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	h := &helm{Sandbox: s, t: t, config: action.NewConfiguration()}
	if h.client, err = kubernetes.NewForConfig(s.RESTConfig()); err != nil {
		t.Fatal(err)
	}
	if h.dynamic, err = dynamic.NewForConfig(s.RESTConfig()); err != nil {
		t.Fatal(err)
	}
	definitions, err := edge.CRDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Apply(t.Context(), s.RESTConfig(), definitions); err != nil {
		t.Fatal(err)
	}
	settings := cli.New()
	settings.KubeConfig = s.Kubeconfig()
	settings.SetNamespace("edge")
	if err := h.config.Init(settings.RESTClientGetter(), "edge", "secret"); err != nil {
		t.Fatal(err)
	}
	return h
}

const patience = 2 * time.Minute

func (h *helm) eventually(what string, check func() error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			h.t.Fatalf("waiting until %s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (h *helm) install(values map[string]any) error {
	loaded, err := loader.LoadDir(chart)
	if err != nil {
		return err
	}
	install := action.NewInstall(h.config)
	install.ReleaseName, install.Namespace, install.CreateNamespace = release, "edge", true
	install.WaitStrategy, install.Timeout = kube.StatusWatcherStrategy, patience
	_, err = install.RunWithContext(h.t.Context(), loaded, values)
	return err
}

func (h *helm) upgrade(values map[string]any) error {
	loaded, err := loader.LoadDir(chart)
	if err != nil {
		return err
	}
	upgrade := action.NewUpgrade(h.config)
	upgrade.Namespace = "edge"
	upgrade.WaitStrategy, upgrade.Timeout = kube.StatusWatcherStrategy, patience
	_, err = upgrade.RunWithContext(h.t.Context(), release, loaded, values)
	return err
}

func (h *helm) uninstall() error {
	uninstall := action.NewUninstall(h.config)
	uninstall.WaitStrategy, uninstall.Timeout = kube.StatusWatcherStrategy, patience
	_, err := uninstall.Run(release)
	return err
}

// plugin runs a command and returns its output, and its exit status.
func (h *helm) plugin(args ...string) (string, int) {
	var out bytes.Buffer
	status := plugin.Run(h.t.Context(), append(args, "--kubeconfig", h.Kubeconfig()), genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &out})
	return out.String(), status
}

// apply creates an Ingress and returns its stamp.
func (h *helm) apply(name string) string {
	h.t.Helper()
	prefix := networkingv1.PathTypePrefix
	created, err := h.client.NetworkingV1().Ingresses("default").Create(h.t.Context(), &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: name + ".example.com",
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &prefix,
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}}},
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	return created.Annotations["ingress-migrate.io/route"]
}

func (h *helm) route(name string) (*unstructured.Unstructured, error) {
	routes := schema.GroupVersionResource{Group: "traefik.io", Version: "v1alpha1", Resource: "ingressroutes"}
	return h.dynamic.Resource(routes).Namespace("default").Get(h.t.Context(), name, metav1.GetOptions{})
}

func (h *helm) waitRoute(name string) {
	h.t.Helper()
	h.eventually("IngressRoute "+name+" is there", func() error {
		_, err := h.route(name)
		return err
	})
}

// bundle is what the API server trusts.
func (h *helm) bundle() []byte {
	h.t.Helper()
	registration, err := h.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(h.t.Context(), release, metav1.GetOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	return registration.Webhooks[0].ClientConfig.CABundle
}

// TestHelm installs, upgrades and removes the webhook as Helm does.
func TestHelm(t *testing.T) {
	h := newHelm(t)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := h.client.CoreV1().Services("default").Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	h.apply("before")
	if err := h.install(map[string]any{"image": image}); err != nil {
		t.Fatal(err)
	}
	h.waitRoute("before")
	h.eventually("the whole way works", func() error {
		if out, status := h.plugin("webhook", "check"); status != 0 || strings.Contains(out, "FAIL") {
			return fmt.Errorf("exit status %d\n%s", status, out)
		}
		return nil
	})
	if stamp := h.apply("while"); stamp != "IngressRoute/while" {
		t.Errorf("stamp %q", stamp)
	}
	h.waitRoute("while")
	if out, status := h.plugin("webhook", "install", "--image", image); status != 1 || !strings.Contains(out, "helm upgrade "+release+" manifests/chart -n edge") {
		t.Errorf("install over a release: exit status %d\n%s", status, out)
	}

	// What the webhook wrote into the registration and its Secret is not Helm's.
	before := h.bundle()
	if err := h.upgrade(map[string]any{"image": image, "mode": "warn"}); err != nil {
		t.Fatal(err)
	}
	if after := h.bundle(); len(before) == 0 || !bytes.Equal(before, after) {
		t.Errorf("an upgrade makes a registration for %d bytes of authorities one for %d", len(before), len(after))
	}
	h.eventually("the pods of before, which serve until they end, are gone", func() error {
		pods, err := h.client.CoreV1().Pods("edge").List(t.Context(), metav1.ListOptions{})
		if err == nil && len(pods.Items) != 2 {
			err = fmt.Errorf("there are %d", len(pods.Items))
		}
		return err
	})
	if stamp := h.apply("warned"); stamp != "" {
		t.Errorf("in mode warn there is a stamp %q", stamp)
	}
	if err := h.upgrade(map[string]any{"image": image}); err != nil {
		t.Fatal(err)
	}
	h.waitRoute("warned")

	if err := h.uninstall(); err != nil {
		t.Fatal(err)
	}
	h.gone()
	for _, name := range []string{"before", "while", "warned"} {
		if route, err := h.route(name); err != nil || len(route.GetOwnerReferences()) != 1 {
			t.Errorf("route %s after uninstall: %v, %v", name, route, err)
		}
	}
	if stamp := h.apply("after"); stamp != "" {
		t.Errorf("stamp %q after uninstall", stamp)
	}

	// Again, and away with the routes kept.
	if err := h.install(map[string]any{"image": image}); err != nil {
		t.Fatal(err)
	}
	h.waitRoute("after")
	if out, status := h.plugin("webhook", "uninstall", "--keep-routes", "--yes"); status != 0 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	if err := h.uninstall(); err != nil {
		t.Errorf("Helm does not forget what is gone: %v", err)
	}
	h.gone()
	for _, name := range []string{"before", "after"} {
		if route, err := h.route(name); err != nil || len(route.GetOwnerReferences()) != 0 {
			t.Errorf("route %s after --keep-routes: %v, %v", name, route, err)
		}
	}
}

// gone looks for what an uninstallation left.
func (h *helm) gone() {
	h.t.Helper()
	ctx := h.t.Context()
	_, registration := h.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, release, metav1.GetOptions{})
	_, deployment := h.client.AppsV1().Deployments("edge").Get(ctx, release, metav1.GetOptions{})
	_, role := h.client.RbacV1().ClusterRoles().Get(ctx, release, metav1.GetOptions{})
	_, secret := h.client.CoreV1().Secrets("edge").Get(ctx, release+"-certificate", metav1.GetOptions{})
	for what, err := range map[string]error{"registration": registration, "Deployment": deployment, "ClusterRole": role, "Secret": secret} {
		if !apierrors.IsNotFound(err) {
			h.t.Errorf("%s is left: %v", what, err)
		}
	}
}
