// Package webhook_test tries the installed webhook: real API server, garbage
// collector and quota, two replicas as processes, installed by the plugin with
// the manifests that a real cluster gets.
package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
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

// patience bounds every wait. Nothing depends on it but how long a failure takes.
const patience = 90 * time.Second

// image stands for the webhook's program.
const image = "ingress-migrate-webhook:test"

const webhookNamespace = "ingress-migrate"

// rig is a cluster with Traefik's custom resource definitions, without nodes
// that serve traffic.
type rig struct {
	*sandbox.Sandbox
	t       testing.TB
	ctx     context.Context
	client  *kubernetes.Clientset
	dynamic *dynamic.DynamicClient
}

func newRig(t testing.TB, nodes int) *rig {
	t.Helper()
	// Programs may have to be built first, hence the long limit.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	t.Cleanup(cancel)
	path, err := binaries.Build(ctx, testLog{t}, "./cmd/ingress-migrate-webhook")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.Start(ctx, sandbox.Options{
		Dir: t.TempDir(), Nodes: nodes, Log: testLog{t},
		Images: map[string]kubelet.Program{image: {Path: path}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Sandbox: s, t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			r.describe()
		}
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	if r.client, err = kubernetes.NewForConfig(s.RESTConfig()); err != nil {
		t.Fatal(err)
	}
	if r.dynamic, err = dynamic.NewForConfig(s.RESTConfig()); err != nil {
		t.Fatal(err)
	}
	return r
}

// with returns the rig of a subtest.
func (r *rig) with(t *testing.T) *rig {
	copied := *r
	copied.t = t
	return &copied
}

// installCRDs applies Traefik's custom resource definitions.
func (r *rig) installCRDs() {
	r.t.Helper()
	definitions, err := edge.CRDs(r.ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := edge.Apply(r.ctx, r.RESTConfig(), definitions); err != nil {
		r.t.Fatal(err)
	}
}

// plugin runs the plugin's command line.
func (r *rig) plugin(args ...string) (status int, stdout, stderr string) {
	r.t.Helper()
	var out, errOut bytes.Buffer
	args = append(args, "--kubeconfig", r.Kubeconfig())
	status = plugin.Run(r.ctx, args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	return status, out.String(), errOut.String()
}

// mustPlugin fails the test unless the command ends well.
func (r *rig) mustPlugin(args ...string) (stdout, stderr string) {
	r.t.Helper()
	status, stdout, stderr := r.plugin(args...)
	if status != 0 {
		r.t.Fatalf("%s: exit status %d\n%s%s", strings.Join(args, " "), status, stdout, stderr)
	}
	return stdout, stderr
}

// kubectl runs the real kubectl.
func (r *rig) kubectl(stdin string, args ...string) (stdout, stderr string, err error) {
	r.t.Helper()
	cmd := exec.CommandContext(r.ctx, r.Kubectl(), append([]string{"--kubeconfig", r.Kubeconfig()}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// apply is kubectl apply -f -; it must end well.
func (r *rig) apply(yaml string, args ...string) (stdout, stderr string) {
	r.t.Helper()
	stdout, stderr, err := r.kubectl(yaml, append([]string{"apply", "-f", "-"}, args...)...)
	if err != nil {
		r.t.Fatalf("kubectl apply: %v\n%s", err, stderr)
	}
	return stdout, stderr
}

func (r *rig) namespace(labels map[string]string) string {
	r.t.Helper()
	ns, err := r.client.CoreV1().Namespaces().Create(r.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "shop-", Labels: labels}}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.service(ns.Name, "web")
	return ns.Name
}

func (r *rig) service(namespace, name string) {
	r.t.Helper()
	_, err := r.client.CoreV1().Services(namespace).Create(r.ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
}

// ingress is a manifest of one host and path that leads to Service web. The host
// is of the namespace: routes of several namespaces are never merged.
func ingress(namespace, name, host string, annotations ...string) string {
	host = strings.Replace(host, ".example.com", "."+namespace+".example.com", 1)
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: %s\n  namespace: %s\n", name, namespace)
	if len(annotations) > 0 {
		b.WriteString("  annotations:\n")
		for _, a := range annotations {
			key, value, _ := strings.Cut(a, "=")
			fmt.Fprintf(&b, "    %s: %q\n", key, value)
		}
	}
	fmt.Fprintf(&b, "spec:\n  rules:\n  - host: %s\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}\n", host)
	return b.String()
}

// traefik is a Traefik resource.
func traefik(name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "traefik.io", Version: "v1alpha1", Resource: name}
}

// route returns an IngressRoute, nil when there is none.
func (r *rig) route(namespace, name string) *unstructured.Unstructured {
	r.t.Helper()
	return r.object("ingressroutes", namespace, name)
}

func (r *rig) object(kind, namespace, name string) *unstructured.Unstructured {
	r.t.Helper()
	list, err := r.dynamic.Resource(traefik(kind)).Namespace(namespace).List(r.ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		r.t.Fatal(err)
	}
	if len(list.Items) == 0 {
		return nil
	}
	return &list.Items[0]
}

// waitRoute waits until there is a route, and says for how long.
func (r *rig) waitRoute(namespace, name string) *unstructured.Unstructured {
	r.t.Helper()
	var route *unstructured.Unstructured
	r.eventually("IngressRoute "+namespace+"/"+name+" is there", func() error {
		if route = r.route(namespace, name); route == nil {
			return fmt.Errorf("it is not")
		}
		return nil
	})
	return route
}

// marker applies an Ingress and waits for its route: whatever was applied before
// it had its turn by then.
func (r *rig) marker(namespace string) {
	r.t.Helper()
	name := fmt.Sprintf("marker-%d", time.Now().UnixNano())
	r.apply(ingress(namespace, name, name+".example.com"))
	r.waitRoute(namespace, name)
}

func (r *rig) waitNoRoute(namespace, name string) {
	r.t.Helper()
	r.eventually("IngressRoute "+namespace+"/"+name+" is gone", func() error {
		if r.route(namespace, name) != nil {
			return fmt.Errorf("it is there")
		}
		return nil
	})
}

func (r *rig) eventually(what string, check func() error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			r.t.Fatalf("waiting until %s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// events returns "reason: note" of an Ingress' events.
func (r *rig) events(namespace, name string) []string {
	r.t.Helper()
	list, err := r.client.EventsV1().Events(namespace).List(r.ctx, metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	var said []string
	for _, e := range list.Items {
		if e.Regarding.Kind == "Ingress" && e.Regarding.Name == name {
			said = append(said, e.Reason+": "+e.Note)
		}
	}
	return said
}

// webhookPods returns the webhook's pods that are not being deleted.
func (r *rig) webhookPods() []corev1.Pod {
	r.t.Helper()
	list, err := r.client.CoreV1().Pods(webhookNamespace).List(r.ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=ingress-migrate-webhook"})
	if err != nil {
		r.t.Fatal(err)
	}
	var pods []corev1.Pod
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil {
			pods = append(pods, pod)
		}
	}
	return pods
}

// scale sets the webhook's replicas and waits until they are ready or gone.
func (r *rig) scale(replicas int32) {
	r.t.Helper()
	patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas)
	if _, err := r.client.AppsV1().Deployments(webhookNamespace).Patch(r.ctx, "ingress-migrate-webhook", "application/merge-patch+json", []byte(patch), metav1.PatchOptions{}); err != nil {
		r.t.Fatal(err)
	}
	r.eventually(fmt.Sprintf("%d replicas are ready", replicas), func() error {
		ready := 0
		list, err := r.client.CoreV1().Pods(webhookNamespace).List(r.ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range list.Items {
			for _, c := range pod.Status.Conditions {
				if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
					ready++
				}
			}
		}
		if ready != int(replicas) || len(list.Items) != int(replicas) {
			return fmt.Errorf("%d of %d pods are ready", ready, len(list.Items))
		}
		return nil
	})
}

// describe shows the webhook's logs of a failed test.
func (r *rig) describe() {
	logs, _ := filepath.Glob(filepath.Join(r.Dir(), "pods", "*", "*.log"))
	for _, file := range logs {
		text, _ := os.ReadFile(file)
		const room = 6000
		if len(text) > room {
			text = text[len(text)-room:]
		}
		r.t.Logf("--- %s\n%s", file, text)
	}
}

type testLog struct{ t testing.TB }

var _ io.Writer = testLog{}

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
