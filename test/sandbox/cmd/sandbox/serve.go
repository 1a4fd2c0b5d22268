package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/legacyapi"
)

// serve is the background process: the cluster lives as long as it does.
func serve(ctx context.Context, c config, log io.Writer) (err error) {
	// Or everything started from here holds the pipe open as well.
	syscall.CloseOnExec(readyFD)
	pipe := os.NewFile(readyFD, "ready")
	defer pipe.Close()
	_ = os.Remove(legacyKubeconfig(c))

	s, err := sandbox.Start(ctx, sandbox.Options{
		Dir: c.dir, Nodes: c.nodes, NodeLabels: map[string]string{"edge-node-label": "true"}, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if c.edge {
		proxy, err := startEdge(ctx, c, s, log)
		if err != nil {
			return err
		}
		defer proxy.Close()
	}
	orders, err := listenForOrders(s, log)
	if err != nil {
		return err
	}
	defer orders.Close()
	if _, err := fmt.Fprintln(pipe, ready); err != nil {
		return fmt.Errorf("report that the sandbox is ready: %w", err)
	}
	if err := pipe.Close(); err != nil {
		return err
	}
	<-ctx.Done()
	fmt.Fprintln(log, "stopping")
	return nil
}

// startEdge makes the cluster look like one before its migration: Traefik's custom
// resource definitions, and Traefik 1.7 on every node.
func startEdge(ctx context.Context, c config, s *sandbox.Sandbox, log io.Writer) (*legacyapi.Proxy, error) {
	proxy, err := edge.Equip(ctx, log, s)
	if err != nil {
		return nil, err
	}
	definitions, err := edge.CRDs(ctx)
	if err == nil {
		var traefik1 edge.Deployment
		if traefik1, err = edge.Traefik1(edge.Options{}); err == nil {
			err = edge.Apply(ctx, s.RESTConfig(), definitions, traefik1)
		}
	}
	if err == nil {
		err = writeLegacyKubeconfig(ctx, c, s, proxy)
	}
	if err != nil {
		return nil, errors.Join(err, proxy.Close())
	}
	return proxy, nil
}

// writeLegacyKubeconfig makes an administrator of the old API, which takes tokens
// only.
func writeLegacyKubeconfig(ctx context.Context, c config, s *sandbox.Sandbox, proxy *legacyapi.Proxy) error {
	client, err := kubernetes.NewForConfig(s.RESTConfig())
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	const name, namespace = "legacy-admin", "kube-system"
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := client.CoreV1().ServiceAccounts(namespace).Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make a user of the old API: %w", err)
	}
	if _, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}},
	}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make a user of the old API: %w", err)
	}
	month := int64(30 * 24 * 60 * 60)
	answer, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &month}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("token for a user of the old API: %w", err)
	}
	text, err := proxy.Kubeconfig(answer.Status.Token)
	if err != nil {
		return err
	}
	if err := os.WriteFile(legacyKubeconfig(c), text, 0o600); err != nil {
		return fmt.Errorf("write kubeconfig of the old API: %w", err)
	}
	return nil
}
