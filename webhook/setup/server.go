package setup

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
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
	s := &server{}
	if c.CertDir != "" {
		mounted := &mountedPair{dir: c.CertDir, log: c.Log.WithName("certificate"), ready: make(chan struct{})}
		if err := mgr.Add(mounted); err != nil {
			return nil, fmt.Errorf("add the look at the certificate: %w", err)
		}
		s.ready = mounted.ready
	} else {
		held, err := keep(mgr, c, expires)
		if err != nil {
			return nil, err
		}
		options.TLSOpts = append(options.TLSOpts, func(t *tls.Config) { t.GetCertificate = held.GetCertificate })
		s.ready = held.Ready()
	}
	s.Server = webhook.NewServer(options)
	return s, nil
}

// keep adds what makes and renews our certificate and registers its authority.
func keep(mgr manager.Manager, c Config, expires func(time.Time)) (*certs.Keeper, error) {
	clientset, err := kubernetes.NewForConfig(c.REST)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	held := certs.New(certs.Options{
		Secret: types.NamespacedName{Namespace: c.Namespace, Name: SecretName}, Registration: Name,
		Authority: Name + "-ca", Organization: "ingress-migrate", Hosts: c.hosts(),
		Client: clientset, Settle: c.AuthoritySettle, Log: c.Log.WithName("certificate"), Expires: expires, Now: time.Now,
	})
	if err := mgr.Add(held); err != nil {
		return nil, fmt.Errorf("add the keeper of the certificate: %w", err)
	}
	return held, nil
}

// mountedPair waits for a certificate of somebody else's making. Serving begins when
// it can be read; until then everything else goes on.
type mountedPair struct {
	dir   string
	log   logr.Logger
	ready chan struct{}
}

// Start implements manager.Runnable.
func (m *mountedPair) Start(ctx context.Context) error {
	const pause = time.Second
	said := ""
	for {
		_, err := tls.LoadX509KeyPair(filepath.Join(m.dir, "tls.crt"), filepath.Join(m.dir, "tls.key"))
		if err == nil {
			close(m.ready)
			return nil
		}
		if err.Error() != said {
			said = err.Error()
			m.log.Info("waiting for a certificate, routes are made meanwhile", "folder", m.dir, "why", said)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (m *mountedPair) NeedLeaderElection() bool { return false }

func (s *server) register(h admission.Handler) {
	s.Register(handler.Path, &admission.Webhook{Handler: h})
}

// Start implements manager.Runnable. The manager starts it after the caches.
func (s *server) Start(ctx context.Context) error {
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
