package probe

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "Probe"
)

// Report says what became of the requests of a run. It is an API object so that
// every output format of kubectl works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	Began           time.Time `json:"began"`
	Ended           time.Time `json:"ended"`
	// Rate is the one asked for, AchievedRate the one that requests were sent at.
	Rate         float64 `json:"rate"`
	AchievedRate float64 `json:"achievedRate"`
	// DurationMs is the one asked for; 0: until stopped.
	DurationMs float64 `json:"durationMs"`
	TimeoutMs  float64 `json:"timeoutMs"`
	// Interrupted: it was stopped before its duration was over.
	Interrupted bool `json:"interrupted"`
	// Sent is the sum of Fine, Lost, Changed and Unanswered, and while requests are
	// sent of those under way.
	Sent int64 `json:"sent"`
	// Fine requests were answered as expected.
	Fine int64 `json:"fine"`
	// Lost requests got no answer, or a 5xx that was not expected.
	Lost int64 `json:"lost"`
	// Changed requests got an answer that is not as expected.
	Changed int64 `json:"changed"`
	// Unanswered requests were under way when the run was stopped.
	Unanswered int64 `json:"unanswered"`
	// Skipped requests were not sent, because this machine was too far behind.
	Skipped int64 `json:"skipped"`
	// Retried requests were sent again by the HTTP client, on another connection:
	// a server had closed one that was kept.
	Retried int64 `json:"retried"`
	// LateMs is how long after it was due a request was sent at worst; it is part of
	// the latencies.
	LateMs    float64       `json:"lateMs"`
	Statuses  []StatusCount `json:"statuses"`
	Latency   Latency       `json:"latency"`
	Histogram []Bin         `json:"histogram"`
	// Slices say when it was how: they divide the run's time evenly, in order.
	Slices  []Slice       `json:"slices"`
	Targets []TargetCount `json:"targets"`
	// Causes count every lost and changed request.
	Causes []CauseCount `json:"causes"`
	// Events list the first MaxEvents of them by time; Omitted is how many more
	// there were.
	Events  []Event `json:"events"`
	Omitted int64   `json:"omittedEvents"`

	latency *hdrhistogram.Histogram
}

// Clean tells whether every request was sent, and answered as expected.
func (r *Report) Clean() bool { return r.Lost+r.Changed+r.Skipped == 0 }

// StatusCount is how many answers had a status.
type StatusCount struct {
	Status int   `json:"status"`
	Count  int64 `json:"count"`
}

// Latency sums latencies up, in milliseconds, from the moment a request was due to
// the last byte of its answer.
type Latency struct {
	// Count is how many requests have one.
	Count  int64   `json:"count"`
	MinMs  float64 `json:"minMs"`
	MeanMs float64 `json:"meanMs"`
	P50Ms  float64 `json:"p50Ms"`
	P90Ms  float64 `json:"p90Ms"`
	P99Ms  float64 `json:"p99Ms"`
	P999Ms float64 `json:"p999Ms"`
	MaxMs  float64 `json:"maxMs"`
}

// Slice sums up the requests that were due in a part of a run's time, so far as it is
// known what became of them.
type Slice struct {
	From time.Time `json:"from"`
	// Seconds is how long it is.
	Seconds float64 `json:"seconds"`
	Fine    int64   `json:"fine"`
	Lost    int64   `json:"lost"`
	Changed int64   `json:"changed"`
	// Milliseconds, all 0 when no request has a latency.
	P50Ms float64 `json:"p50Ms"`
	P99Ms float64 `json:"p99Ms"`
	MaxMs float64 `json:"maxMs"`
}

// TargetCount is the share of one target.
type TargetCount struct {
	Target  string `json:"target"`
	Sent    int64  `json:"sent"`
	Lost    int64  `json:"lost"`
	Changed int64  `json:"changed"`
}

// CauseCount counts the requests of one target with one cause; First and Last are
// when the first and the last of them were due.
type CauseCount struct {
	Target  string    `json:"target"`
	Outcome Outcome   `json:"outcome"`
	Cause   Cause     `json:"cause"`
	Count   int64     `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Event is one request that was lost or whose answer changed.
type Event struct {
	// Time is when it was due.
	Time    time.Time `json:"time"`
	Target  string    `json:"target"`
	Outcome Outcome   `json:"outcome"`
	Cause   Cause     `json:"cause"`
	Detail  string    `json:"detail"`
	// Status is that of a complete answer.
	Status int `json:"status,omitempty"`
	// Address is who the connection was to; empty when there was none.
	Address string `json:"address,omitempty"`
	// AfterMs is how long after its time it failed or was answered.
	AfterMs float64 `json:"afterMs"`
}

// String renders an event on one line.
func (e Event) String() string {
	return fmt.Sprintf("%s %-7s %-7s %s: %s", e.Time.Format("15:04:05.000"), e.Outcome, e.Cause, e.Target, e.Detail)
}

// Snapshot is a Report of a run that goes on, and what is under way.
type Snapshot struct {
	*Report
	InFlight int
	// Oldest is how long ago the oldest request under way was due.
	Oldest time.Duration
	// Recent is about the last RecentSpan.
	Recent Recent
	// Latest are the last few events, in the order in which they became known.
	Latest []Event
}

// Quantile returns a latency: of q percent of the requests it was not longer. Only
// the report of a run that has ended knows all of them.
func (r *Report) Quantile(q float64) time.Duration {
	if r.latency == nil {
		return 0
	}
	return time.Duration(r.latency.ValueAtQuantile(q)) * time.Microsecond
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() runtime.Object {
	out := *r
	out.Statuses = slices.Clone(r.Statuses)
	out.Histogram = slices.Clone(r.Histogram)
	out.Slices = slices.Clone(r.Slices)
	out.Targets = slices.Clone(r.Targets)
	out.Causes = slices.Clone(r.Causes)
	out.Events = slices.Clone(r.Events)
	return &out
}

func summarise(h *hdrhistogram.Histogram) Latency {
	if h.TotalCount() == 0 {
		return Latency{}
	}
	at := func(q float64) float64 { return microseconds(h.ValueAtQuantile(q)) }
	return Latency{
		Count: h.TotalCount(), MinMs: microseconds(h.Min()), MeanMs: microseconds(int64(h.Mean())),
		P50Ms: at(50), P90Ms: at(90), P99Ms: at(99), P999Ms: at(99.9), MaxMs: at(100),
	}
}

func microseconds(n int64) float64 { return float64(n) / 1000 }

func milliseconds(d time.Duration) float64 { return microseconds(d.Microseconds()) }
