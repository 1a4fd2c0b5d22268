// Package scale measures what it costs to look at a large cluster: a real API server
// with a thousand edge nodes and twenty thousand Ingresses.
package scale

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/bench"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// home is the namespace of the proxies.
const home = "kube-system"

// atOnce is how many objects are created at a time.
const atOnce = 16

// Cluster is a control plane with objects for everything and no kubelet: nothing
// changes while it is looked at.
type Cluster struct {
	*sandbox.Sandbox
	// Plugin is the plugin's binary, WebhookProgram the webhook's.
	Plugin, WebhookProgram string
	dir                    string
}

// Start makes a cluster with as many nodes, each with a pod of Traefik 1.7, and as
// many Ingresses, a quarter of them with TLS, with their Services and routes. Traefik 2.11 is there and has no pod.
func Start(ctx context.Context, dir string, log io.Writer, nodes, ingresses int) (*Cluster, error) {
	build := exec.CommandContext(ctx, "go", "build", "-o", dir, "github.com/ingress-migrate/kubectl-ingress-migrate/cmd/...")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: dir + "/sandbox", Log: log})
	if err != nil {
		return nil, err
	}
	c := &Cluster{Sandbox: s, Plugin: dir + "/kubectl-ingress_migrate", WebhookProgram: dir + "/ingress-migrate-webhook", dir: dir}
	// Controllers would replace the pods, and take nodes without a kubelet for dead.
	s.StopScheduler(ctx)
	s.StopControllerManager(ctx)
	if err = fill(ctx, s.RESTConfig(), log, nodes, ingresses); err == nil {
		err = c.sync(ctx, log)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (and stopping: %v)", err, s.Stop())
	}
	return c, nil
}

func fill(ctx context.Context, config *rest.Config, log io.Writer, nodes, ingresses int) error {
	config.QPS, config.Burst = -1, -1
	config.WarningHandler = rest.NoWarnings{} // of the class annotation, on each Ingress
	typed := rest.CopyConfig(config)
	typed.ContentType = runtime.ContentTypeProtobuf // which a server reads in less time
	client, err := kubernetes.NewForConfig(typed)
	if err != nil {
		return err
	}
	crds, err := edge.CRDs(ctx)
	if err != nil {
		return err
	}
	old, err := edge.Traefik1(edge.Options{Namespace: home})
	if err != nil {
		return err
	}
	next, err := edge.Traefik2(edge.Options{Namespace: home})
	if err != nil {
		return err
	}
	for _, deployment := range []edge.Deployment{crds, old, next} {
		if err := edge.Apply(ctx, config, deployment); err != nil {
			return err
		}
	}
	set, err := client.AppsV1().DaemonSets(home).Get(ctx, old.DaemonSet().Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	set.Status.ObservedGeneration = set.Generation
	if _, err := client.AppsV1().DaemonSets(home).UpdateStatus(ctx, set, metav1.UpdateOptions{}); err != nil {
		return err
	}
	fmt.Fprintf(log, "creating %d nodes with a pod each\n", nodes)
	err = each(ctx, nodes, func(ctx context.Context, i int) error { return createNode(ctx, client, set, i) })
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "creating %d Ingresses with their Services\n", ingresses)
	return createIngresses(ctx, client, ingresses)
}

// sync makes the routes.
func (c *Cluster) sync(ctx context.Context, log io.Writer) error {
	fmt.Fprintln(log, "making their routes")
	sync := exec.CommandContext(ctx, c.Plugin, "sync", "-A", "--kubeconfig", c.Kubeconfig())
	var said bytes.Buffer
	sync.Stdout, sync.Stderr = io.Discard, &said
	if err := sync.Run(); err != nil {
		return fmt.Errorf("sync: %w: %s", err, said.String())
	}
	return nil
}

// each calls create for 0 to n-1, some at a time.
func each(ctx context.Context, n int, create func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error { return create(ctx, i) })
	}
	return group.Wait()
}

func createIngresses(ctx context.Context, client kubernetes.Interface, n int) error {
	documents := bytes.Split(bench.Manifests(n), []byte("---\n"))
	namespaces := map[string]bool{}
	objects := make([]*networkingv1.Ingress, len(documents))
	for i, document := range documents {
		objects[i] = &networkingv1.Ingress{}
		if err := yaml.UnmarshalStrict(document, objects[i]); err != nil {
			return err
		}
		if i%4 > 0 { // TLS doubles the routes
			objects[i].Spec.TLS = nil
		}
		namespaces[objects[i].Namespace] = true
	}
	for namespace := range namespaces {
		object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
		if _, err := client.CoreV1().Namespaces().Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return each(ctx, len(objects), func(ctx context.Context, i int) error {
		ingress := objects[i]
		service := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: ingress.Namespace, Name: ingress.Name, Labels: ingress.Labels},
			// Headless: the sandbox has few addresses.
			Spec: corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: ingress.Labels, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
		}
		if _, err := client.CoreV1().Services(ingress.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
			return err
		}
		_, err := client.NetworkingV1().Ingresses(ingress.Namespace).Create(ctx, ingress, metav1.CreateOptions{FieldManager: "kubectl-client-side-apply"})
		return err
	})
}

// Usage is what one run of a program took.
type Usage struct {
	Wall time.Duration
	// PeakMB is the peak of its resident memory.
	PeakMB float64
}

// Run runs a program to its end with its output thrown away.
func (c *Cluster) Run(ctx context.Context, program string, args ...string) (Usage, error) {
	cmd := exec.CommandContext(ctx, program, append(args, "--kubeconfig", c.Kubeconfig())...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return Usage{}, err
	}
	stop := make(chan struct{})
	peak := watch(cmd.Process.Pid, stop)
	err := cmd.Wait()
	usage := Usage{Wall: time.Since(begun)}
	close(stop)
	usage.PeakMB = <-peak
	if err != nil {
		return usage, fmt.Errorf("%s %v: %w: %s", program, args, err, said.String())
	}
	return usage, nil
}
