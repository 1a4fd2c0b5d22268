package plugin_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// TestEdgeScripts runs the stories of testdata/edge, each on four nodes of its own with
// real Traefik 1.7 serving them, as the story of S3 has it, redirect included. Runbooks are
// followed on such nodes, too, the last of which is the end of Traefik 1.7.
func TestEdgeScripts(t *testing.T) {
	t.Parallel()
	for story, old := range map[string]edge.Options{
		"story": {RedirectToHTTPS: true},
		// Their balancer checks ten times a second: it needs no five seconds of grace.
		"traffic": {RedirectToHTTPS: true, AcceptGrace: time.Second},
		"told":    {RedirectToHTTPS: true, AcceptGrace: time.Second},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			p, _ := onEdge(t, old)
			p.Dir, p.Files = "", []string{filepath.Join("testdata", "edge", story+".txtar")}
			runStories(t, p)
		})
	}
	t.Run("runbooks", func(t *testing.T) {
		t.Parallel()
		_, books := onEdge(t, edge.Options{RedirectToHTTPS: true, AcceptGrace: time.Second})
		t.Run("parallel-run", books.parallelRun)
		t.Run("traefik-1-to-2", books.traefik1To2)
	})
}

// onEdge starts a cluster whose nodes the old proxy serves, until t ends.
func onEdge(t *testing.T, options edge.Options) (testscript.Params, *runbooks) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cluster, err := sandbox.Start(ctx, sandbox.Options{
		Dir: t.TempDir(), Nodes: 4, NodeLabels: map[string]string{"edge-node-label": "true"}, Log: os.Stderr,
	})
	check(err)
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Errorf("stopping the sandbox: %v", err)
		}
	})
	api, err := edge.Equip(ctx, os.Stderr, cluster)
	check(err)
	t.Cleanup(func() { _ = api.Close() })
	crds, err := edge.CRDs(ctx)
	check(err)
	apps, err := backend.Start(ctx, []backend.Service{
		{Namespace: "default", Name: "myapp", Address: cluster.Address(1)},
		{Namespace: "default", Name: "myapp-canary", Address: cluster.Address(2)},
	})
	check(err)
	t.Cleanup(func() { apps.Close() })
	client, err := kubernetes.NewForConfig(cluster.RESTConfig())
	check(err)
	for _, service := range apps.Objects() {
		_, err := client.CoreV1().Services(service.Namespace).Create(ctx, service, metav1.CreateOptions{})
		check(err)
	}
	old, err := edge.Traefik1(options)
	check(err)
	next, err := edge.Traefik2(options)
	check(err)
	for _, deployment := range []edge.Deployment{crds, old} {
		check(edge.Apply(ctx, cluster.RESTConfig(), deployment))
	}
	p := params("edge", func(env *testscript.Env) error {
		env.Setenv("EDGE1", cluster.Nodes()[0].Address)
		return setUp(env, cluster)
	})
	// What a story cannot write itself: the new proxy's manifest.
	p.Cmds["apply-traefik2"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		ts.Check(edge.Apply(ctx, cluster.RESTConfig(), next))
	}
	p.Cmds["apply-crds"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		ts.Check(edge.Apply(ctx, cluster.RESTConfig(), crds))
	}
	return p, &runbooks{cluster: cluster, traefik2: next}
}
