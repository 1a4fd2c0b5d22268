package static

import (
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// metrics carries the exporters; the metrics themselves have other names.
func (r *conversion) metrics() {
	if !r.has("metrics") {
		return
	}
	if r.has("metrics.prometheus") {
		r.prometheus()
	}
	r.pushed("datadog", "datadog", "address")
	r.pushed("statsd", "statsD", "address")
	if s := r.first("metrics.influxdb"); s != nil && r.opts.Target == V3 {
		r.all(diag.EStaticOption, "metrics.influxdb", s, "Traefik 3 does not speak to InfluxDB 1: use influxDB2, otlp or prometheus")
	} else {
		r.pushed("influxdb", "influxDB", "address", "protocol", "database", "retentionPolicy")
	}
	if s := r.first("metrics"); s != nil && r.tree["metrics"] != nil {
		r.find(diag.WStaticMetrics, s, "")
	}
}

func (r *conversion) prometheus() {
	name := r.text("metrics.prometheus.entrypoint")
	if name == "" {
		name = defaultInternal
	}
	if !r.internal("metrics.prometheus", name) {
		return
	}
	r.tree.set(Tree{}, "metrics", "prometheus")
	r.carry("metrics.prometheus.buckets", "metrics", "prometheus", "buckets")
	r.tree.set(r.targets[name], "metrics", "prometheus", "entryPoint")
	r.done("metrics.prometheus.entrypoint", "metrics.prometheus.entryPoint")
}

func (r *conversion) pushed(from, to string, keys ...string) {
	root := "metrics." + from
	if !r.has(root) {
		return
	}
	r.tree.set(Tree{}, "metrics", to)
	for _, key := range keys {
		r.carry(root+"."+lower(key), "metrics", to, key)
	}
	s := r.settings[root+".pushinterval"]
	if s == nil {
		return
	}
	// middlewares/metrics: what cannot be parsed stands for ten seconds.
	d, err := time.ParseDuration(r.text(s.Path))
	if err != nil {
		r.find(diag.EStaticValue, s, "no duration: Traefik 1.7 sends every 10s then, and so does the output")
		return
	}
	r.tree.set(d.String(), "metrics", to, "pushInterval")
	r.done(s.Path, "metrics."+to+".pushInterval")
}
