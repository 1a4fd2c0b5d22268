package preflight

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// rig is a real API server with the sandbox's two proxies and nodes that are objects
// only.
type rig struct {
	*sandbox.Sandbox
	t *testing.T
}

func newRig(t *testing.T) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute) // the first build of the control plane
	defer cancel()
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Log: os.Stderr, NodeMonitorGracePeriod: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stopping the sandbox: %v", err)
		}
	})
	r := &rig{s, t}
	crds, err := edge.CRDs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	old, err := edge.Traefik1(edge.Options{Namespace: "traefik"})
	if err != nil {
		t.Fatal(err)
	}
	next, err := edge.Traefik2(edge.Options{Namespace: "traefik"})
	if err != nil {
		t.Fatal(err)
	}
	for _, deployment := range []edge.Deployment{crds, old, next} {
		if err := edge.Apply(ctx, s.RESTConfig(), deployment); err != nil {
			t.Fatal(err)
		}
	}
	admin := r.as("")
	for i := range 3 {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("edge-%d", i+1), Labels: map[string]string{"edge-node-label": "true"}}}
		if _, err := admin.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	r.kubectl("apply", "-k", "../../manifests/operator")
	return r
}

// as is a client of a user in groups; of the administrator without a name.
func (r *rig) as(user string, groups ...string) kubernetes.Interface {
	r.t.Helper()
	config := r.RESTConfig()
	if user != "" {
		file, err := r.User(user, append(groups, "system:authenticated")...)
		if err == nil {
			config, err = clientcmd.BuildConfigFromFlags("", file)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	config.QPS, config.Burst = 300, 600
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		r.t.Fatal(err)
	}
	return client
}

func (r *rig) kubectl(args ...string) {
	r.t.Helper()
	cmd := exec.Command(r.Kubectl(), append([]string{"--kubeconfig", r.Kubeconfig()}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// until gathers as a client until what is found is what is wanted: the API server
// takes roles and resources into account a moment after they were stored.
func (r *rig) until(client kubernetes.Interface, found func(*Facts) string, want string) *Facts {
	r.t.Helper()
	picture, err := (&fleet.Reader{Client: r.as(""), Now: time.Now}).Read(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	patience := time.After(2 * time.Minute)
	for {
		facts, err := Gather(r.t.Context(), client, picture)
		if err != nil {
			r.t.Fatal(err)
		}
		got := found(facts)
		if got == want {
			return facts
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-patience:
			r.t.Fatalf("got %s\nwant %s", got, want)
		}
	}
}

// said is what a check finds, in one line.
func said(look func(*Facts) []Finding) func(*Facts) string {
	return func(f *Facts) string {
		var texts []string
		for _, finding := range look(f) {
			texts = append(texts, string(finding.Result)+" "+finding.Finding)
		}
		return strings.Join(texts, " | ")
	}
}

func TestAgainstAPIServer(t *testing.T) {
	r := newRig(t)
	operator := r.as("operator", "ingress-migrate:operators")

	t.Run("the operator's role is enough for every check", func(t *testing.T) {
		facts := r.until(operator, said(rights), "")
		if len(facts.Unreadable) > 0 {
			t.Errorf("not read: %v", facts.Unreadable)
		}
		for _, look := range []func(*Facts) []Finding{proxyRights, crds, gateSeen, drainPing, drainGrace} {
			if text := said(look)(facts); text != "" {
				t.Error(text)
			}
		}
	})
	t.Run("nobody lacks all of it", func(t *testing.T) {
		facts := r.until(r.as("nobody"), func(f *Facts) string { return fmt.Sprint(len(f.Denied) > 0) }, "true")
		for _, right := range []Right{{"patch", "nodes", "", "", ""}, {"patch", "daemonsets", "apps", "traefik", ""}, {"list", "networkpolicies", "networking.k8s.io", "", ""}, {"create", "ingressroutes", "traefik.io", "traefik", ""}} {
			if !slices.Contains(facts.Denied, right) {
				t.Errorf("%v is not among what is denied", right)
			}
		}
		for _, what := range []string{"networkpolicies", "namespaces", "workloads", "the proxy's rights", "configmaps"} {
			if facts.Unreadable[what] == "" {
				t.Errorf("%s: read without a right", what)
			}
		}
	})
	t.Run("one verb less", func(t *testing.T) {
		r.kubectl("patch", "role", "ingress-migrate-operator", "-n", "traefik", "--type=json", "-p", `[{"op":"replace","path":"/rules/0/verbs","value":["create"]}]`)
		r.until(operator, said(rights), "stop you may not patch daemonsets.apps in traefik")
	})
	t.Run("a proxy that may not read Secrets", func(t *testing.T) {
		r.kubectl("patch", "clusterrole", "traefik2", "--type=json", "-p", `[{"op":"replace","path":"/rules/0/resources","value":["services","endpoints"]}]`)
		r.until(operator, said(proxyRights), "warn the ServiceAccount of traefik2 may not list, watch secrets: it would load no route")
	})
	t.Run("a policy of another namespace", func(t *testing.T) {
		r.kubectl("create", "namespace", "shop")
		r.kubectl("apply", "-f", "testdata/policy.yaml")
		facts := r.until(operator, func(f *Facts) string { return fmt.Sprint(len(f.Policies)) }, "1")
		for _, set := range facts.sets() {
			set.Object.Spec.Template.Spec.HostNetwork = false
		}
		want := "stop NetworkPolicy shop/web lets pods of traefik1 reach applications, and not those of traefik2"
		if text := said(networkPolicies)(facts); text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	})
	t.Run("CRDs of one kind, then of one group", func(t *testing.T) {
		r.kubectl("delete", "crd", "middlewaretcps.traefik.io")
		const one = "stop the API does not serve middlewaretcps of traefik.io/v1alpha1, for which traefik2 (traefik-2.11) waits before it loads a route"
		r.until(operator, said(crds), one)
		var legacy []string
		for _, resource := range resourcesOf2 {
			legacy = append(legacy, resource+".traefik.containo.us")
		}
		r.kubectl(append([]string{"delete", "crd"}, legacy...)...)
		r.until(operator, said(crds), "stop the API does not serve any of its resources of traefik.containo.us/v1alpha1, for which traefik2 (traefik-2.11) waits before it loads a route | "+one)
	})
}
