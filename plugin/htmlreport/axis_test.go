package htmlreport

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func labels(ticks []tick) (out []string) {
	for _, t := range ticks {
		out = append(out, t.Label)
	}
	return out
}

// Whatever is drawn, its lines are few, and at numbers that people count in.
func TestTicks(t *testing.T) {
	from := time.Date(2026, 3, 14, 2, 1, 40, 0, time.UTC)
	over := func(d time.Duration) []string {
		return labels(span{from: from, to: from.Add(d), x: 0, width: 100}.ticks(4))
	}
	latencies := func(least, most float64) []string { return labels(newLogScale(least, most, 100, 100).ticks()) }
	counts := func(most int64) []string {
		_, ticks := countTicks(most, 100, 100)
		return labels(ticks)
	}
	cases := map[string]struct{ got, want []string }{
		"no time":         {over(0), []string{"02:01:40"}},
		"seconds":         {over(3 * time.Second), []string{"02:01:40", "02:01:41", "02:01:42", "02:01:43"}},
		"a minute":        {over(time.Minute), []string{"02:01:45", "02:02:00", "02:02:15", "02:02:30"}},
		"an hour":         {over(time.Hour), []string{"02:15", "02:30", "02:45", "03:00"}},
		"a week":          {over(7 * 24 * time.Hour), []string{"16 Mar 00:00", "18 Mar 00:00", "20 Mar 00:00"}},
		"a year":          {over(365 * 24 * time.Hour), []string{"7 Apr 00:00", "13 Aug 00:00", "19 Dec 00:00"}},
		"steady latency":  {latencies(4, 4), []string{"2 ms", "5 ms"}},
		"one decade":      {latencies(1.2, 9), []string{"1 ms", "2 ms", "5 ms", "10 ms"}},
		"four decades":    {latencies(0.7, 1081), []string{"1 ms", "10 ms", "100 ms", "1 s"}},
		"nothing known":   {latencies(0, 0), []string{"0.001 ms", "0.002 ms", "0.005 ms", "0.01 ms"}},
		"no request":      {counts(0), []string{"0"}},
		"one request":     {counts(1), []string{"0", "1"}},
		"twenty requests": {counts(20), []string{"0", "5", "10", "15", "20"}},
		"a lie":           {counts(math.MaxInt64), []string{"0"}},
		"many requests":   {counts(123_456), []string{"0", "50,000", "100,000", "150,000"}},
	}
	for name, c := range cases {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// A file may say anything.
func TestTicksEnd(t *testing.T) {
	from := time.Date(2026, 3, 14, 2, 1, 40, 0, time.UTC)
	if ticks := (span{from: from, to: from.Add(math.MaxInt64), width: 100}.ticks(8)); len(ticks) > 9 {
		t.Errorf("%d lines", len(ticks))
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 12 * time.Millisecond: "12ms", 2140 * time.Millisecond: "2.1s", 76 * time.Second: "1m16s",
		30 * time.Minute: "30m", 70 * time.Minute: "1h10m", 50 * time.Hour: "50h00m",
	} {
		if got := spell(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	for ms, want := range map[float64]string{0.5: "0.50 ms", 11.84: "11.8 ms", 108.4: "108 ms", 1081: "1.08 s", 61_000: "61.0 s"} {
		if got := latency(ms); got != want {
			t.Errorf("%v is %q, want %q", ms, got, want)
		}
	}
}
