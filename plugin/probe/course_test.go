package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// However long a run takes, its slices are few, and nothing is counted twice or not
// at all.
func TestCourse(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := map[string]struct {
		seconds, slices int
		width           float64
	}{
		"a second":           {1, 1, 1},
		"just enough":        {MaxSlices, MaxSlices, 1},
		"one second more":    {MaxSlices + 1, MaxSlices/2 + 1, 2},
		"an hour":            {3600, 225, 16},
		"a weekend, in vain": {48 * 3600, 169, 1024},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			course := course{began: began, width: time.Second}
			for s := range c.seconds {
				p := course.at(began.Add(time.Duration(s) * time.Second))
				outcome := Fine
				if s%7 == 3 {
					outcome = Lost
				}
				p.count(outcome)
				if err := p.latency.RecordValue(1000); err != nil {
					t.Fatal(err)
				}
			}
			slices := course.slices()
			var fine, lost int64
			for i, s := range slices {
				fine, lost = fine+s.Fine, lost+s.Lost
				if want := began.Add(time.Duration(float64(i)*c.width) * time.Second); !s.From.Equal(want) || s.Seconds != c.width {
					t.Errorf("slice %d begins at %s and takes %v s, want %s and %v s", i, s.From, s.Seconds, want, c.width)
				}
			}
			type sum struct{ Slices, Requests, Lost int }
			got := sum{len(slices), int(fine + lost), int(lost)}
			if diff := cmp.Diff(sum{c.slices, c.seconds, (c.seconds + 3) / 7}, got); diff != "" {
				t.Error(diff)
			}
			if s := slices[0]; s.P50Ms < 0.99 || s.P50Ms > 1.01 {
				t.Errorf("p50 %v ms, want 1", s.P50Ms)
			}
		})
	}
}
