package setup

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/cert-controller/pkg/rotator"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/certs"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/handler"
)

// server is the admission server of every replica. It listens as soon as the
// caches are synced and there is a certificate.
type server struct {
	webhook.Server
	ready     <-chan struct{}
	listening atomic.Bool
	cleanup   func()
}

var (
	_ manager.Runnable               = (*server)(nil)
	_ manager.LeaderElectionRunnable = (*server)(nil)
)

func newServer(mgr manager.Manager, c Config, expires func(time.Time)) (*server, error) {
	options := webhook.Options{
		Host: c.Address, Port: c.WebhookPort, CertDir: c.CertDir,
		TLSOpts: []func(*tls.Config){func(t *tls.Config) { t.MinVersion = tls.VersionTLS12 }},
	}
	s := &server{cleanup: func() {}}
	if c.CertDir != "" {
		mounted := make(chan struct{})
		close(mounted)
		s.ready = mounted
	} else {
		held, err := rotate(mgr, c, expires, s)
		if err != nil {
			return nil, err
		}
		options.TLSOpts = append(options.TLSOpts, func(t *tls.Config) { t.GetCertificate = held.GetCertificate })
		s.ready = held.Ready()
	}
	s.Server = webhook.NewServer(options)
	return s, nil
}

// rotate adds cert-controller's rotator, which makes an authority and a
// certificate in our Secret, renews them, and writes the authority into the
// registration; and a reader that serves what the Secret holds.
func rotate(mgr manager.Manager, c Config, expires func(time.Time), s *server) (*certs.FromSecret, error) {
	dir, err := os.MkdirTemp("", "certificate-")
	if err != nil {
		return nil, fmt.Errorf("make directory for the public certificate: %w", err)
	}
	s.cleanup = func() { _ = os.RemoveAll(dir) }
	key := types.NamespacedName{Namespace: c.Namespace, Name: SecretName}
	hosts := c.hosts()
	if err := rotator.AddRotator(mgr, &rotator.CertRotator{
		SecretKey:      key,
		CertDir:        dir,
		CAName:         Name + "-ca",
		CAOrganization: "ingress-migrate",
		DNSName:        hosts[0],
		ExtraDNSNames:  hosts[1:],
		IsReady:        make(chan struct{}),
		FieldOwner:     Name,
		Webhooks:       []rotator.WebhookInfo{{Name: Name, Type: rotator.Mutating}},
		// Every replica serves; a conflict on the Secret decides who makes it.
		RequireLeaderElection: false,
	}); err != nil {
		return nil, fmt.Errorf("add certificate rotation: %w", err)
	}
	clientset, err := kubernetes.NewForConfig(c.REST)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	held := certs.NewFromSecret(certs.Options{
		Key: key, Client: clientset.CoreV1().RESTClient(), Dir: dir, Log: c.Log.WithName("certificate"), Expires: expires,
	})
	if err := mgr.Add(held); err != nil {
		return nil, fmt.Errorf("add certificate reader: %w", err)
	}
	return held, nil
}

func (s *server) register(h admission.Handler) {
	s.Register(handler.Path, &admission.Webhook{Handler: h})
}

// Start implements manager.Runnable. The manager starts it after the caches.
func (s *server) Start(ctx context.Context) error {
	defer s.cleanup()
	select {
	case <-ctx.Done():
		return nil
	case <-s.ready:
	}
	s.listening.Store(true)
	defer s.listening.Store(false)
	return s.Server.Start(ctx)
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (s *server) NeedLeaderElection() bool { return false }

// check is the readiness of a replica.
func (s *server) check(r *http.Request) error {
	if !s.listening.Load() {
		return errors.New("waiting for caches or certificate")
	}
	return s.StartedChecker()(r)
}
