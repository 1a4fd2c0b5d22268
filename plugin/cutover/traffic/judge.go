package traffic

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Limits are how much worse the new proxy's traffic may be than the old one's.
type Limits struct {
	// ServerErrors and NotFound are shares of the requests, 0 to 1, that may end with 5xx
	// or 404 on top of the old proxy's own share.
	ServerErrors float64 `json:"serverErrors"`
	NotFound     float64 `json:"notFound"`
	// Latency is how many times as long as with the old proxy the quickest 95 % of the
	// requests may take.
	Latency float64 `json:"latency"`
	// Requests are how many there must be for a judgement.
	Requests int `json:"requests"`
}

// DefaultLimits are wide enough for the noise of a hundred requests.
func DefaultLimits() Limits {
	return Limits{ServerErrors: 0.01, NotFound: 0.02, Latency: 2, Requests: 100}
}

const quantile = 0.95

// Verdict is a judgement of some traffic.
type Verdict struct {
	// Bad says what is wrong; "" when nothing is, or when there is no judgement.
	Bad string
	// Judged is false when there were too few requests to say anything.
	Judged bool
	// Text sums up what was seen.
	Text string
}

// Judge compares traffic with that of the old proxies, which may be nil or too little:
// then shares are judged alone, latency is not, and Text says so.
func (l Limits) Judge(c Counts, old *Counts) Verdict {
	if c.Requests < float64(max(1, l.Requests)) {
		return Verdict{Text: fmt.Sprintf("no judgement of error rate and latency: %.0f requests, %d are needed", c.Requests, max(1, l.Requests))}
	}
	if old != nil && old.Requests < float64(max(1, l.Requests)) {
		old = nil
	}
	v := Verdict{Judged: true}
	var said, bad []string
	share := func(what string, of func(Counts) float64, limit float64) {
		now, before := of(c)/c.Requests, 0.0
		if old != nil {
			before = of(*old) / old.Requests
		}
		said = append(said, fmt.Sprintf("%s %s", what, percent(now)))
		if now > before+limit {
			bad = append(bad, fmt.Sprintf("%s of %.0f requests ended with %s, with the old proxy %s did, and %s more may", percent(now), c.Requests, what, percentOr(before, old != nil), percent(limit)))
		}
	}
	share("5xx", func(c Counts) float64 { return c.ServerErrors }, l.ServerErrors)
	share("404", func(c Counts) float64 { return c.NotFound }, l.NotFound)
	now, before := c.Quantile(quantile), math.NaN()
	if old != nil {
		before = old.Quantile(quantile)
	}
	switch {
	case math.IsNaN(now) || math.IsNaN(before):
		said = append(said, "latency not judged")
	default:
		said = append(said, "p95 "+seconds(now))
		if now > l.Latency*before {
			bad = append(bad, fmt.Sprintf("95%% of the requests took up to %s, with the old proxy %s, and %g times as long is the limit", seconds(now), seconds(before), l.Latency))
		}
	}
	v.Text = fmt.Sprintf("%.0f requests: %s", c.Requests, strings.Join(said, ", "))
	v.Bad = strings.Join(bad, "; ")
	return v
}

func percent(share float64) string { return fmt.Sprintf("%.3g%%", 100*share) }

func percentOr(share float64, known bool) string {
	if !known {
		return "an unknown share"
	}
	return percent(share)
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Microsecond).String()
}
