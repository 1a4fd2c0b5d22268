// Package metrics counts what the webhook does, for Prometheus.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/reconcile"
)

// Ledger knows how the Ingresses stand.
type Ledger interface {
	Counts() map[reconcile.State]int
	OldestWait() time.Duration
}

// Metrics are the webhook's own numbers, beside those of controller-runtime
// (controller_runtime_webhook_*, workqueue_*) and the API server's
// apiserver_admission_webhook_fail_open_count.
type Metrics struct {
	admissions  *prometheus.CounterVec
	duration    prometheus.Histogram
	written     prometheus.Counter
	removed     prometheus.Counter
	failures    prometheus.Counter
	fullPass    prometheus.Gauge
	certificate prometheus.Gauge
}

// New registers the metrics. leads tells whether this replica leads: the others
// see only a part of the Ingresses, so they show none.
func New(registry prometheus.Registerer, ledger Ledger, leads func() bool) (*Metrics, error) {
	m := &Metrics{
		admissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ingress_migrate_admissions_total",
			Help: "Admission requests answered, by reason. All of them were allowed but the refused ones, of mode enforce.",
		}, []string{"reason"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "ingress_migrate_admission_duration_seconds",
			Help:    "Time to judge one admission request.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 10), // 0.1 ms to 0.4 s
		}),
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ingress_migrate_objects_written_total",
			Help: "Traefik objects created or changed.",
		}),
		removed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ingress_migrate_objects_removed_total",
			Help: "Traefik objects removed because their Ingress does not want them any more.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ingress_migrate_pass_failures_total",
			Help: "Passes over one Ingress that could not be finished and are tried again.",
		}),
		fullPass: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ingress_migrate_last_full_pass_timestamp_seconds",
			Help: "When every Ingress was last queued. 0 on replicas that do not lead.",
		}),
		certificate: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ingress_migrate_certificate_expiry_timestamp_seconds",
			Help: "When the serving certificate expires.",
		}),
	}
	for _, reason := range decide.Reasons() {
		m.admissions.WithLabelValues(string(reason))
	}
	for _, c := range []prometheus.Collector{
		m.admissions, m.duration, m.written, m.removed, m.failures, m.fullPass, m.certificate, standing{ledger, leads},
	} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Admitted implements handler.Recorder.
func (m *Metrics) Admitted(reason decide.Reason, took time.Duration) {
	m.admissions.WithLabelValues(string(reason)).Inc()
	m.duration.Observe(took.Seconds())
}

// Wrote implements reconcile.Counter.
func (m *Metrics) Wrote(objects, removed int) {
	m.written.Add(float64(objects))
	m.removed.Add(float64(removed))
}

// Failed implements reconcile.Counter.
func (m *Metrics) Failed() { m.failures.Inc() }

// FullPass notes when every Ingress was queued.
func (m *Metrics) FullPass(at time.Time) { m.fullPass.Set(float64(at.Unix())) }

// CertificateExpires notes when the serving certificate expires.
func (m *Metrics) CertificateExpires(at time.Time) { m.certificate.Set(float64(at.Unix())) }
