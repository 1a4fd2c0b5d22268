package certs

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

const (
	namespace = "ingress-migrate"
	name      = "ingress-migrate-webhook"
	settle    = 5 * time.Minute
)

// world is an API server that keeps a Secret and a registration, and replicas.
type world struct {
	t        *testing.T
	client   *fake.Clientset
	now      time.Time
	replicas []*Keeper
	// seen are the bundles that API servers may still go by.
	seen []seen
}

type seen struct {
	until  time.Time // zero: it is the present one
	bundle []byte
}

func newWorld(t *testing.T, replicas int) *world {
	w := &world{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.client = fake.NewSimpleClientset(
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}},
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: "1"}, Webhooks: []admissionv1.MutatingWebhook{{Name: "a.b.c"}, {Name: "d.e.f"}}},
	)
	for range replicas {
		w.replicas = append(w.replicas, w.replica())
	}
	return w
}

func (w *world) replica() *Keeper {
	return New(Options{
		Secret: types.NamespacedName{Namespace: namespace, Name: name}, Registration: name,
		Authority: name + "-ca", Organization: "ingress-migrate", Hosts: []string{name + ".svc", name + ".svc.cluster.local"},
		Client: w.client, Settle: settle, Log: logr.Discard(), Expires: func(time.Time) {}, Now: func() time.Time { return w.now },
	})
}

func (w *world) secret() *corev1.Secret {
	w.t.Helper()
	s, err := w.client.CoreV1().Secrets(namespace).Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) registration() *admissionv1.MutatingWebhookConfiguration {
	w.t.Helper()
	r, err := w.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) change(do func(data map[string][]byte) map[string][]byte) {
	w.t.Helper()
	s := w.secret()
	s.Data = do(s.Data)
	if _, err := w.client.CoreV1().Secrets(namespace).Update(w.t.Context(), s, metav1.UpdateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets one replica do one step and checks what must hold at every moment.
func (w *world) pass(k *Keeper) {
	w.t.Helper()
	if _, err := k.keep(context.Background(), w.secret(), w.registration()); err != nil {
		w.t.Fatal(err)
	}
	bundle := w.registration().Webhooks[1].ClientConfig.CABundle
	if last := len(w.seen) - 1; len(bundle) > 0 && (last < 0 || !bytes.Equal(w.seen[last].bundle, bundle)) {
		if last >= 0 {
			w.seen[last].until = w.now
		}
		w.seen = append(w.seen, seen{bundle: bundle})
	}
	if n := len(certificates(bundle)); n > maxAuthorities {
		w.t.Fatalf("%d authorities are trusted", n)
	}
	for i, s := range w.seen {
		if !s.until.IsZero() && w.now.Sub(s.until) >= settle {
			continue
		}
		for r, k := range w.replicas {
			if k.current != nil && !k.make.trusts(certificates(s.bundle), k.current, w.now) {
				w.t.Fatalf("an API server that goes by bundle %d of %d does not trust what replica %d serves", i+1, len(w.seen), r)
			}
		}
	}
}

// run lets all replicas work in any order for some time.
func (w *world) run(random *rand.Rand, lasting, step time.Duration) {
	w.t.Helper()
	for end := w.now.Add(lasting); w.now.Before(end); w.now = w.now.Add(step) {
		for range 2 * len(w.replicas) {
			w.pass(w.replicas[random.IntN(len(w.replicas))])
		}
	}
}

// Whatever happens to the Secret, and whatever an API server has heard of lately: it
// trusts what every replica serves.
func TestEveryAPIServerTrustsEveryReplica(t *testing.T) {
	without := func(keys ...string) func(map[string][]byte) map[string][]byte {
		return func(data map[string][]byte) map[string][]byte {
			for _, key := range keys {
				delete(data, key)
			}
			return data
		}
	}
	for what, do := range map[string]func(map[string][]byte) map[string][]byte{
		"the key of the authority is lost": without(authorityKeyKey),
		"the authority is garbage":         func(data map[string][]byte) map[string][]byte { data[authoritiesKey] = []byte("garbage"); return data },
		"the certificate is lost":          without(corev1.TLSCertKey, corev1.TLSPrivateKeyKey),
		"the certificate is garbage": func(data map[string][]byte) map[string][]byte {
			data[corev1.TLSCertKey] = []byte("garbage")
			return data
		},
		"everything is lost": func(map[string][]byte) map[string][]byte { return nil },
	} {
		t.Run(what, func(t *testing.T) {
			w, random := newWorld(t, 3), rand.New(rand.NewPCG(1, 2))
			w.run(random, time.Minute, time.Second*20)
			before := w.replicas[0].current.Leaf
			for range 2 {
				w.change(do)
				w.run(random, time.Minute, time.Minute/2)
				if what != "everything is lost" {
					// A replica that starts while a new authority settles.
					w.replicas = append(w.replicas, w.replica())
				}
				w.run(random, 2*settle, time.Minute/2)
			}
			if w.replicas[0].current.Leaf.Equal(before) {
				t.Error("the first certificate is still served")
			}
			w.run(random, overlap+2*settle, time.Hour/2)
			if n := len(certificates(w.secret().Data[authoritiesKey])); n != 1 {
				t.Errorf("%d authorities are trusted after the overlap", n)
			}
			// A replica that starts now serves what the others serve.
			fresh := w.replica()
			w.replicas = append(w.replicas, fresh)
			w.pass(fresh)
			if fresh.current == nil || !fresh.current.Leaf.Equal(w.replicas[0].current.Leaf) {
				t.Error("a new replica serves another certificate")
			}
		})
	}
}

// Over the years everything is made anew in time, and at the same invariant.
func TestYears(t *testing.T) {
	w, random := newWorld(t, 2), rand.New(rand.NewPCG(3, 4))
	const day = 24 * time.Hour
	var authorities [][]byte
	for range 11 * 12 {
		w.run(random, 10*time.Minute, 5*time.Minute)
		w.run(random, 2*day, day)
		w.now = w.now.Add(28 * day)
		newest := certificates(w.secret().Data[authoritiesKey])[0]
		if last := len(authorities) - 1; last < 0 || !bytes.Equal(authorities[last], newest.Raw) {
			authorities = append(authorities, newest.Raw)
		}
		if left := w.replicas[0].current.Leaf.NotAfter.Sub(w.now); left < 30*day {
			t.Fatalf("%s: the certificate ends in %s", w.now, left)
		}
	}
	if len(authorities) != 2 {
		t.Errorf("%d authorities in 11 years", len(authorities))
	}
}

// A replica waits until the API server trusts what the Secret holds, and a
// certificate that is refused is replaced at once.
func TestNothingRefusedIsServed(t *testing.T) {
	w := newWorld(t, 1)
	w.run(rand.New(rand.NewPCG(5, 6)), time.Minute, time.Second*20)
	foreign := w.registration()
	other := newMaker("other", "other", []string{name + ".svc"})
	made, err := other.rotator.CreateCACert(w.now.Add(-time.Hour), w.now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	foreign.Webhooks[0].ClientConfig.CABundle = made.CertPEM
	fresh := w.replica()
	if _, err := fresh.keep(t.Context(), w.secret(), foreign); err != nil {
		t.Fatal(err)
	}
	select {
	case <-fresh.Ready():
		t.Error("ready with a certificate that the API server refuses")
	default:
	}
	w.pass(fresh)
	<-fresh.Ready()
}
