package htmlreport

import (
	"fmt"
	"math"
	"time"
)

// span is a part of time and where it is drawn.
type span struct {
	from, to time.Time
	x, width float64
}

// at is where a moment is drawn; what is outside of the span is drawn at its ends.
func (s span) at(t time.Time) px {
	share := float64(t.Sub(s.from)) / float64(max(s.to.Sub(s.from), 1))
	return px(s.x + s.width*min(max(share, 0), 1))
}

// tick is a line across a drawing, and what it stands for.
type tick struct {
	At    px
	Label string
}

// steps between ticks of time that people count in.
var steps = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// ticks are most lines at most. Beyond a day they say the day.
func (s span) ticks(most int) []tick {
	whole := s.to.Sub(s.from)
	step := steps[0]
	for i := 0; step < whole/time.Duration(most); i++ {
		if i < len(steps) {
			step = steps[i]
			continue
		}
		step *= 2
	}
	layout := "15:04"
	switch {
	case step < time.Minute:
		layout = "15:04:05"
	case whole > 24*time.Hour:
		layout = "2 Jan 15:04"
	}
	var out []tick
	first := s.from.UTC().Truncate(step)
	for i := 0; i <= most+1; i++ {
		t := first.Add(time.Duration(i) * step)
		if t.Before(s.from) || t.After(s.to) {
			continue
		}
		out = append(out, tick{At: s.at(t), Label: t.Format(layout)})
	}
	return out
}

// logScale draws latencies by their magnitude, because what matters is whether it is
// one millisecond or one hundred.
type logScale struct {
	least, most   float64 // milliseconds, powers of ten
	bottom, above float64
}

func newLogScale(least, most, bottom, height float64) logScale {
	from, to := round125(max(least, 0.001), false), round125(max(most, 0.01), true)
	if to <= from {
		to = from * 10
	}
	return logScale{from, to, bottom, height}
}

// round125 is the next of 1, 2 and 5 times a power of ten, up or down.
func round125(x float64, up bool) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	down := power
	for _, step := range []float64{1, 2, 5, 10} {
		if up && step*power >= x {
			return step * power
		}
		if step*power <= x {
			down = step * power
		}
	}
	return down
}

func (l logScale) at(ms float64) px {
	share := math.Log10(max(ms, l.least)/l.least) / math.Log10(l.most/l.least)
	return px(l.bottom - l.above*min(max(share, 0), 1))
}

// ticks are powers of ten, or where that is too few, twice and five times them too.
func (l logScale) ticks() []tick {
	parts := []float64{1}
	if l.most/l.least < 50 {
		parts = []float64{1, 2, 5}
	}
	var out []tick
	for power := math.Pow(10, math.Floor(math.Log10(l.least))); power <= l.most; power *= 10 {
		for _, part := range parts {
			ms := part * power
			if ms < l.least*0.99 || ms > l.most*1.01 {
				continue
			}
			label := fmt.Sprintf("%g ms", math.Round(ms*1000)/1000)
			if ms >= 999 {
				label = fmt.Sprintf("%g s", math.Round(ms/1000))
			}
			out = append(out, tick{At: l.at(ms), Label: label})
		}
	}
	return out
}

// countTicks divides a linear scale up to most requests.
func countTicks(most int64, bottom, height float64) (top int64, out []tick) {
	step := int64(1)
	for i := 0; step < most/4; i++ {
		step = []int64{2, 5, 10}[i%3] * int64(math.Pow10(i/3))
	}
	top = (most + step - 1) / step * step
	for n := int64(0); n <= top; n += step {
		out = append(out, tick{At: px(bottom - height*float64(n)/float64(max(top, 1))), Label: number(n)})
	}
	return top, out
}
