package scale

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/bench"
)

// What the webhook may take in such a cluster, and how long until it is ready.
const (
	webhookMB    = 250
	webhookReady = 20 * time.Second
)

// admissions is how many reviews are sent to measure what one takes.
const admissions = 20_000

// BenchmarkWebhook measures the webhook's program where everything is as it should be:
// from its start until it is ready, its first pass over all Ingresses, the next one,
// what both write, what an admission takes, and the peak of its memory.
func BenchmarkWebhook(b *testing.B) {
	c := shared(b)
	for b.Loop() {
		webhook(b, c.RESTConfig(), c.WebhookProgram, c.Kubeconfig(), c.Address(1))
	}
}

func webhook(b *testing.B, config *rest.Config, program, kubeconfig, address string) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	before := writes(b, client)
	begun := time.Now()
	w, err := StartWebhook(b.Context(), client, program, kubeconfig, address)
	if err != nil {
		b.Fatal(err)
	}
	until := func(what string, reached func() (bool, error)) time.Time {
		err := eventually(b.Context(), what, func() error {
			done, err := reached()
			if err == nil && !done {
				err = errors.New("not yet")
			}
			return err
		})
		if err != nil {
			b.Fatalf("%v\n%s", err, w.said.String())
		}
		return time.Now()
	}
	metric := func(name, with string) float64 {
		value, err := w.Metric(name, with)
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
	cpu := func() time.Duration {
		used, err := w.CPU()
		if err != nil {
			b.Fatal(err)
		}
		return used
	}
	passed := until("every Ingress had its first pass", func() (bool, error) {
		standing, err := w.Metric("ingress_migrate_ingresses", "")
		return standing >= float64(*ingresses), err
	})
	b.ReportMetric(w.Ready.Seconds(), "ready-s")
	b.ReportMetric(passed.Sub(begun).Seconds(), "first-pass-s")
	b.ReportMetric(cpu().Seconds(), "first-pass-cpu-s")

	const passes = "controller_runtime_reconcile_total"
	last := metric("ingress_migrate_last_full_pass_timestamp_seconds", "")
	begins := until("the next full pass begins", func() (bool, error) {
		at, err := w.Metric("ingress_migrate_last_full_pass_timestamp_seconds", "")
		return at > last, err
	})
	done, used := metric(passes, ""), cpu()
	ends := until("the next full pass is done", func() (bool, error) {
		waiting, err := w.Metric("workqueue_depth", "")
		return waiting == 0, err
	})
	b.ReportMetric(ends.Sub(begins).Seconds(), "next-pass-s")
	b.ReportMetric((cpu() - used).Seconds(), "next-pass-cpu-s")
	b.Logf("%v of %d passes were seen", metric(passes, "")-done, *ingresses)
	written := writes(b, client) - before
	b.ReportMetric(written, "writes")

	reviews := makeReviews(b)
	used = cpu()
	took, err := w.Admit(b.Context(), admissions, func(i int) []byte { return reviews[i%len(reviews)] })
	if err != nil {
		b.Fatal(err)
	}
	each := admissions / (cpu() - used).Seconds()
	b.ReportMetric(each, "admissions/cpu-s")
	b.ReportMetric(admissions/took.Seconds(), "admissions/s")
	peak, err := w.Stop()
	if err != nil {
		b.Errorf("the webhook ended with %v\n%s", err, w.said.String())
	}
	b.ReportMetric(peak, "peak-MB")
	// A benchmark that fails reports no metrics.
	b.Logf("ready after %s, first pass after %s, next one in %s, %.0f writes, %.0f admissions a second and core, %.0f MB",
		w.Ready, passed.Sub(begun), ends.Sub(begins), written, each, peak)
	if peak > webhookMB || w.Ready > webhookReady {
		b.Errorf("%.0f MB and ready after %s, want %d MB and %s at most", peak, w.Ready, webhookMB, webhookReady)
	}
}

// writes is how many requests to write Traefik's objects the API server has had.
func writes(b *testing.B, client kubernetes.Interface) float64 {
	b.Helper()
	text, err := client.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	total := 0.0
	for _, verb := range []string{"APPLY", "PATCH", "POST", "PUT", "DELETE"} {
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			if bytes.Contains(line, []byte(`group="traefik.io"`)) && bytes.Contains(line, []byte(`verb="`+verb+`"`)) {
				total += sum(string(line), "apiserver_request_total", "")
			}
		}
	}
	return total
}

// makeReviews are requests to change Ingresses of the cluster.
func makeReviews(b *testing.B) [][]byte {
	b.Helper()
	var reviews [][]byte
	for i, document := range bytes.Split(bench.Manifests(200), []byte("---\n")) {
		raw, err := yaml.YAMLToJSON(document)
		if err != nil {
			b.Fatal(err)
		}
		review, err := json.Marshal(admissionv1.AdmissionReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
			Request: &admissionv1.AdmissionRequest{
				UID: "1", Operation: admissionv1.Update, Namespace: fmt.Sprintf("team-%d", i%60), Name: fmt.Sprintf("app-%d", i),
				Kind:     metav1.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"},
				Resource: metav1.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
				UserInfo: authenticationv1.UserInfo{Username: "deployer"},
				Object:   runtime.RawExtension{Raw: raw}, OldObject: runtime.RawExtension{Raw: raw},
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		reviews = append(reviews, review)
	}
	return reviews
}
