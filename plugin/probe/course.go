package probe

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxSlices is how many a report has at most. Of a run of up to as many seconds each
// is a second long; whenever it takes twice as long, so do they.
const MaxSlices = 240

// course is a run in slices of its time, by when requests were due.
type course struct {
	began time.Time
	width time.Duration
	parts []*part
}

type part struct {
	fine, lost, changed int64
	latency             *hdrhistogram.Histogram
}

func (p *part) count(outcome Outcome) {
	switch outcome {
	case Fine:
		p.fine++
	case Lost:
		p.lost++
	case Changed:
		p.changed++
	}
}

// at is the part of a moment.
func (c *course) at(due time.Time) *part {
	for due.Sub(c.began) >= MaxSlices*c.width {
		c.halve()
	}
	i := int(max(due.Sub(c.began), 0) / c.width)
	for len(c.parts) <= i {
		// As coarse as the recent ones: there are many.
		c.parts = append(c.parts, &part{latency: newRecentHistogram()})
	}
	return c.parts[i]
}

// halve makes one part of two.
func (c *course) halve() {
	half := c.parts[:0]
	for i := 0; i < len(c.parts); i += 2 {
		p := c.parts[i]
		if i+1 < len(c.parts) {
			next := c.parts[i+1]
			p.fine, p.lost, p.changed = p.fine+next.fine, p.lost+next.lost, p.changed+next.changed
			p.latency.Merge(next.latency)
		}
		half = append(half, p)
	}
	clear(c.parts[len(half):])
	c.parts, c.width = half, 2*c.width
}

func (c *course) slices() []Slice {
	out := []Slice{} // [] in JSON, not null
	for i, p := range c.parts {
		sum := summarise(p.latency)
		out = append(out, Slice{
			From: c.began.Add(time.Duration(i) * c.width), Seconds: c.width.Seconds(),
			Fine: p.fine, Lost: p.lost, Changed: p.changed, P50Ms: sum.P50Ms, P99Ms: sum.P99Ms, MaxMs: sum.MaxMs,
		})
	}
	return out
}
