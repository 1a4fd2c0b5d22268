// Package world is a cluster as a migration finds it: the sandbox with its edge
// nodes, applications behind them, a balancer in front, and a shell with kubectl
// and the plugin. The stories that are told on it are elsewhere (test/demo,
// test/e2e).
package world

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
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/legacyapi"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/workload"
)

// The host ports of every edge here: low ones need privileges.
const HTTPPort, HTTPSPort = 8000, 8443

// Options say which world to start.
type Options struct {
	// Out is told what is done.
	Out io.Writer
	// Nodes is how many edge nodes there are.
	Nodes    int
	Workload *workload.Workload
}

// World is everything that runs. Close ends all of it.
type World struct {
	Out      io.Writer
	Sandbox  *sandbox.Sandbox
	Apps     *backend.Set
	Balancer balancer.Balancer
	Client   kubernetes.Interface
	// Modern and Old speak to the API server directly, and in the API version of 2019.
	Modern, Old Shell
	// Operator speaks as somebody who has the rights to move nodes and no others.
	Operator Shell

	workload *workload.Workload
	legacy   *legacyapi.Proxy
	// secure is where the balancer listens for TLS.
	secure  string
	closers []func() error
}

// Start brings up the cluster with Traefik's custom resource definitions, the
// commands and the applications. The edge, the Ingresses and the balancer are
// the caller's next steps.
func Start(ctx context.Context, o Options) (*World, error) {
	w := &World{Out: o.Out, workload: o.Workload}
	for _, step := range []func(context.Context, int) error{w.startCluster, w.installCommands, w.startApps} {
		if err := step(ctx, o.Nodes); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Close ends what was started, the last first.
func (w *World) Close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		if err := w.closers[i](); err != nil {
			fmt.Fprintf(w.Out, "ending the sandbox: %v\n", err)
		}
	}
}

func (w *World) startCluster(ctx context.Context, nodes int) error {
	s, err := sandbox.Start(ctx, sandbox.Options{
		Nodes: nodes, NodeLabels: map[string]string{"edge-node-label": "true"}, Log: w.Out,
	})
	if err != nil {
		return err
	}
	w.Sandbox = s
	w.closers = append(w.closers, s.Stop)
	if w.legacy, err = edge.Equip(ctx, w.Out, s); err != nil {
		return err
	}
	w.closers = append(w.closers, w.legacy.Close)
	if w.Client, err = kubernetes.NewForConfig(s.RESTConfig()); err != nil {
		return err
	}
	definitions, err := edge.CRDs(ctx)
	if err != nil {
		return err
	}
	return w.ApplyEdge(ctx, definitions)
}

// installCommands builds the plugin and lays it where kubectl finds it.
func (w *World) installCommands(ctx context.Context, _ int) error {
	plugin, err := binaries.Build(ctx, w.Out, "./cmd/kubectl-ingress_migrate")
	if err != nil {
		return err
	}
	w.Modern = Shell{out: w.Out, kubectl: w.Sandbox.Kubectl(), kubeconfig: w.Sandbox.Kubeconfig(), path: filepath.Dir(plugin)}
	w.Old = w.Modern
	w.Old.kubeconfig = filepath.Join(w.Sandbox.Dir(), "legacy.kubeconfig")
	token, err := w.editorToken(ctx)
	if err != nil {
		return err
	}
	text, err := w.legacy.Kubeconfig(token)
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.Old.kubeconfig, text, 0o600); err != nil {
		return err
	}
	w.Operator, err = w.operator(ctx)
	return err
}

func (w *World) startApps(ctx context.Context, _ int) error {
	services, err := w.workload.Services(w.Sandbox.Address)
	if err != nil {
		return err
	}
	if w.Apps, err = backend.Start(ctx, services); err != nil {
		return err
	}
	w.closers = append(w.closers, w.Apps.Close)
	for _, name := range w.Apps.Namespaces() {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := w.Client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	for _, service := range w.Apps.Objects() {
		if _, err := w.Client.CoreV1().Services(service.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	for _, secret := range w.workload.Secrets {
		if _, err := w.Client.CoreV1().Secrets(secret.Namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// ApplyEdge creates or updates the objects of an edge deployment.
func (w *World) ApplyEdge(ctx context.Context, deployment edge.Deployment) error {
	return edge.Apply(ctx, w.Sandbox.RESTConfig(), deployment)
}

// ApplyOld applies streams of Ingresses as a pipeline of 2019 does.
func (w *World) ApplyOld(ctx context.Context, streams ...[]byte) error {
	for _, text := range streams {
		if err := w.Old.Run(ctx, text, "apply", "--output=name", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
}

// EdgeOptions are those of every edge here. The balancer needs 2 x 1 s + 2 s to
// notice that a node leaves; see the drain arithmetic of preflight.
func EdgeOptions() edge.Options {
	return edge.Options{
		HTTP: HTTPPort, HTTPS: HTTPSPort, RedirectToHTTPS: true,
		AcceptGrace: 5 * time.Second, FinishGrace: 10 * time.Second,
	}
}

// Check is the balancer's health check: five good ones in a row, because /ping
// is good before routes are loaded, and a long time-out, because a busy machine
// must not look like a node that is gone.
func Check() balancer.Check {
	return balancer.Check{Interval: time.Second, Timeout: 2 * time.Second, Rise: 5, Fall: 2}
}

// StartBalancer starts the balancer and waits until it uses every node.
func (w *World) StartBalancer(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.secure = listener.Addr().String()
	listener.Close()
	options := balancer.Options{ListenTLS: w.secure, Check: Check()}
	for _, node := range w.Sandbox.Nodes() {
		options.Targets = append(options.Targets, balancer.Target{
			Name:       node.Name,
			Address:    net.JoinHostPort(node.Address, strconv.Itoa(HTTPPort)),
			AddressTLS: net.JoinHostPort(node.Address, strconv.Itoa(HTTPSPort)),
		})
	}
	if w.Balancer, err = balancer.Start(ctx, w.Out, options); err != nil {
		return err
	}
	w.closers = append(w.closers, w.Balancer.Stop)
	return Poll(ctx, "every node in the balancer", func() error {
		stats, err := w.Balancer.Stats(ctx)
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
