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
	manifests, _ := r.mustPlugin("webhook", "manifests", "--source-ingress-class", `a"] || true || ["'\`)
	_, registration, _ := strings.Cut(manifests, "kind: MutatingWebhookConfiguration")
	_, stderr, err := r.kubectl("apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration"+registration, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-")
	if err != nil {
		r.t.Errorf("the API server refuses it: %s", stderr)
	}
}

// metric adds up a metric over all replicas; the name may have labels.
func (r *rig) metric(name string) (sum float64, err error) {
	found := false
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
			key, value, _ := strings.Cut(line, " ")
			if key, _, _ = strings.Cut(key, "{"); key != name {
				continue
			}
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum, found = sum+number, true
		}
	}
	if !found {
		return 0, fmt.Errorf("no replica has the metric %s", name)
	}
	return sum, nil
}

// waiting reads the metric to alert on; only the leader has it.
func (r *rig) waiting() (seconds float64, err error) {
	return r.metric("ingress_migrate_oldest_ingress_without_current_route_seconds")
}

// testNotSent counts the requests that reach the webhook.
func (r *rig) testNotSent() {
	ns := r.namespace(nil)
	sent := func(do func()) float64 {
		before, err := r.metric("ingress_migrate_admissions_total")
		if err != nil {
			r.t.Fatal(err)
		}
		do()
		after, err := r.metric("ingress_migrate_admissions_total")
		if err != nil {
			r.t.Fatal(err)
		}
		return after - before
	}
	for _, c := range []struct {
		name string
		want float64
		do   func()
	}{
		{"create", 1, func() { r.apply(ingress(ns, "web", "web.example.com")) }},
		{"applied again", 0, func() { r.apply(ingress(ns, "web", "web.example.com")) }},
		{"a label", 0, func() { r.mustKubectl("label", "ingress", "-n", ns, "web", "team=cart") }},
		{"status", 0, func() {
			r.mustKubectl("patch", "ingress", "-n", ns, "web", "--subresource=status", "--type=merge", "-p", `{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}`)
		}},
		{"an annotation", 1, func() { r.mustKubectl("annotate", "ingress", "-n", ns, "web", "a=b") }},
		{"to another class", 1, func() { r.apply(ingress(ns, "web", "web.example.com", "kubernetes.io/ingress.class=nginx")) }},
		{"of another class", 0, func() { r.apply(ingress(ns, "web", "web2.example.com", "kubernetes.io/ingress.class=nginx")) }},
		{"created with another class", 0, func() { r.apply(ingress(ns, "nginx", "nginx.example.com", "kubernetes.io/ingress.class=nginx")) }},
		{"opted out", 0, func() { r.apply(ingress(ns, "out", "out.example.com", "ingress-migrate.io/mode=ignore")) }},
		{"delete", 0, func() { r.mustKubectl("delete", "ingress", "-n", ns, "web") }},
	} {
		if got := sent(c.do); got != c.want {
			r.t.Errorf("%s: %v requests reach the webhook, want %v", c.name, got, c.want)
		}
	}
}

func (r *rig) mustKubectl(args ...string) string {
	r.t.Helper()
	stdout, stderr, err := r.kubectl("", args...)
	if err != nil {
		r.t.Fatalf("kubectl %s: %s", strings.Join(args, " "), stderr)
	}
	return stdout
}

// testUpgrade: what an installation over an installed webhook does not say stays.
func (r *rig) testUpgrade() {
	ns := r.namespace(nil)
	r.mustPlugin("webhook", "install", "--image", image, "--mode", "warn", "--source-keep-trailing-slash")
	_, warnings := r.apply(ingress(ns, "web", "web.example.com", rateLimit))
	if !strings.Contains(warnings, "W-RATELIMIT") {
		r.t.Errorf("in mode warn kubectl says %q", warnings)
	}
	stdout, _ := r.mustPlugin("webhook", "install", "--image", image)
	if strings.Contains(stdout, "configured") {
		r.t.Errorf("an upgrade without flags changed something:\n%s", stdout)
	}
	if stamp := r.stamp(ns, "web"); stamp != "" || r.route(ns, "web") != nil {
		r.t.Errorf("in mode warn there is a stamp %q or a route", stamp)
	}
	r.mustPlugin("webhook", "install", "--image", image, "--mode", "mirror", "--source-keep-trailing-slash=false")
	r.waitRoute(ns, "web")
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
