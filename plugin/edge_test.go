package plugin_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// TestEdgeScripts runs the stories of testdata/edge one after the other on four
// nodes with real Traefik 1.7 serving them, as the story of S3 has it, redirect
// included; each story leaves them so.
func TestEdgeScripts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cluster, err := sandbox.Start(ctx, sandbox.Options{
		Dir: t.TempDir(), Nodes: 4, NodeLabels: map[string]string{"edge-node-label": "true"}, Log: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Errorf("stopping the sandbox: %v", err)
		}
	}()
	api, err := edge.Equip(ctx, os.Stderr, cluster)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	crds, err := edge.CRDs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	apps, err := backend.Start(ctx, []backend.Service{
		{Namespace: "default", Name: "myapp", Address: cluster.Address(1)},
		{Namespace: "default", Name: "myapp-canary", Address: cluster.Address(2)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer apps.Close()
	client, err := kubernetes.NewForConfig(cluster.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range apps.Objects() {
		if _, err := client.CoreV1().Services(service.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	old, err := edge.Traefik1(edge.Options{RedirectToHTTPS: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, deployment := range []edge.Deployment{crds, old} {
		if err := edge.Apply(ctx, cluster.RESTConfig(), deployment); err != nil {
			t.Fatal(err)
		}
	}
	next, err := edge.Traefik2(edge.Options{RedirectToHTTPS: true})
	if err != nil {
		t.Fatal(err)
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
	// Those of one call would run side by side.
	for _, story := range []string{"story", "traffic", "retire"} {
		p.Dir, p.Files = "", []string{filepath.Join("testdata", "edge", story+".txtar")}
		if !t.Run("edge", func(t *testing.T) { testscript.Run(t, p) }) {
			return
		}
	}
}
