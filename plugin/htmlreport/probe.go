package htmlreport

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// traffic is what a probe saw.
type traffic struct {
	Facts       []fact
	Summary     string
	Percentiles []line
	Statuses    []line
	Targets     []target
	Causes      []cause
	Course      *course
	Histogram   *histogram
}

type target struct{ Name, Sent, Lost, Changed string }

type cause struct{ Target, Outcome, Cause, Count, First, Last, Tone string }

// course is the run over time: latencies above, lost and changed requests below, and
// behind both the moves of nodes.
type course struct {
	Title, Described string
	// Each is the time that a point stands for.
	Each          string
	Times         []tick
	Latencies     []tick
	Counts        []tick
	P50, P99, Max string
	Bad           []column
	Moves         []segment
	// Moved is what Moves show.
	Moved          string
	Middle, Bottom px
	Rows           []slice
}

// column is a column of lost or changed requests.
type column struct {
	X, Y, Width, Height px
	Class, Title        string
}

// slice is a row of the table that says the same as the drawing.
type slice struct{ From, Fine, Lost, Changed, P50, P99, Max, Tone string }

// histogram shows how many requests took how long.
type histogram struct {
	Height px
	Bins   []bin
}

type bin struct {
	Y, Middle, Width, LabelX px
	Range, Count             string
}

const (
	courseLeft   = 70.0
	courseRight  = 990.0
	courseTop    = 12.0
	courseMiddle = 200.0 // where latencies end
	courseBottom = 290.0 // where lost requests end
)

func newTraffic(page *Page) *traffic {
	report := page.Probe
	if report == nil {
		return nil
	}
	t := &traffic{}
	for _, c := range report.Targets {
		t.Targets = append(t.Targets, target{c.Target, number(c.Sent), number(c.Lost), number(c.Changed)})
	}
	lost := fact{Value: number(report.Lost), Name: "lost requests", Detail: "of " + ui.Plural(int(report.Sent), "request"), Tone: good, Link: "#traffic"}
	if report.Lost > 0 {
		lost.Tone = bad
	}
	t.Facts = []fact{lost, {Value: latency(report.Latency.P99Ms), Name: "p99 latency", Detail: "p50 " + latency(report.Latency.P50Ms) + ", longest " + latency(report.Latency.MaxMs), Tone: faint, Link: "#traffic"}}
	t.Summary = fmt.Sprintf("%s in %s from %s, %.1f of %.1f per second: %s answered as expected, %s lost, %s answered otherwise",
		ui.Plural(int(report.Sent), "request"), spell(report.Ended.Sub(report.Began)), moment(report.Began), report.AchievedRate, report.Rate,
		number(report.Fine), number(report.Lost), number(report.Changed))
	for _, more := range []struct {
		n    int64
		what string
	}{{report.Unanswered, "under way when it was stopped"}, {report.Skipped, "not sent, because the sending machine was too far behind"}, {report.Retried, "sent again on another connection"}} {
		if more.n > 0 {
			t.Summary += ", " + number(more.n) + " " + more.what
		}
	}
	l := report.Latency
	if l.Count > 0 {
		t.Percentiles = []line{
			{"shortest", latency(l.MinMs)}, {"mean", latency(l.MeanMs)}, {"p50", latency(l.P50Ms)}, {"p90", latency(l.P90Ms)},
			{"p99", latency(l.P99Ms)}, {"p99.9", latency(l.P999Ms)}, {"longest", latency(l.MaxMs)},
		}
	}
	for _, s := range report.Statuses {
		t.Statuses = append(t.Statuses, line{fmt.Sprint(s.Status), number(s.Count)})
	}
	for _, c := range report.Causes {
		tone := notice
		if c.Outcome == probe.Lost {
			tone = bad
		}
		t.Causes = append(t.Causes, cause{c.Target, string(c.Outcome), string(c.Cause), number(c.Count), clock(c.First), clock(c.Last), tone})
	}
	t.Course = newCourse(page)
	t.Histogram = newHistogram(report.Histogram)
	return t
}

func newCourse(page *Page) *course {
	report := page.Probe
	if len(report.Slices) == 0 {
		return nil
	}
	last := report.Slices[len(report.Slices)-1]
	width := seconds(last.Seconds)
	s := span{report.Began, last.From.Add(width), courseLeft, courseRight - courseLeft}
	least, most, worst := math.Inf(1), 0.01, int64(1)
	for i := range report.Slices {
		p := &report.Slices[i]
		worst = max(worst, p.Lost+p.Changed)
		if p.MaxMs > 0 {
			least, most = min(least, p.P50Ms), max(most, p.MaxMs)
		}
	}
	y := newLogScale(min(least, most), most, courseMiddle, courseMiddle-courseTop)
	c := &course{Each: spell(width), Times: s.ticks(8), Latencies: y.ticks(), Middle: courseMiddle, Bottom: courseBottom}
	const height = courseBottom - courseMiddle - 16
	top, counts := countTicks(worst, courseBottom, height)
	c.Counts = counts
	c.Title = fmt.Sprintf("Latency and failed requests from %s to %s", moment(s.from), moment(s.to))
	c.Described = fmt.Sprintf("p50 %s, p99 %s, longest %s; %s lost, %s changed; each point is %s", latency(report.Latency.P50Ms), latency(report.Latency.P99Ms), latency(report.Latency.MaxMs), number(report.Lost), number(report.Changed), spell(width))
	var p50, p99, maxes path
	for i := range report.Slices {
		p := &report.Slices[i]
		from, to := s.at(p.From), s.at(p.From.Add(width))
		middle := (from + to) / 2
		known := p.MaxMs > 0
		p50.to(middle, y.at(p.P50Ms), known)
		p99.to(middle, y.at(p.P99Ms), known)
		maxes.to(middle, y.at(p.MaxMs), known)
		row := slice{clock(p.From), number(p.Fine), number(p.Lost), number(p.Changed), "-", "-", "-", ""}
		if known {
			row.P50, row.P99, row.Max = latency(p.P50Ms), latency(p.P99Ms), latency(p.MaxMs)
		}
		if p.Lost+p.Changed > 0 {
			row.Tone = bad
		}
		c.Rows = append(c.Rows, row)
		scale := height / float64(max(top, 1))
		base := courseBottom
		for _, part := range []struct {
			n     int64
			class string
		}{{p.Lost, "lost"}, {p.Changed, "changed"}} {
			if part.n == 0 {
				continue
			}
			tall := float64(part.n) * scale
			c.Bad = append(c.Bad, column{
				X: from, Y: px(base - tall), Width: max(to-from-0.5, 1.5), Height: px(tall), Class: part.class,
				Title: fmt.Sprintf("%s %s at %s", number(part.n), part.class, clock(p.From)),
			})
			base -= tall
		}
	}
	c.P50, c.P99, c.Max = p50.String(), p99.String(), maxes.String()
	c.Moves, c.Moved = moves(page.Journal, s, page.Now), "a node is moved"
	if len(c.Moves) == 0 {
		c.Moves, c.Moved = weightMoves(page.Weights, s, page.Now), "a weight is set and watched"
	}
	return c
}

// moves of nodes that happened meanwhile are drawn behind.
func moves(j *journal.Journal, s span, now time.Time) []segment {
	if j == nil {
		return nil
	}
	var out []segment
	for i := range j.Nodes {
		n := &j.Nodes[i]
		if n.Begun == nil || n.Begun.After(s.to) || end(n, now).Before(s.from) {
			continue
		}
		until := end(n, now)
		for _, step := range n.Steps {
			if step.Phase == journal.Soaking {
				until = step.At // it serves already
			}
		}
		x := s.at(*n.Begun)
		out = append(out, segment{X: x, Width: max(s.at(until)-x, 2), Class: "move", Title: n.Name + " is moved"})
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// path is a line with gaps where nothing is known.
type path struct {
	text strings.Builder
	down bool
}

func (p *path) to(x, y px, known bool) {
	if !known {
		p.down = false
		return
	}
	letter := "M"
	if p.down {
		letter = "L"
	}
	fmt.Fprintf(&p.text, "%s%s %s", letter, x, y)
	if !p.down {
		p.text.WriteString("h.01") // a point alone is seen, too
	}
	p.down = true
}

func (p *path) String() string { return p.text.String() }

func newHistogram(bins []probe.Bin) *histogram {
	if len(bins) == 0 {
		return nil
	}
	most := int64(1)
	for _, b := range bins {
		most = max(most, b.Count)
	}
	h := &histogram{Height: px(len(bins)*24 + 4)}
	for i, b := range bins {
		width := px(400 * float64(b.Count) / float64(most))
		if b.Count > 0 {
			width = max(width, 2)
		}
		h.Bins = append(h.Bins, bin{
			Y: px(i*24 + 4), Middle: px(i*24 + 14), Width: width, LabelX: 158 + width + 8,
			Range: latency(b.FromMs) + " to " + latency(b.ToMs), Count: number(b.Count),
		})
	}
	return h
}
