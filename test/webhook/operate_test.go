package webhook_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// testClassIsData: the API server compiles the expression, whatever the class is.
func (r *rig) testClassIsData() {
	manifests, _ := r.mustPlugin("webhook", "manifests", "--source-ingress-class", `a'] || true || ['"\`)
	_, registration, _ := strings.Cut(manifests, "kind: MutatingWebhookConfiguration")
	_, stderr, err := r.kubectl("apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration"+registration, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-")
	if err != nil {
		r.t.Errorf("the API server refuses it: %s", stderr)
	}
}

// waiting reads the metric to alert on from the replica that leads.
func (r *rig) waiting() (seconds float64, err error) {
	for _, pod := range r.webhookPods() {
		request, err := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://"+pod.Status.PodIP+":8080/metrics", nil)
		if err != nil {
			return 0, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return 0, err
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if value, ok := strings.CutPrefix(line, "ingress_migrate_oldest_ingress_without_current_route_seconds "); ok {
				return strconv.ParseFloat(value, 64)
			}
		}
	}
	return 0, fmt.Errorf("no replica leads")
}

// testAlert takes the right to write routes away.
func (r *rig) testAlert() {
	ns := r.namespace(nil)
	r.eventually("nothing waits", func() error {
		if seconds, err := r.waiting(); err != nil || seconds > 0 {
			return fmt.Errorf("%v s, %w", seconds, err)
		}
		return nil
	})
	if _, stderr, err := r.kubectl("", "delete", "clusterrolebinding", "ingress-migrate-webhook"); err != nil {
		r.t.Fatal(stderr)
	}
	begin := time.Now()
	r.eventually("an Ingress waits for its route", func() error {
		r.apply(ingress(ns, "web-"+strconv.FormatInt(time.Now().UnixNano(), 36), "web.example.com"))
		if seconds, err := r.waiting(); err != nil || seconds < 1 {
			return fmt.Errorf("%v s, %w", seconds, err)
		}
		return nil
	})
	if seconds, err := r.waiting(); err != nil || seconds > time.Since(begin).Seconds() {
		r.t.Errorf("it waits for %v s, %v", seconds, err)
	}
	r.mustPlugin("webhook", "install", "--image", image)
	r.eventually("nothing waits any more", func() error {
		if seconds, err := r.waiting(); err != nil || seconds > 0 {
			return fmt.Errorf("%v s, %w", seconds, err)
		}
		return r.scanClean(ns)
	})
}
