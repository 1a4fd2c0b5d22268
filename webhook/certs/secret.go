// Package certs serves the certificate that cert-controller's rotator keeps in a
// Secret. It watches the Secret itself instead of waiting for the kubelet to
// refresh a mounted volume, which takes about a minute: after a new authority
// was made, that minute would be one of refused handshakes, and a first
// installation would wait as long before it can serve at all.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
)

// Options of FromSecret.
type Options struct {
	// Key names the Secret.
	Key types.NamespacedName
	// Client reads Secrets (the core/v1 REST client).
	Client rest.Interface
	// Dir receives the public certificate, for the rotator: it asks whether
	// Dir/tls.crt exists before it calls itself ready.
	Dir string
	Log logr.Logger
	// Expires is told when a new certificate expires.
	Expires func(time.Time)
}

// FromSecret holds the certificate of a Secret. The private key is in memory only.
type FromSecret struct {
	Options

	mu      sync.RWMutex
	current *tls.Certificate
	once    sync.Once
	ready   chan struct{}
}

// NewFromSecret returns a FromSecret without a certificate; Start finds it.
func NewFromSecret(o Options) *FromSecret {
	return &FromSecret{Options: o, ready: make(chan struct{})}
}

// Start watches the Secret until ctx ends. It implements manager.Runnable.
func (s *FromSecret) Start(ctx context.Context) error {
	watch := toolscache.NewListWatchFromClient(s.Client, "secrets", s.Key.Namespace, fields.OneTermEqualSelector("metadata.name", s.Key.Name))
	take := func(object any) {
		secret, ok := object.(*corev1.Secret)
		if !ok {
			return
		}
		if err := s.take(secret); err != nil {
			s.Log.Info("certificate not usable yet, keeping the last one", "secret", s.Key.String(), "why", err.Error())
		}
	}
	_, informer := toolscache.NewInformerWithOptions(toolscache.InformerOptions{
		ListerWatcher: watch,
		ObjectType:    &corev1.Secret{},
		Handler: toolscache.ResourceEventHandlerFuncs{
			AddFunc:    take,
			UpdateFunc: func(_, object any) { take(object) },
		},
	})
	informer.RunWithContext(ctx)
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica serves.
func (s *FromSecret) NeedLeaderElection() bool { return false }

// Ready is closed when there is a certificate.
func (s *FromSecret) Ready() <-chan struct{} { return s.ready }

// GetCertificate is for tls.Config.
func (s *FromSecret) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.current == nil {
		return nil, errors.New("there is no serving certificate yet")
	}
	return s.current, nil
}

func (s *FromSecret) take(secret *corev1.Secret) error {
	if len(secret.Data[corev1.TLSCertKey]) == 0 {
		return errors.New("the Secret is still empty")
	}
	certificate, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	certificate.Leaf = leaf
	if err := os.WriteFile(filepath.Join(s.Dir, corev1.TLSCertKey), secret.Data[corev1.TLSCertKey], 0o600); err != nil {
		return fmt.Errorf("write the public certificate: %w", err)
	}
	s.mu.Lock()
	s.current = &certificate
	s.mu.Unlock()
	s.Expires(leaf.NotAfter)
	s.once.Do(func() { close(s.ready) })
	return nil
}
