// Package certs keeps the certificate of the admission server: in a Secret that all
// replicas share, trusted by the API server through our registration, and served
// from memory.
//
// A new authority is trusted beside the old one before anything is signed by it,
// and the old one stays trusted for a day after. The Secret is watched, instead of
// waiting for the kubelet to refresh a mounted volume. Whatever is wrong with the
// Secret or the rights on it is logged and tried again: routes do not depend on it.
package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Options of New.
type Options struct {
	// Secret names the Secret with authorities and certificate. It must exist.
	Secret types.NamespacedName
	// Registration names the MutatingWebhookConfiguration.
	Registration string
	// Authority and Organization are the names of authorities that are made.
	Authority, Organization string
	// Hosts are what the API server may call us; one at least.
	Hosts  []string
	Client kubernetes.Interface
	// Settle is how long a new authority is registered before something is signed by
	// it: longer than any API server needs to hear of a change of the registration.
	Settle time.Duration
	Log    logr.Logger
	// Expires is told when a certificate expires that is served from now on.
	Expires func(time.Time)
	Now     func() time.Time
}

// Keeper keeps and holds the certificate.
type Keeper struct {
	Options
	make maker
	wake chan struct{}

	mu      sync.RWMutex
	current *tls.Certificate
	once    sync.Once
	ready   chan struct{}

	// newest is the newest authority of the registration, since when it was first
	// seen there.
	newest []byte
	since  time.Time
	// said is the last trouble, so that it is logged once.
	said string
}

// New returns a Keeper without a certificate; Start finds or makes it.
func New(o Options) *Keeper {
	return &Keeper{Options: o, make: newMaker(o.Authority, o.Organization, o.Hosts), wake: make(chan struct{}, 1), ready: make(chan struct{})}
}

// Ready is closed when there is a certificate.
func (k *Keeper) Ready() <-chan struct{} { return k.ready }

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica
// serves, and the first one to write the Secret decides.
func (k *Keeper) NeedLeaderElection() bool { return false }

// GetCertificate is for tls.Config.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.current == nil {
		return nil, errors.New("there is no serving certificate yet")
	}
	return k.current, nil
}

// Start works until ctx ends, whatever goes wrong. It implements manager.Runnable.
func (k *Keeper) Start(ctx context.Context) error {
	secrets := watchOne(ctx, k.Client.CoreV1().RESTClient(), "secrets", k.Secret, &corev1.Secret{}, k.look)
	registrations := watchOne(ctx, k.Client.AdmissionregistrationV1().RESTClient(), "mutatingwebhookconfigurations", types.NamespacedName{Name: k.Registration}, &admissionv1.MutatingWebhookConfiguration{}, k.look)
	for {
		again := k.pass(ctx, secrets, registrations)
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-k.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look asks for a pass as soon as possible.
func (k *Keeper) look() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// pass brings everything one step further and returns when to look again.
func (k *Keeper) pass(ctx context.Context, secrets, registrations *one) time.Duration {
	const soon, retry = 100 * time.Millisecond, 2 * time.Second
	secret, known := secrets.get()
	if secret == nil {
		if known {
			k.trouble(fmt.Errorf("there is no Secret %s: kubectl ingress-migrate webhook install makes it", k.Secret))
			return retry
		}
		return soon
	}
	registered, known := registrations.get()
	if !known {
		// What the API server trusts decides what may be served.
		return soon
	}
	again, err := k.keep(ctx, secret.(*corev1.Secret), asRegistration(registered))
	k.trouble(err)
	if err != nil {
		return retry
	}
	return again
}

func asRegistration(object any) *admissionv1.MutatingWebhookConfiguration {
	registration, _ := object.(*admissionv1.MutatingWebhookConfiguration)
	return registration
}

// keep serves what may be served, renews what has to be renewed and registers what
// has to be trusted; registration is nil when there is none.
func (k *Keeper) keep(ctx context.Context, secret *corev1.Secret, registration *admissionv1.MutatingWebhookConfiguration) (again time.Duration, err error) {
	now := k.Now()
	var bundle []byte
	if registration != nil && len(registration.Webhooks) > 0 {
		bundle = registration.Webhooks[0].ClientConfig.CABundle
	}
	settled := k.settled(secret.Data, bundle, registration != nil, now)
	k.serve(secret, bundle, settled, now)
	next, again, err := k.make.step(secret.Data, certificates(bundle), settled, now)
	if err != nil {
		return 0, err
	}
	if next != nil {
		changed := secret.DeepCopy()
		changed.Data = next
		// What is written now comes back by the watch.
		_, err := k.Client.CoreV1().Secrets(k.Secret.Namespace).Update(ctx, changed, metav1.UpdateOptions{FieldManager: k.Registration})
		switch {
		case apierrors.IsConflict(err): // another replica was first
		case err != nil:
			return 0, fmt.Errorf("write Secret %s: %w", k.Secret, err)
		default:
			k.Log.Info("certificate Secret written", "secret", k.Secret.String())
		}
		return again, nil
	}
	return again, k.register(ctx, secret.Data[authoritiesKey], registration)
}

// settled tells whether the newest authority of the Secret has been registered for
// long enough. Where nothing is registered there is nobody to wait for.
func (k *Keeper) settled(data map[string][]byte, bundle []byte, registered bool, now time.Time) bool {
	if !registered {
		return true
	}
	trusted, known := certificates(data[authoritiesKey]), certificates(bundle)
	if len(trusted) == 0 || len(known) == 0 || !trusted[0].Equal(known[0]) {
		k.newest = nil
		return false
	}
	if !bytes.Equal(k.newest, trusted[0].Raw) {
		k.newest, k.since = trusted[0].Raw, now
	}
	return now.Sub(k.since) >= k.Settle
}

// serve takes the certificate of the Secret, unless the API server would not trust
// it while it trusts the one that is served now.
func (k *Keeper) serve(secret *corev1.Secret, bundle []byte, settled bool, now time.Time) {
	found, err := pair(secret.Data)
	if err != nil {
		// The next steps make another one.
		return
	}
	trusted := certificates(bundle)
	k.mu.Lock()
	defer k.mu.Unlock()
	good := len(trusted) == 0 || k.make.trusts(trusted, found, now)
	switch {
	case k.current == nil && !good:
		// Not ready: nobody may be sent here who would refuse us.
		return
	case k.current == nil:
	case k.current.Leaf.Equal(found.Leaf):
		return
	case len(trusted) > 0 && !k.make.trusts(trusted, k.current, now):
		// It cannot get worse.
	case !good, !settled && !k.make.sameAuthority(found, k.current):
		return
	}
	k.current = found
	k.Expires(found.Leaf.NotAfter)
	k.Log.Info("serving a certificate", "expires", found.Leaf.NotAfter.Format(time.RFC3339))
	k.once.Do(func() { close(k.ready) })
}

// register makes the API server trust these authorities.
func (k *Keeper) register(ctx context.Context, bundle []byte, registration *admissionv1.MutatingWebhookConfiguration) error {
	if registration == nil {
		return nil
	}
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	// Nothing but the bundle is written, and only to what was read.
	patch := []operation{{"test", "/metadata/resourceVersion", registration.ResourceVersion}}
	for n := range registration.Webhooks {
		if !bytes.Equal(registration.Webhooks[n].ClientConfig.CABundle, bundle) {
			patch = append(patch, operation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", n), bundle})
		}
	}
	if len(patch) == 1 {
		return nil
	}
	raw, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encode the change of MutatingWebhookConfiguration %s: %w", k.Registration, err)
	}
	if _, err := k.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Patch(ctx, k.Registration, types.JSONPatchType, raw, metav1.PatchOptions{FieldManager: k.Registration}); err != nil {
		return fmt.Errorf("write the certificate authorities into MutatingWebhookConfiguration %s: %w", k.Registration, err)
	}
	k.Log.Info("certificate authorities registered", "count", len(certificates(bundle)))
	return nil
}

// trouble logs what is wrong, each thing once.
func (k *Keeper) trouble(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != k.said {
		k.Log.Info("certificate: trying again, routes are made meanwhile", "why", text)
	}
	k.said = text
}
