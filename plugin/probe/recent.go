package probe

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// RecentSpan is what Recent is about: long enough for a percentile, short enough
// to see a stall end.
const RecentSpan = 10 * time.Second

// Recent sums up the last RecentSpan, in whole seconds of the clock.
type Recent struct {
	// Seconds is how much of the span there was; 0: nothing is known yet.
	Seconds             float64
	Sent, Lost, Changed int64
	Latency             Latency
}

// recent has a slot for each of the last seconds.
type recent struct {
	slots [RecentSpan/time.Second + 1]slot
}

type slot struct {
	second              int64
	sent, lost, changed int64
	latency             *hdrhistogram.Histogram
}

// newRecentHistogram is coarser than that of a whole run: it is copied for every
// look at it.
func newRecentHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), 2)
}

// at is the slot of a moment, emptied when it was an older one's.
func (r *recent) at(now time.Time) *slot {
	second := now.Unix()
	s := &r.slots[int(second%int64(len(r.slots)))]
	if s.latency == nil {
		s.latency = newRecentHistogram()
	}
	if s.second != second {
		s.latency.Reset()
		*s = slot{second: second, latency: s.latency}
	}
	return s
}

// frozen is a copy of one slot, whose latencies no longer change.
type frozen struct {
	slot
	latencies *hdrhistogram.Snapshot
}

func (r *recent) export() []frozen {
	var out []frozen
	for _, s := range r.slots {
		if s.latency == nil {
			continue
		}
		latencies := s.latency.Export()
		s.latency = nil
		out = append(out, frozen{slot: s, latencies: latencies})
	}
	return out
}

// sum leaves out the second that is not over: rates would always look too low.
func sum(slots []frozen, began, now time.Time) Recent {
	to := now.Truncate(time.Second)
	out := Recent{Seconds: min(to.Sub(began), RecentSpan).Seconds()}
	if out.Seconds < 1 {
		return Recent{}
	}
	all := newRecentHistogram()
	for _, s := range slots {
		if age := now.Unix() - s.second; age < 1 || age > int64(RecentSpan/time.Second) {
			continue
		}
		out.Sent += s.sent
		out.Lost += s.lost
		out.Changed += s.changed
		all.Merge(hdrhistogram.Import(s.latencies))
	}
	out.Latency = summarise(all)
	return out
}
