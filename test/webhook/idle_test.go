package webhook_test

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// written is how many requests to write Traefik's objects the API server has granted.
func (r *rig) written() float64 {
	r.t.Helper()
	return r.counted("apiserver_request_total", func(labels string) bool {
		return strings.Contains(labels, `group="traefik.io"`) && strings.Contains(labels, `code="2`) &&
			!slices.ContainsFunc([]string{"GET", "LIST", "WATCH"}, func(verb string) bool { return strings.Contains(labels, `verb="`+verb+`"`) })
	})
}

// testIdlePass: replicas that begin look at every Ingress, and where all routes are as
// they should be they ask for no write, not even for one that would change nothing.
func (r *rig) testIdlePass() {
	ns := r.namespace(nil)
	for i, annotations := range [][]string{
		nil, {"ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8"}, {"traefik.ingress.kubernetes.io/rule-type=PathPrefixStrip"}, {"ingress-migrate.io/mode=ignore"}, {rateLimit},
	} {
		name := fmt.Sprintf("web-%d", i)
		r.apply(ingress(ns, name, name+".example.com", annotations...))
	}
	r.marker(ns)
	r.eventually("every route is there", func() error { return r.scanClean(ns) })
	r.scale(0)
	before := r.written()
	if before == 0 {
		r.t.Error("the API server counts no write at all")
	}
	r.scale(2)
	all, err := r.client.NetworkingV1().Ingresses("").List(r.ctx, metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.eventually("every Ingress had a pass", func() error {
		passed, err := r.metric("ingress_migrate_ingresses")
		if err == nil && int(passed) < len(all.Items) {
			err = fmt.Errorf("%.0f of %d", passed, len(all.Items))
		}
		return err
	})
	if after := r.written(); after != before {
		r.t.Errorf("%.0f objects were written", after-before)
	}
}
