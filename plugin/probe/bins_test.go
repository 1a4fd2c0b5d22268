package probe

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func binned(latencies ...time.Duration) []Bin {
	b := newBins()
	for _, d := range latencies {
		b.add(d)
	}
	return b.all()
}

func text(bins []Bin) string {
	var parts []string
	for _, b := range bins {
		parts = append(parts, fmt.Sprintf("%v-%v:%d", b.FromMs, b.ToMs, b.Count))
	}
	return strings.Join(parts, " ")
}

func TestBins(t *testing.T) {
	const ms = time.Millisecond
	for want, latencies := range map[string][]time.Duration{
		"":                                   nil,
		"2-3:2 3-5:1":                        {2 * ms, 3*ms - 1, 3 * ms},
		"0.8-1:1 1-2:0 2-3:0 3-5:1":          {900 * time.Microsecond, 4 * ms},
		"0-0.001:1 0.001-0.002:1":            {1, time.Microsecond},
		"2e+06-3e+06:1":                      {40 * time.Minute},
		"800-1000:1 1000-2000:1":             {999 * ms, time.Second},
		"30-50:1 50-80:0 80-100:0 100-200:1": {31 * ms, 108 * ms},
	} {
		if diff := cmp.Diff(want, text(binned(latencies...))); diff != "" {
			t.Errorf("%v: -want +got:\n%s", latencies, diff)
		}
	}
}

// As many rows as fit: fine ones when latencies are close to each other.
func TestCoarsen(t *testing.T) {
	const ms = time.Millisecond
	fine := binned(2*ms, 4*ms, 6*ms, 9*ms, 20*ms, 70*ms)
	for rows, want := range map[int]string{
		20: "2-3:1 3-5:1 5-8:1 8-10:1 10-20:0 20-30:1 30-50:0 50-80:1",
		7:  "2-5:2 5-10:2 10-20:0 20-50:1 50-100:1",
		4:  "1-10:4 10-100:2",
		1:  "1-10:4 10-100:2",
	} {
		if diff := cmp.Diff(want, text(Coarsen(fine, rows))); diff != "" {
			t.Errorf("%d rows: -want +got:\n%s", rows, diff)
		}
	}
}
