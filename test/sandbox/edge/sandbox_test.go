package edge_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// rig is a sandbox of two edge nodes with the canary's two applications behind.
type rig struct {
	t     *testing.T
	ctx   context.Context
	s     *sandbox.Sandbox
	admin client.Client
	old   client.Client // through the API that Traefik 1.7 reads
	apps  *backend.Set
}

// TestRealTraefiks routes one story's requests through Traefik 1.7.34, which
// reads the story's Ingress in the API group of its time, drains it under load,
// and does the same with Traefik 2.11.50 and an IngressRoute.
func TestRealTraefiks(t *testing.T) {
	r := newRig(t)
	r.create(r.old, canaryIngress)
	r.create(r.admin, canaryIngressRoutes)

	for _, version := range []struct {
		name  string
		build func(edge.Options) (edge.Deployment, error)
	}{{"v1.7.34", edge.Traefik1}, {"v2.11.50", edge.Traefik2}} {
		t.Run(version.name, func(t *testing.T) {
			r := r.with(t)
			deployment, err := version.build(edge.Options{AcceptGrace: 3 * time.Second, FinishGrace: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			r.apply(deployment)
			r.waitRouted("http", 8000)
			t.Run("keeps the canary's weights", func(t *testing.T) { r.with(t).testWeights() })
			t.Run("serves TLS", func(t *testing.T) { r.with(t).testTLS() })
			t.Run("says who it is", func(t *testing.T) { r.with(t).testAdmin() })
			r.testLameDuck(deployment.DaemonSet())
		})
		t.Run(version.name+" with redirect", func(t *testing.T) {
			r := r.with(t)
			deployment, err := version.build(edge.Options{RedirectToHTTPS: true, AcceptGrace: edge.NoGrace})
			if err != nil {
				t.Fatal(err)
			}
			r.apply(deployment)
			r.waitRouted("https", 8443)
			r.testRedirect()
			r.remove(deployment.DaemonSet())
		})
	}
}

func newRig(t *testing.T) *rig {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	t.Cleanup(cancel)
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Nodes: 2, NodeLabels: map[string]string{"edge-node-label": "true"}, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	proxy, err := edge.Equip(ctx, os.Stderr, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	definitions, err := edge.CRDs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Apply(ctx, s.RESTConfig(), definitions); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, ctx: ctx, s: s}
	if r.admin, err = client.New(s.RESTConfig(), client.Options{}); err != nil {
		t.Fatal(err)
	}
	if r.apps, err = backend.Start(ctx, []backend.Service{
		{Namespace: "default", Name: "myapp", Address: s.Address(1)},
		{Namespace: "default", Name: "myapp-canary", Address: s.Address(2)},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.apps.Close() })
	for _, service := range r.apps.Objects() {
		if err := r.admin.Create(ctx, service); err != nil {
			t.Fatal(err)
		}
	}
	config := proxy.Config(r.token())
	if r.old, err = client.New(config, client.Options{}); err != nil {
		t.Fatal(err)
	}
	return r
}

// token is one of a service account that may write Ingresses.
func (r *rig) token() string {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "editor"}}
	r.create(r.admin, `
apiVersion: v1
kind: ServiceAccount
metadata: {namespace: default, name: editor}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: editor}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: ServiceAccount, namespace: default, name: editor}]
`)
	request := newTokenRequest()
	if err := r.admin.SubResource("token").Create(r.ctx, account, request); err != nil {
		r.t.Fatal(err)
	}
	return request.Status.Token
}

func (r *rig) with(t *testing.T) *rig {
	copied := *r
	copied.t = t
	return &copied
}

// create writes YAML documents with a client.
func (r *rig) create(c client.Client, documents string) {
	r.t.Helper()
	for document := range strings.SplitSeq(documents, "\n---\n") {
		var u unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &u.Object); err != nil {
			r.t.Fatal(err)
		}
		if err := c.Create(r.ctx, &u); err != nil {
			r.t.Fatalf("%s %s: %v", u.GetKind(), u.GetName(), err)
		}
	}
}

func (r *rig) apply(deployment edge.Deployment) {
	r.t.Helper()
	if err := edge.Apply(r.ctx, r.s.RESTConfig(), deployment); err != nil {
		r.t.Fatal(err)
	}
}

// remove deletes a DaemonSet and waits until its last pod is gone.
func (r *rig) remove(daemonSet *appsv1.DaemonSet) {
	r.t.Helper()
	if err := r.admin.Delete(r.ctx, daemonSet.DeepCopy()); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("its pods are gone", func() error {
		var pods corev1.PodList
		err := r.admin.List(r.ctx, &pods, client.InNamespace(daemonSet.Namespace), client.MatchingLabels(daemonSet.Spec.Selector.MatchLabels))
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d pods are left", len(pods.Items))
		}
		return err
	})
}

func (r *rig) eventually(what string, check func() error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, 2*time.Minute)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			r.t.Fatalf("waiting until %s: %v\n%s", what, err, r.podLogs())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (r *rig) podLogs() string {
	var pods corev1.PodList
	if err := r.admin.List(context.Background(), &pods, client.InNamespace("kube-system")); err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, pod := range pods.Items {
		text, err := os.ReadFile(r.s.PodLog(pod.Namespace, pod.Name, "traefik"))
		fmt.Fprintf(&all, "%s on %q, %s: %v\n%s\n", pod.Name, pod.Spec.NodeName, pod.Status.Phase, err, text)
	}
	return all.String()
}

// get asks one node for a path of the story's host.
func (r *rig) get(node sandbox.Node, scheme string, port int, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(r.ctx, http.MethodGet, fmt.Sprintf("%s://%s:%d%s", scheme, node.Address, port, path), nil)
	if err != nil {
		return nil, err
	}
	request.Host = "shop.test"
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	return response, nil
}

// waitRouted waits for a real route on every node: /ping is good before that.
func (r *rig) waitRouted(scheme string, port int) {
	r.t.Helper()
	start := time.Now()
	for _, node := range r.s.Nodes() {
		r.eventually(node.Name+" routes", func() error {
			response, err := r.get(node, scheme, port, "/")
			if err == nil && response.Header.Get(backend.HeaderService) == "" {
				err = fmt.Errorf("status %d, not from an application", response.StatusCode)
			}
			return err
		})
	}
	r.t.Logf("routes on %d nodes after %s", len(r.s.Nodes()), time.Since(start).Round(10*time.Millisecond))
}

func (r *rig) testWeights() {
	node := r.s.Nodes()[0]
	myapp, canary := r.apps.Served("default", "myapp"), r.apps.Served("default", "myapp-canary")
	for range 200 {
		response, err := r.get(node, "http", 8000, "/cart")
		if err != nil || response.StatusCode != http.StatusOK {
			r.t.Fatalf("%v %v", response, err)
		}
	}
	myapp, canary = r.apps.Served("default", "myapp")-myapp, r.apps.Served("default", "myapp-canary")-canary
	if myapp != 180 || canary != 20 {
		r.t.Errorf("myapp served %d and its canary %d of 200 requests, want 180 and 20", myapp, canary)
	}
}

func (r *rig) testTLS() {
	response, err := r.get(r.s.Nodes()[1], "https", 8443, "/")
	if err != nil || response.StatusCode != http.StatusOK {
		r.t.Errorf("over TLS: %v %v", response, err)
	}
}

func (r *rig) testAdmin() {
	for _, path := range []string{"/api", "/api/version"} {
		response, err := r.get(r.s.Nodes()[0], "http", 8080, path)
		if err == nil && response.StatusCode == http.StatusOK {
			return
		}
	}
	r.t.Error("the admin port answers neither /api nor /api/version")
}

// testLameDuck deletes the DaemonSet and sees, on every node, /ping fail while
// requests are still answered; a request that is under way then is finished.
func (r *rig) testLameDuck(daemonSet *appsv1.DaemonSet) {
	r.t.Helper()
	var long sync.WaitGroup
	for _, node := range r.s.Nodes() {
		long.Go(func() {
			if response, err := r.get(node, "http", 8000, "/?sleep=5s"); err != nil || response.StatusCode != http.StatusOK {
				r.t.Errorf("a long request over the end of %s: %v %v", node.Name, response, err)
			}
		})
	}
	r.eventually("the long requests are under way", func() error { return r.underWay(len(r.s.Nodes())) })
	if err := r.admin.Delete(r.ctx, daemonSet.DeepCopy()); err != nil {
		r.t.Fatal(err)
	}
	for _, node := range r.s.Nodes() {
		r.eventually("/ping of "+node.Name+" fails", func() error {
			response, err := r.get(node, "http", 8000, "/ping")
			if err == nil && response.StatusCode != http.StatusServiceUnavailable {
				err = fmt.Errorf("status %d", response.StatusCode)
			}
			return err
		})
		if response, err := r.get(node, "http", 8000, "/"); err != nil || response.StatusCode != http.StatusOK {
			r.t.Errorf("%s says on /ping that it goes, and answers a request with %v %v", node.Name, response, err)
		}
	}
	long.Wait()
	r.eventually("the ports are free", func() error {
		for _, node := range r.s.Nodes() {
			if _, err := r.get(node, "http", 8000, "/ping"); err == nil {
				return fmt.Errorf("%s still listens", node.Name)
			}
		}
		return nil
	})
}

func (r *rig) underWay(want int) error {
	if got := int(r.apps.InFlight("default", "myapp") + r.apps.InFlight("default", "myapp-canary")); got != want {
		return fmt.Errorf("%d requests are under way", got)
	}
	return nil
}

func (r *rig) testRedirect() {
	r.t.Helper()
	node := r.s.Nodes()[0]
	response, err := r.get(node, "http", 8000, "/cart?x=1")
	if err != nil {
		r.t.Fatal(err)
	}
	if location := response.Header.Get("Location"); response.StatusCode != http.StatusFound || !strings.HasPrefix(location, "https://shop.test") || !strings.HasSuffix(location, "/cart?x=1") {
		r.t.Errorf("plain request: %d to %q, want 302 to https", response.StatusCode, location)
	}
	if response, err := r.get(node, "http", 8000, "/ping"); err != nil || response.StatusCode != http.StatusOK {
		r.t.Errorf("/ping is redirected too: %v %v", response, err)
	}
}
