package plugin_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/runbook"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

// runbooks are followed on one cluster, whose nodes Traefik 1.7 serves.
type runbooks struct {
	cluster  *sandbox.Sandbox
	traefik2 edge.Deployment
}

// acts are what the sandbox does in a runbook, by name.
type acts map[string]func(ctx context.Context, args []string) error

// webhookImage stands for the project's own image on the sandbox's nodes.
const webhookImage = "ghcr.io/ingress-migrate/ingress-migrate-webhook:runbook"

// quick are the times of a balancer for which nobody waits.
var quick = []string{"--lb-interval=100ms", "--lb-timeout=100ms", "--lb-unhealthy=1", "--lb-healthy=1", "--lb-margin=100ms"}

// follow does what a file of docs/runbooks says, as an administrator.
func (b *runbooks) follow(t *testing.T, name string, does acts, environment ...string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "runbook"))); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), environment...)
	path := filepath.Dir(b.cluster.Kubectl()) + string(os.PathListSeparator) + os.Getenv("PATH")
	r := &runbook.Runner{
		Dir: dir, Out: t.Output(), Sandbox: does,
		Env: func(string) []string { return append(env, "KUBECONFIG="+b.cluster.Kubeconfig(), "PATH="+path) },
		Appended: map[string][]string{
			"kubectl ingress-migrate preflight":       quick,
			"kubectl ingress-migrate cutover plan":    quick,
			"kubectl ingress-migrate cutover run":     append([]string{"--yes", "--batch=50%", "--settle=200ms", "--gate-every=100ms", "--canary-soak=100ms", "--soak=100ms"}, quick...),
			"kubectl ingress-migrate cutover resume":  {"--yes"},
			"kubectl ingress-migrate recycle":         {"--yes", "--settle=200ms"},
			"kubectl ingress-migrate rollback":        {"--yes"},
			"kubectl ingress-migrate webhook install": {"--image=" + webhookImage},
			"kubectl ingress-migrate shift header":    {"--yes"},
			"kubectl ingress-migrate shift weight":    {"--yes"},
			"kubectl ingress-migrate shift finish":    {"--yes"},
			"kubectl ingress-migrate shift undo":      {"--yes"},
		},
	}
	if err := r.Run(t.Context(), filepath.Join("..", "docs", "runbooks", name)); err != nil {
		t.Error(err)
	}
}

func (b *runbooks) traefik1To2(t *testing.T) {
	b.follow(t, "traefik-1-to-2.md", acts{
		"webhook-image": func(ctx context.Context, _ []string) error {
			program, err := binaries.Build(ctx, t.Output(), "./cmd/ingress-migrate-webhook")
			if err != nil {
				return err
			}
			b.cluster.SetImage(webhookImage, kubelet.Program{Path: program})
			return nil
		},
		"traefik2": func(ctx context.Context, _ []string) error {
			return edge.Apply(ctx, b.cluster.RESTConfig(), b.traefik2)
		},
	})
}

// parallelRun has both Traefiks on the same nodes, behind a load balancer that does what the
// stand-in for the API of AWS is told.
func (b *runbooks) parallelRun(t *testing.T) {
	const http2, https2 = 9000, 9443
	targets := func() map[string]string {
		states := map[string]string{}
		for _, node := range b.cluster.Nodes() {
			states[node.Name] = "healthy"
		}
		return states
	}
	aws := elbv2.New([]elbv2.Balancer{{Name: "edge", Type: "application"}}, []elbv2.Group{{Name: "edge-v1", Targets: targets()}, {Name: "edge-v2", Targets: targets()}})
	defer aws.Close()
	listener := aws.AddListener("edge", 443, elbv2.Forward("edge-v1"))
	first := b.cluster.Nodes()[0].Address
	front := httptest.NewServer(aws.Front(listener, map[string]http.Handler{"edge-v1": proxyTo(first, 8443), "edge-v2": proxyTo(first, https2)}))
	defer front.Close()

	environment := []string{fmt.Sprintf("EDGE_V1=https://%s:8443", first), fmt.Sprintf("EDGE_V2=https://%s:%d", first, https2)}
	for name, value := range aws.Environment() {
		environment = append(environment, name+"="+value)
	}
	b.follow(t, "parallel-run.md", acts{
		"parallel": func(ctx context.Context, _ []string) error {
			beside, err := edge.Traefik2(edge.Options{Name: "traefik2-parallel", HTTP: http2, HTTPS: https2, Admin: 9080, RedirectToHTTPS: true})
			if err != nil {
				return err
			}
			return edge.Apply(ctx, b.cluster.RESTConfig(), beside)
		},
		// shares HEADER:VALUE OLD NEW wants so many of a hundred requests to reach each side.
		"shares": func(ctx context.Context, args []string) error {
			name, value, _ := strings.Cut(args[0], ":")
			counts := map[string]int{}
			for range 100 {
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, front.URL, nil)
				if err != nil {
					return err
				}
				request.Host = "shop.test"
				request.Header.Set(name, value)
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					return err
				}
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					return fmt.Errorf("%s answered %s", answer.Header.Get(elbv2.HeaderGroup), answer.Status)
				}
				counts[answer.Header.Get(elbv2.HeaderGroup)]++
			}
			if got := fmt.Sprint(counts["edge-v1"], counts["edge-v2"]); got != strings.Join(args[1:], " ") {
				return fmt.Errorf("of 100 requests with %s, %s reached the old and the new side", args[0], got)
			}
			return nil
		},
	}, environment...)
	for _, problem := range aws.Problems() {
		t.Error(problem)
	}
}

// proxyTo is a target group of one node, which is asked over TLS as the load balancer was.
func proxyTo(address string, port int) http.Handler {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: fmt.Sprintf("%s:%d", address, port)})
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	return proxy
}
