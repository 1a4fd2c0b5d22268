package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/balancer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/legacyapi"
)

const (
	httpPort, httpsPort = 8000, 8443
	// webhookImage stands for the project's own image on the sandbox's nodes.
	webhookImage = "ghcr.io/ingress-migrate/ingress-migrate-webhook:demo"
)

// world is everything the demo runs on. close ends all of it.
type world struct {
	out      io.Writer
	sandbox  *sandbox.Sandbox
	legacy   *legacyapi.Proxy
	apps     *backend.Set
	balancer balancer.Balancer
	client   kubernetes.Interface
	// secure is where the balancer listens for TLS.
	secure string
	// modern and old speak to the API server directly, and in the API version of 2019.
	modern, old shell

	closers []func() error
}

func (w *world) close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		if err := w.closers[i](); err != nil {
			fmt.Fprintf(w.out, "ending the demo: %v\n", err)
		}
	}
}

// start brings up the cluster, its edge on Traefik 1.7, the applications behind
// it and the balancer in front of it.
func start(ctx context.Context, out io.Writer, nodes int) (*world, error) {
	w := &world{out: out}
	for _, step := range []func(context.Context, int) error{
		w.startCluster, w.installCommands, w.startApps, w.startEdge, w.startBalancer,
	} {
		if err := step(ctx, nodes); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

func (w *world) startCluster(ctx context.Context, nodes int) error {
	s, err := sandbox.Start(ctx, sandbox.Options{
		Nodes: nodes, NodeLabels: map[string]string{"edge-node-label": "true"}, Log: w.out,
	})
	if err != nil {
		return err
	}
	w.sandbox = s
	w.closers = append(w.closers, s.Stop)
	if w.legacy, err = edge.Equip(ctx, w.out, s); err != nil {
		return err
	}
	w.closers = append(w.closers, w.legacy.Close)
	if w.client, err = kubernetes.NewForConfig(s.RESTConfig()); err != nil {
		return err
	}
	definitions, err := edge.CRDs(ctx)
	if err != nil {
		return err
	}
	return edge.Apply(ctx, s.RESTConfig(), definitions)
}

// installCommands builds the plugin and the webhook, and lays the plugin where
// kubectl finds it.
func (w *world) installCommands(ctx context.Context, _ int) error {
	plugin, err := binaries.Build(ctx, w.out, "./cmd/kubectl-ingress_migrate")
	if err != nil {
		return err
	}
	webhook, err := binaries.Build(ctx, w.out, "./cmd/ingress-migrate-webhook")
	if err != nil {
		return err
	}
	w.sandbox.SetImage(webhookImage, kubelet.Program{Path: webhook})

	w.modern = shell{out: w.out, kubectl: w.sandbox.Kubectl(), kubeconfig: w.sandbox.Kubeconfig(), path: filepath.Dir(plugin)}
	w.old = w.modern
	w.old.kubeconfig = filepath.Join(w.sandbox.Dir(), "legacy.kubeconfig")
	token, err := w.editorToken(ctx)
	if err != nil {
		return err
	}
	text, err := w.legacy.Kubeconfig(token)
	if err != nil {
		return err
	}
	return os.WriteFile(w.old.kubeconfig, text, 0o600)
}

func (w *world) startApps(ctx context.Context, _ int) error {
	services, _, err := readServices(w.sandbox.Address)
	if err != nil {
		return err
	}
	if w.apps, err = backend.Start(ctx, services); err != nil {
		return err
	}
	w.closers = append(w.closers, w.apps.Close)
	for _, name := range w.apps.Namespaces() {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := w.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	for _, service := range w.apps.Objects() {
		if _, err := w.client.CoreV1().Services(service.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	wanted, err := secrets()
	if err != nil {
		return err
	}
	for _, secret := range wanted {
		if _, err := w.client.CoreV1().Secrets(secret.Namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// startEdge applies story S3's DaemonSet and the Ingresses that are older than
// the migration, and waits until a real route answers on every node.
func (w *world) startEdge(ctx context.Context, _ int) error {
	deployment, err := edge.Traefik1(edgeOptions())
	if err != nil {
		return err
	}
	if err := edge.Apply(ctx, w.sandbox.RESTConfig(), deployment); err != nil {
		return err
	}
	ofTeams, err := teamIngresses()
	if err != nil {
		return err
	}
	for _, text := range [][]byte{ingressesBefore, ofTeams} {
		if err := w.old.run(ctx, text, "apply", "--output=name", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
}

func edgeOptions() edge.Options {
	return edge.Options{
		HTTP: httpPort, HTTPS: httpsPort, RedirectToHTTPS: true,
		// The balancer below needs 2 x 1 s + 0.5 s to notice; see the drain arithmetic.
		AcceptGrace: 5 * time.Second, FinishGrace: 10 * time.Second,
	}
}

func (w *world) startBalancer(ctx context.Context, _ int) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.secure = listener.Addr().String()
	listener.Close()
	options := balancer.Options{ListenTLS: w.secure, Check: balancer.Check{Interval: time.Second, Timeout: 500 * time.Millisecond, Rise: 5, Fall: 2}}
	for _, node := range w.sandbox.Nodes() {
		options.Targets = append(options.Targets, balancer.Target{
			Name:       node.Name,
			Address:    net.JoinHostPort(node.Address, strconv.Itoa(httpPort)),
			AddressTLS: net.JoinHostPort(node.Address, strconv.Itoa(httpsPort)),
		})
	}
	if w.balancer, err = balancer.Start(ctx, w.out, options); err != nil {
		return err
	}
	w.closers = append(w.closers, w.balancer.Stop)
	return poll(ctx, "every node in the balancer", func() error {
		stats, err := w.balancer.Stats(ctx)
		if err != nil {
			return err
		}
		for _, s := range stats {
			if s.State != balancer.Healthy {
				return fmt.Errorf("%s is %s", s.Target, s.State)
			}
		}
		return nil
	})
}

// poll asks until there is no error any more, for at most two minutes.
func poll(ctx context.Context, what string, ask func() error) error {
	return pollFor(ctx, 2*time.Minute, what, ask)
}

func pollFor(ctx context.Context, limit time.Duration, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
