// Package operator_test holds the rights that manifests/operator gives against a real
// API server: enough of them is what test/e2e shows, not too many what is asked here.
package operator_test

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

const group = "ingress-migrate:operators"

// rig is a cluster of one node with the manifests applied.
type rig struct {
	*sandbox.Sandbox
	ctx context.Context
	// configs are kubeconfigs by name of a user.
	configs map[string]string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	t.Cleanup(cancel)
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	r := &rig{Sandbox: s, ctx: ctx, configs: map[string]string{"admin": s.Kubeconfig()}}
	for user, groups := range map[string][]string{"operator": {group}, "patcher": nil, "retirer": {group, "ingress-migrate:retirers"}} {
		if r.configs[user], err = s.User(user, append(groups, "system:authenticated")...); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// kubectl runs the real kubectl as a user.
func (r *rig) kubectl(user string, args ...string) (string, error) {
	cmd := exec.CommandContext(r.ctx, r.Kubectl(), append([]string{"--kubeconfig", r.configs[user]}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (r *rig) must(t *testing.T, user string, args ...string) string {
	t.Helper()
	out, err := r.kubectl(user, args...)
	if err != nil {
		t.Fatalf("%s: kubectl %s: %v\n%s", user, strings.Join(args, " "), err, out)
	}
	return out
}

func TestOperator(t *testing.T) {
	r := newRig(t)
	// Of resources that are not served nobody can ask whether they may be written.
	routes, err := edge.HTTPRouteCRD(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Apply(r.ctx, r.RESTConfig(), routes); err != nil {
		t.Fatal(err)
	}
	r.must(t, "admin", "create", "namespace", "traefik")
	r.must(t, "admin", "apply", "-k", "../../manifests/operator")
	node := strings.TrimSpace(r.must(t, "admin", "get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"))
	// Somebody else with the right to patch nodes, and no other right on them.
	r.must(t, "admin", "create", "clusterrole", "patcher", "--verb=get,patch", "--resource=nodes")
	r.must(t, "admin", "create", "clusterrolebinding", "patcher", "--clusterrole=patcher", "--user=patcher")
	r.policyIsThere(t, node)

	t.Run("the label", func(t *testing.T) {
		r.must(t, "operator", "label", "node", node, "ingress-migrate.io/proxy=new")
		r.must(t, "operator", "label", "node", node, "ingress-migrate.io/proxy-")
	})
	t.Run("the label of cloud load balancers", func(t *testing.T) {
		const label = "node.kubernetes.io/exclude-from-external-load-balancers"
		r.must(t, "operator", "label", "node", node, label+"=true")
		r.must(t, "operator", "label", "node", node, label+"-")
		// An empty one of somebody else is in nobody's way.
		r.must(t, "admin", "label", "node", node, label+"=")
		r.must(t, "operator", "label", "node", node, "ingress-migrate.io/proxy=new")
		r.must(t, "operator", "label", "node", node, "ingress-migrate.io/proxy-")
		r.must(t, "admin", "label", "node", node, label+"-")
	})
	for name, patch := range map[string]string{
		"another value":          `{"metadata":{"labels":{"ingress-migrate.io/proxy":"other"}}}`,
		"exclude by a value":     `{"metadata":{"labels":{"node.kubernetes.io/exclude-from-external-load-balancers":"x"}}}`,
		"another label":          `{"metadata":{"labels":{"tier":"edge"}}}`,
		"a label that was there": `{"metadata":{"labels":{"kubernetes.io/hostname":"elsewhere"}}}`,
		"a label less":           `{"metadata":{"labels":{"kubernetes.io/hostname":null}}}`,
		"both":                   `{"metadata":{"labels":{"ingress-migrate.io/proxy":"new","tier":"edge"}}}`,
		"an annotation":          `{"metadata":{"annotations":{"note":"x"}}}`,
		"a finalizer":            `{"metadata":{"finalizers":["example.com/x"]}}`,
		"a taint":                `{"spec":{"taints":[{"key":"x","effect":"NoExecute"}]}}`,
		"cordon":                 `{"spec":{"unschedulable":true}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if out, err := r.kubectl("operator", "patch", "node", node, "--type=merge", "-p", patch); err == nil || !strings.Contains(out, "ingress-migrate-operator") {
				t.Errorf("not refused by the policy: %s", out)
			}
			for _, other := range []string{"admin", "patcher"} {
				if out, err := r.kubectl(other, "patch", "node", node, "--type=merge", "-p", patch, "--dry-run=server"); err != nil {
					t.Errorf("%s is confined, too: %s", other, out)
				}
			}
		})
	}
	for question, want := range map[string]string{
		"update nodes":                                              "no",
		"patch nodes --subresource=status":                          "no",
		"delete nodes":                                              "no",
		"get secrets -n traefik":                                    "no",
		"create pods -n traefik":                                    "no",
		"create pods -n traefik --subresource=exec":                 "no",
		"create pods -n traefik --subresource=eviction":             "no",
		"delete pods -n default":                                    "no",
		"delete daemonsets.apps -n traefik":                         "no",
		"delete deployments.apps -n traefik":                        "no",
		"delete configmaps -n traefik":                              "no",
		"delete daemonsets.apps/traefik1 -n traefik":                "no",
		"delete daemonsets.apps/ingress-migrate-prepull -n traefik": "yes",
		"create daemonsets.apps -n default":                         "no",
		"patch daemonsets.apps -n default":                          "no",
		"patch ingresses.networking.k8s.io -n default":              "no",
		"update httproutes.gateway.networking.k8s.io -n default":    "no",
		"update httproutes.gateway.networking.k8s.io -n traefik":    "yes",
		"list endpointslices.discovery.k8s.io -n traefik":           "yes",
		"create ingressroutes.traefik.io -n default":                "no",
		"create clusterrolebindings.rbac.authorization.k8s.io":      "no",
		"patch daemonsets.apps -n traefik":                          "yes",
		"create leases.coordination.k8s.io -n traefik":              "yes",
	} {
		out, _ := r.kubectl("operator", append([]string{"auth", "can-i"}, strings.Fields(question)...)...)
		if lines := strings.Fields(out); len(lines) == 0 || lines[len(lines)-1] != want {
			t.Errorf("may the operator %s? %s, want %s", question, out, want)
		}
	}
	r.retirer(t)
}

// retirer asks about who may delete the old proxy.
func (r *rig) retirer(t *testing.T) {
	t.Helper()
	for question, want := range map[string]string{
		"delete daemonsets.apps -n traefik":  "yes",
		"delete deployments.apps -n traefik": "yes",
		"delete configmaps -n traefik":       "yes",
		"delete daemonsets.apps -n default":  "no",
		"delete deployments.apps -n default": "no",
		"delete configmaps -n default":       "no",
		"delete nodes":                       "no",
		"get secrets -n traefik":             "no",
	} {
		out, _ := r.kubectl("retirer", append([]string{"auth", "can-i"}, strings.Fields(question)...)...)
		if lines := strings.Fields(out); len(lines) == 0 || lines[len(lines)-1] != want {
			t.Errorf("may the retirer %s? %s, want %s", question, out, want)
		}
	}
}

// policyIsThere waits until the API server has read the policy, which it does a moment
// after it was stored.
func (r *rig) policyIsThere(t *testing.T, node string) {
	t.Helper()
	patience := time.After(2 * time.Minute)
	for {
		out, err := r.kubectl("operator", "label", "node", node, "tier=edge", "--dry-run=server")
		if err != nil && strings.Contains(out, "ingress-migrate-operator") {
			return
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-patience:
			t.Fatalf("the policy never came into force: %s", out)
		}
	}
}
