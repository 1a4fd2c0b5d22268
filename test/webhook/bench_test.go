package webhook_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
)

var (
	applies = flag.Int("applies", 1000, "applies of each kind that BenchmarkApply measures")
	rate    = flag.Int("rate", 50, "applies of each kind a second")
)

// optedOut is the label of a namespace whose Ingresses our webhook is not asked about.
const optedOut = "ingress-migrate.io/webhook"

// BenchmarkApply compares applies that our webhook judges with applies that one judges
// which only answers "allowed", in turn and in one run, so that whatever else the machine
// does meets both. Then it applies at the same rate to ours alone, and tells how long
// after an apply its route can be read; beside the others that takes longer, since the
// API server has twice as much to do.
func BenchmarkApply(b *testing.B) {
	r := newRig(b, 2)
	r.installCRDs()
	r.mustPlugin("webhook", "install", "--image", image)
	ours, others := r.namespace(nil), r.namespace(map[string]string{optedOut: "disabled"})
	asked := r.allowing(map[string]string{optedOut: "disabled"})
	// An administrator is served before everybody else, also before the webhook.
	r.mustKubectl("create", "clusterrolebinding", "deployer", "--clusterrole=edit", "--user=deployer")
	config := r.RESTConfig()
	config.QPS = -1
	config.Impersonate = rest.ImpersonationConfig{UserName: "deployer", Groups: []string{"system:authenticated"}}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	r.marker(ours)
	for n := 0; asked.Load() == 0; n++ { // the registration has to get round
		name := fmt.Sprintf("first-%d", n)
		r.apply(ingress(others, name, name+".example.com"))
	}
	for b.Loop() {
		written := r.watchRoutes(ours)
		mine, allowed := newTimes(), newTimes()
		r.applyEach(client, "beside", map[string]*times{ours: mine, others: allowed})
		beside := r.readable(written, mine)
		alone := newTimes()
		r.applyEach(client, "alone", map[string]*times{ours: alone})
		after := r.readable(written, alone)
		if mine.judged != *applies || alone.judged != *applies || allowed.judged != 0 {
			b.Errorf("of %d applies each, %d and %d were judged, and %d of the others", *applies, mine.judged, alone.judged, allowed.judged)
		}
		b.ReportMetric(at(mine.took, 50), "apply-p50-ms")
		b.ReportMetric(at(mine.took, 99), "apply-p99-ms")
		b.ReportMetric(at(allowed.took, 50), "allowed-p50-ms")
		b.ReportMetric(at(allowed.took, 99), "allowed-p99-ms")
		b.ReportMetric(at(mine.took, 50)/at(allowed.took, 50), "of-allowed-p50")
		b.ReportMetric(at(mine.took, 99)/at(allowed.took, 99), "of-allowed-p99")
		// A route takes two requests after its apply: what the API server takes for one of
		// them is what can be asked for on this machine.
		b.ReportMetric(at(alone.took, 50), "apply-alone-p50-ms")
		b.ReportMetric(at(alone.took, 99), "apply-alone-p99-ms")
		b.ReportMetric(at(after, 50), "route-p50-ms")
		b.ReportMetric(at(after, 99), "route-p99-ms")
		b.ReportMetric(at(beside, 50), "route-beside-p50-ms")
		b.ReportMetric(at(beside, 99), "route-beside-p99-ms")
	}
}

// applyEach applies to each namespace in turn, at the rate that was asked for in each.
func (r *rig) applyEach(client kubernetes.Interface, prefix string, into map[string]*times) {
	r.t.Helper()
	namespaces := slices.Sorted(maps.Keys(into))
	tick := time.NewTicker(time.Second / time.Duration(len(namespaces)**rate))
	defer tick.Stop()
	var running sync.WaitGroup
	for n := range len(namespaces) * *applies {
		<-tick.C
		namespace := namespaces[n%len(namespaces)]
		name := fmt.Sprintf("%s-%d", prefix, n)
		object := r.ingressObject(namespace, name, name+".example.com")
		running.Go(func() {
			begun := time.Now()
			stored, err := client.NetworkingV1().Ingresses(namespace).Create(r.ctx, object, metav1.CreateOptions{})
			into[namespace].add(begun, stored, err)
		})
	}
	running.Wait()
	for _, t := range into {
		if t.err != nil {
			r.t.Fatal(t.err)
		}
	}
}

// times are those of many applies.
type times struct {
	mu   sync.Mutex
	took []time.Duration
	// ended is when each one returned.
	ended map[string]time.Time
	// judged is how many our webhook stamped.
	judged int
	err    error
}

func newTimes() *times { return &times{ended: map[string]time.Time{}} }

func (t *times) add(begun time.Time, stored *networkingv1.Ingress, err error) {
	ended := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.err = err
		return
	}
	t.took = append(t.took, ended.Sub(begun))
	t.ended[stored.Name] = ended
	if stored.Annotations[decide.StampAnnotation] != "" {
		t.judged++
	}
}

// at is a percentile in milliseconds.
func at(all []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return float64(sorted[(len(sorted)-1)*percent/100]) / float64(time.Millisecond)
}

// watchRoutes tells when each new route of a namespace was heard of: not before it can
// be read.
func (r *rig) watchRoutes(namespace string) <-chan seenRoute {
	r.t.Helper()
	w := r.routesOf(r.ctx, namespace)
	seen := make(chan seenRoute, 4**applies)
	go func() {
		for e := range w.ResultChan() {
			if route, ok := e.Object.(*unstructured.Unstructured); ok && e.Type == watch.Added {
				seen <- seenRoute{route.GetName(), time.Now()}
			}
		}
	}()
	return seen
}

type seenRoute struct {
	name string
	at   time.Time
}

// readable is how long after each apply its route was heard of; 0: it was there first.
func (r *rig) readable(seen <-chan seenRoute, applied *times) []time.Duration {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	var after []time.Duration
	for len(after) < len(applied.ended) {
		select {
		case <-ctx.Done():
			r.t.Fatalf("%d of %d applies have a route", len(after), len(applied.ended))
		case route := <-seen:
			if ended, ok := applied.ended[route.name]; ok {
				after = append(after, max(0, route.at.Sub(ended)))
			}
		}
	}
	return after
}

// allowing registers a webhook for Ingresses of the labelled namespaces that only answers
// "allowed", and counts how often it was asked.
func (r *rig) allowing(labels map[string]string) (asked *atomic.Int64) {
	r.t.Helper()
	asked = &atomic.Int64{}
	authority, err := pki.NewAuthority()
	if err != nil {
		r.t.Fatal(err)
	}
	pair, err := authority.Server("127.0.0.1")
	if err != nil {
		r.t.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		r.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		asked.Add(1)
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(request.Body).Decode(&review); err != nil || review.Request == nil {
			http.Error(w, "no review", http.StatusBadRequest)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		review.Request = nil
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review) // the API server counts what fails
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.EnableHTTP2 = true
	server.StartTLS()
	r.t.Cleanup(server.Close)
	fail, none, two := registrationv1.Fail, registrationv1.SideEffectClassNone, int32(2)
	_, err = r.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(r.ctx, &registrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "allowing"},
		Webhooks: []registrationv1.MutatingWebhook{{
			Name: "allowing.example.com", FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &two, AdmissionReviewVersions: []string{"v1"},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: labels},
			ClientConfig:      registrationv1.WebhookClientConfig{URL: &server.URL, CABundle: authority.CertPEM()},
			Rules: []registrationv1.RuleWithOperations{{
				Operations: []registrationv1.OperationType{registrationv1.Create, registrationv1.Update},
				Rule:       registrationv1.Rule{APIGroups: []string{"networking.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"ingresses"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return asked
}
