package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/reconcile"
)

// standing reads the ledger when it is scraped, so that the age below is of now.
type standing struct {
	ledger Ledger
	leads  func() bool
}

// Names and texts of the gauges.
func statesDesc() *prometheus.Desc {
	return prometheus.NewDesc("ingress_migrate_ingresses", "Ingresses by how they stand after their last pass.", []string{"state"}, nil)
}

// waitDesc is the one to alert on: it grows only while routes are not written.
func waitDesc() *prometheus.Desc {
	return prometheus.NewDesc("ingress_migrate_oldest_ingress_without_current_route_seconds",
		"For how long the Ingress that waits longest has been waiting for its route. 0 when none waits.", nil, nil)
}

// Describe implements prometheus.Collector.
func (s standing) Describe(ch chan<- *prometheus.Desc) {
	ch <- statesDesc()
	ch <- waitDesc()
}

// Collect implements prometheus.Collector.
func (s standing) Collect(ch chan<- prometheus.Metric) {
	if !s.leads() {
		return
	}
	counts := s.ledger.Counts()
	for _, state := range reconcile.States() {
		ch <- prometheus.MustNewConstMetric(statesDesc(), prometheus.GaugeValue, float64(counts[state]), string(state))
	}
	ch <- prometheus.MustNewConstMetric(waitDesc(), prometheus.GaugeValue, s.ledger.OldestWait().Seconds())
}
