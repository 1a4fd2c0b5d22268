// Package traffic tells by a proxy's own metrics, or by what Prometheus made of them,
// how its requests end: how many, how many with an error, and after what time.
package traffic

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Counts are requests, since a process started or between two moments.
type Counts struct {
	Requests float64 `json:"requests"`
	// ServerErrors are answers of 5xx, NotFound those of 404.
	ServerErrors float64 `json:"serverErrors"`
	NotFound     float64 `json:"notFound"`
	// Forwarded are those that were for an application. Health checks of the proxy itself,
	// redirects that it makes and what it knows no route for are not; 0 also where the proxy
	// does not count them (Traefik's addServicesLabels).
	Forwarded float64 `json:"forwarded,omitempty"`
	// Buckets are the timed ones, in ascending order of their bounds.
	Buckets []Bucket `json:"buckets,omitempty"`
	// Timed are all whose duration was measured, also beyond the last bucket.
	Timed float64 `json:"timed,omitempty"`
}

// Bucket counts the requests that took Bound seconds at most.
type Bucket struct {
	Bound float64 `json:"le"`
	Count float64 `json:"count"`
}

// dialect is what a controller calls its metrics.
type dialect struct {
	prefix, requests, code, duration string
	// forwarded are the names of what counts requests for applications; a proxy has one.
	forwarded []string
}

// Traefik 1.7 (metrics/prometheus.go), 2 and 3 (pkg/metrics/prometheus.go) have the same
// names but for applications; ingress-nginx has its own
// (internal/ingress/metric/collectors/socket.go) and counts requests of Ingresses alone.
var dialects = []dialect{
	{"traefik_", "traefik_entrypoint_requests_total", "code", "traefik_entrypoint_request_duration_seconds", []string{"traefik_backend_requests_total", "traefik_service_requests_total"}},
	{"nginx_ingress_controller_", "nginx_ingress_controller_requests", "status", "nginx_ingress_controller_request_duration_seconds", []string{"nginx_ingress_controller_requests"}},
}

// inward are entry points that carry no traffic of clients.
var inward = []string{"traefik", "metrics", "ping"}

// Read reads a page of metrics, in Prometheus' text format.
func Read(page io.Reader) (Counts, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(page)
	if err != nil {
		return Counts{}, fmt.Errorf("reading metrics: %w", err)
	}
	for _, d := range dialects {
		for name := range families {
			// Requests are counted from the first one on; other metrics are there before.
			if strings.HasPrefix(name, d.prefix) {
				return d.counts(families), nil
			}
		}
	}
	return Counts{}, fmt.Errorf("reading metrics: they are neither Traefik's nor those of ingress-nginx")
}

func (d dialect) counts(families map[string]*dto.MetricFamily) Counts {
	var c Counts
	for _, m := range families[d.requests].GetMetric() {
		if slices.Contains(inward, label(m, "entrypoint")) {
			continue
		}
		n := value(m)
		c.Requests += n
		switch code := label(m, d.code); {
		case strings.HasPrefix(code, "5"):
			c.ServerErrors += n
		case code == "404":
			c.NotFound += n
		}
	}
	for _, name := range d.forwarded {
		for _, m := range families[name].GetMetric() {
			if !strings.HasSuffix(label(m, "service"), "@internal") { // Traefik's own, such as api@internal
				c.Forwarded += value(m)
			}
		}
	}
	for _, m := range families[d.duration].GetMetric() {
		h := m.GetHistogram()
		if h == nil || slices.Contains(inward, label(m, "entrypoint")) {
			continue
		}
		c.Timed += float64(h.GetSampleCount())
		for _, b := range h.GetBucket() {
			if !math.IsInf(b.GetUpperBound(), 1) {
				c.addBucket(Bucket{b.GetUpperBound(), float64(b.GetCumulativeCount())}, 1)
			}
		}
	}
	return c
}

func value(m *dto.Metric) float64 {
	if m.GetCounter() == nil {
		return m.GetUntyped().GetValue()
	}
	return m.GetCounter().GetValue()
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func (c *Counts) addBucket(b Bucket, sign float64) {
	at, found := slices.BinarySearchFunc(c.Buckets, b.Bound, func(b Bucket, bound float64) int {
		switch {
		case b.Bound < bound:
			return -1
		case b.Bound > bound:
			return 1
		}
		return 0
	})
	if !found {
		c.Buckets = slices.Insert(c.Buckets, at, Bucket{Bound: b.Bound})
	}
	c.Buckets[at].Count += sign * b.Count
}

// Plus adds the counts of another proxy.
func (c Counts) Plus(other Counts) Counts { return c.plus(other, 1) }

// Since are the counts after before, of the same process; of another one, that counts
// from nothing, all of them.
func (c Counts) Since(before Counts) Counts {
	if c.Requests < before.Requests || c.Timed < before.Timed {
		return c
	}
	return c.plus(before, -1)
}

func (c Counts) plus(other Counts, sign float64) Counts {
	c.Buckets = slices.Clone(c.Buckets)
	c.Requests += sign * other.Requests
	c.ServerErrors += sign * other.ServerErrors
	c.NotFound += sign * other.NotFound
	c.Forwarded += sign * other.Forwarded
	c.Timed += sign * other.Timed
	for _, b := range other.Buckets {
		c.addBucket(b, sign)
	}
	return c
}

// Quantile is the duration in seconds below which a share q of the requests ended, taken
// as spread evenly within each bucket; the last bound stands for all that took longer.
// NaN when there is no request, or no bucket.
func (c Counts) Quantile(q float64) float64 {
	if c.Timed <= 0 || len(c.Buckets) == 0 {
		return math.NaN()
	}
	rank := q * c.Timed
	var below Bucket
	for _, b := range c.Buckets {
		if b.Count >= rank && b.Count > below.Count {
			return below.Bound + (b.Bound-below.Bound)*(rank-below.Count)/(b.Count-below.Count)
		}
		below = b
	}
	return below.Bound
}
