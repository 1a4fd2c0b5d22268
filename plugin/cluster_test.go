package plugin_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// patience bounds the first build of the control plane, not the stories.
const patience = 20 * time.Minute

// TestClusterScripts runs the stories that need a real API server. One control
// plane serves all of them, each has a namespace of its own in $NS. Folders are
// stages, because the resources of Traefik cannot be missing for one story only:
//
//	testdata/bare     no Traefik resources
//	testdata/legacy   only traefik.containo.us
//	testdata/cluster  both groups, and HTTPRoutes
//	testdata/whole    the same, one story after the other: these see all namespaces
func TestClusterScripts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cluster, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Errorf("stopping the sandbox: %v", err)
		}
	}()
	crds, err := edge.CRDs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := edge.HTTPRouteCRD(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var legacy, current edge.Deployment
	for _, object := range crds {
		if strings.HasSuffix(object.GetName(), ".traefik.containo.us") {
			legacy = append(legacy, object)
		} else {
			current = append(current, object)
		}
	}
	for _, stage := range []struct {
		dir     string
		install edge.Deployment
	}{{"bare", nil}, {"legacy", legacy}, {"cluster", slices.Concat(current, routes)}, {"whole", nil}} {
		if err := edge.Apply(ctx, cluster.RESTConfig(), stage.install); err != nil {
			t.Fatal(err)
		}
		p := params(stage.dir, func(env *testscript.Env) error { return setUp(env, cluster) })
		p.Cmds["elb"] = elb()
		// Scripts run in parallel; the enclosing test ends when all have.
		t.Run(stage.dir, func(t *testing.T) { runStories(t, p) })
	}
	t.Run("serve", func(t *testing.T) { serveStatus(t, cluster) })
}

// setUp gives a story a kubeconfig whose namespace is its own, those of a user without
// rights and of members of the groups that manifests/operator names, and kubectl. The
// namespace has the story's name.
func setUp(env *testscript.Env, cluster *sandbox.Sandbox) error {
	story := filepath.Base(env.WorkDir)
	namespace := strings.TrimPrefix(story, "script-")
	nobody, err := cluster.User("nobody-" + namespace)
	if err != nil {
		return err
	}
	operator, err := cluster.User("operator-"+namespace, "ingress-migrate:operators")
	if err != nil {
		return err
	}
	retirer, err := cluster.User("retirer-"+namespace, "ingress-migrate:operators", "ingress-migrate:retirers")
	if err != nil {
		return err
	}
	manifests, err := filepath.Abs(filepath.Join("..", "manifests"))
	if err != nil {
		return err
	}
	for name, file := range map[string]string{"admin": cluster.Kubeconfig(), "nobody": nobody, "operator": operator, "retirer": retirer} {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		own := strings.Replace(string(content), "    user: ", "    namespace: "+namespace+"\n    user: ", 1)
		if err := os.WriteFile(filepath.Join(env.WorkDir, name+".kubeconfig"), []byte(own), 0o600); err != nil {
			return err
		}
	}
	env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "admin.kubeconfig"))
	for _, who := range []string{"admin", "nobody", "operator", "retirer"} {
		env.Setenv(strings.ToUpper(who), filepath.Join(env.WorkDir, who+".kubeconfig"))
	}
	env.Setenv("MANIFESTS", manifests)
	env.Setenv("NS", namespace)
	env.Setenv("PATH", filepath.Dir(cluster.Kubectl())+string(os.PathListSeparator)+env.Getenv("PATH"))
	return nil
}
