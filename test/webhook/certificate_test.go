package webhook_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

const certificateSecret = "ingress-migrate-webhook-certificate"

// failedOpen is how many calls of our webhook the API server had to go on without.
func (r *rig) failedOpen() int {
	r.t.Helper()
	return int(r.counted("apiserver_admission_webhook_fail_open_count", func(labels string) bool {
		return strings.Contains(labels, `name="ingress.ingress-migrate.io"`)
	}))
}

// counted adds up those of an API server's counters of one name whose labels match.
func (r *rig) counted(name string, match func(labels string) bool) (count float64) {
	r.t.Helper()
	raw, err := r.client.RESTClient().Get().AbsPath("/metrics").DoRaw(r.ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if labels, is := strings.CutPrefix(line, name+"{"); !is || !match(labels) {
			continue
		}
		number, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			r.t.Fatal(err)
		}
		count += number
	}
	return count
}

// load creates Ingresses at an even rate until its context ends, unless so many are under
// way that the machine cannot keep up: what is tried is not a flood. Each one must
// come back stamped: the call was answered.
type load struct {
	applied, missed int
	err             error
}

func (r *rig) load(ctx context.Context, namespace string, every time.Duration) *load {
	var object networkingv1.Ingress
	if err := yaml.Unmarshal([]byte(ingress(namespace, "web", "load.example.com")), &object); err != nil {
		return &load{err: err}
	}
	l := &load{}
	underWay := make(chan struct{}, 50)
	var mu sync.Mutex
	var running sync.WaitGroup
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
			continue
		case <-ticker.C:
		}
		underWay <- struct{}{}
		running.Go(func() {
			defer func() { <-underWay }()
			one := object.DeepCopy()
			one.Name = fmt.Sprintf("load-%d", n)
			// A host of its own: Ingresses of one host are converted together.
			one.Spec.Rules[0].Host = one.Name + "." + one.Spec.Rules[0].Host
			stored, err := r.client.NetworkingV1().Ingresses(namespace).Create(r.ctx, one, metav1.CreateOptions{})
			mu.Lock()
			defer mu.Unlock()
			l.applied++
			switch {
			case err != nil:
				l.err = errors.Join(l.err, err)
			case stored.Annotations["ingress-migrate.io/route"] == "":
				l.missed++
			}
		})
	}
	running.Wait()
	return l
}

func (r *rig) certificate() *corev1.Secret {
	r.t.Helper()
	secret, err := r.client.CoreV1().Secrets(webhookNamespace).Get(r.ctx, certificateSecret, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return secret
}

// signedByNewest tells whether the certificate is of the first authority of the Secret.
func signedByNewest(secret *corev1.Secret) bool {
	parse := func(key string) *x509.Certificate {
		block, _ := pem.Decode(secret.Data[key])
		if block == nil {
			return nil
		}
		c, _ := x509.ParseCertificate(block.Bytes)
		return c
	}
	leaf, authority := parse(corev1.TLSCertKey), parse("ca.crt")
	return leaf != nil && authority != nil && leaf.CheckSignatureFrom(authority) == nil
}

// testAuthorityChanges: while Ingresses are applied, the authority is made anew. The
// API server counts the calls that it had to go on without.
func (r *rig) testAuthorityChanges() {
	// Much shorter than the default; an API server that is slower than this to hear of
	// its own registration, as one can be that has to share two cores, fails calls open.
	patch := fmt.Sprintf(`[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--authority-settle=%s"}]`, *settle)
	r.mustKubectl("patch", "deployment", "-n", webhookNamespace, "ingress-migrate-webhook", "--type=json", "-p", patch)
	r.mustKubectl("rollout", "status", "-n", webhookNamespace, "deployment/ingress-migrate-webhook")
	r.scale(2)
	ns := r.namespace(nil)
	r.marker(ns)
	before, first := r.failedOpen(), r.certificate()

	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	done := make(chan *load, 1)
	go func() { done <- r.load(ctx, ns, 20*time.Millisecond) }()
	for range *rotations {
		last := r.certificate()
		_, err := r.client.CoreV1().Secrets(webhookNamespace).Patch(r.ctx, certificateSecret, types.JSONPatchType,
			[]byte(`[{"op":"remove","path":"/data/ca.key"}]`), metav1.PatchOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
		r.eventually("a certificate of the new authority is in the Secret", func() error {
			now := r.certificate()
			if bytes.Equal(now.Data[corev1.TLSCertKey], last.Data[corev1.TLSCertKey]) || !signedByNewest(now) {
				return errNotYet
			}
			return nil
		})
		// What the Secret holds is served at once; these applies go to it.
		r.marker(ns)
		r.marker(ns)
	}
	cancel()
	l := <-done
	if l.err != nil || l.missed > 0 || r.failedOpen() != before {
		r.t.Errorf("of %d applies %d were not answered; the API server went on without us %d times; %v", l.applied, l.missed, r.failedOpen()-before, l.err)
	}
	if bytes.Equal(first.Data["ca.key"], r.certificate().Data["ca.key"]) {
		r.t.Error("the authority is the first one")
	}
	r.t.Logf("%d changes of the authority, %d applies, every one answered", *rotations, l.applied)
}

// testSecretLost: routes do not depend on the certificate.
func (r *rig) testSecretLost() {
	ns := r.namespace(nil)
	r.mustKubectl("delete", "secret", "-n", webhookNamespace, certificateSecret)
	r.scale(0)
	r.mustKubectl("scale", "deployment", "-n", webhookNamespace, "ingress-migrate-webhook", "--replicas=2")
	r.apply(ingress(ns, "web", "lost.example.com"))
	r.waitRoute(ns, "web")
	for _, pod := range r.webhookPods() {
		for _, status := range pod.Status.ContainerStatuses {
			if status.RestartCount > 0 || status.Ready {
				r.t.Errorf("pod %s: %d restarts, ready %v", pod.Name, status.RestartCount, status.Ready)
			}
		}
	}
	// Garbage is replaced.
	garbage := `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"` + certificateSecret + `"},"stringData":{"tls.crt":"garbage","ca.crt":"garbage"}}`
	if _, stderr, err := r.kubectl(garbage, "create", "-n", webhookNamespace, "-f", "-"); err != nil {
		r.t.Fatal(stderr)
	}
	r.scale(2)
	r.mustKubectl("delete", "secret", "-n", webhookNamespace, certificateSecret)
	r.mustPlugin("webhook", "install", "--image", image)
	r.eventually("the webhook answers again", func() error {
		if stdout, stderr, err := r.kubectl(ingress(ns, "again", "again.example.com"), "apply", "--dry-run=server", "-f", "-", "-o", "jsonpath={.metadata.annotations.ingress-migrate\\.io/route}"); err != nil || stdout != "IngressRoute/again" {
			return fmt.Errorf("%q %s", stdout, stderr)
		}
		return nil
	})
}
