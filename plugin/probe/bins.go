package probe

import (
	"slices"
	"time"
)

// Bin counts the latencies from FromMs to below ToMs.
type Bin struct {
	FromMs float64 `json:"fromMs"`
	ToMs   float64 `json:"toMs"`
	Count  int64   `json:"count"`
}

// steps divide a power of ten, from the finest to the coarsest; the bounds of each
// are bounds of the one before.
var steps = [][]int64{{1, 2, 3, 5, 8}, {1, 2, 5}, {1}}

// bins count latencies for a histogram that people read; hdrhistogram's own are
// thousands.
type bins struct {
	bounds []time.Duration
	counts []int64
}

func newBins() *bins {
	b := &bins{bounds: bounds(steps[0])}
	b.counts = make([]int64, len(b.bounds))
	return b
}

// bounds begin at 0 and go on from a microsecond to what is longest.
func bounds(steps []int64) []time.Duration {
	out := []time.Duration{0}
	for decade := time.Microsecond; decade <= longest; decade *= 10 {
		for _, step := range steps {
			out = append(out, decade*time.Duration(step))
		}
	}
	return out
}

func (b *bins) add(d time.Duration) {
	i, exact := slices.BinarySearch(b.bounds, d)
	if !exact {
		i-- // the bound before
	}
	b.counts[i]++
}

// all are the bins from the first that has something to the last; empty ones
// between them are there.
func (b *bins) all() []Bin {
	out := []Bin{}
	pending := 0
	for i, count := range b.counts {
		if count == 0 && len(out) == 0 {
			continue
		}
		to := b.bounds[len(b.bounds)-1] * 10
		if i+1 < len(b.bounds) {
			to = b.bounds[i+1]
		}
		out = append(out, Bin{FromMs: milliseconds(b.bounds[i]), ToMs: milliseconds(to), Count: count})
		if pending++; count > 0 {
			pending = 0
		}
	}
	return out[:len(out)-pending]
}

// Coarsen returns at most rows bins, by merging neighbours, if that can be.
func Coarsen(fine []Bin, rows int) []Bin {
	for _, steps := range steps {
		coarse := merge(fine, bounds(steps))
		if len(coarse) <= rows {
			return coarse
		}
		fine = coarse
	}
	return fine
}

func merge(fine []Bin, bounds []time.Duration) []Bin {
	var out []Bin
	for _, bin := range fine {
		i, exact := slices.BinarySearchFunc(bounds, bin.FromMs, func(bound time.Duration, from float64) int {
			switch b := milliseconds(bound); {
			case b < from:
				return -1
			case b > from:
				return 1
			}
			return 0
		})
		if !exact {
			i--
		}
		from := milliseconds(bounds[i])
		if len(out) == 0 || out[len(out)-1].FromMs != from {
			to := bin.ToMs
			if i+1 < len(bounds) {
				to = milliseconds(bounds[i+1])
			}
			out = append(out, Bin{FromMs: from, ToMs: to})
		}
		out[len(out)-1].Count += bin.Count
	}
	return out
}
