package plugin

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// probeScreen renders a probe's numbers in lines of at most width columns; 0 is
// not a terminal.
type probeScreen struct {
	width   int
	palette ui.Palette
}

// histogramRows is how many rows a histogram has at most.
const histogramRows = 12

// counts are the totals. flying is "" when nothing is under way.
func (s probeScreen) counts(r *probe.Report, flying string) []string {
	parts := []string{"sent " + thousands(int(r.Sent))}
	if flying != "" {
		parts = append(parts, flying)
	}
	parts = append(parts, fmt.Sprintf("rate %s/%s per s", perSecond(r.AchievedRate), strconv.FormatFloat(r.Rate, 'f', -1, 64)))
	for _, c := range r.Statuses {
		style := ui.Plain
		switch {
		case c.Status >= 500:
			style = ui.Bad
		case c.Status >= 400:
			style = ui.Notice
		}
		parts = append(parts, s.palette.Paint(style, fmt.Sprintf("%d: %s", c.Status, thousands(int(c.Count)))))
	}
	return append(parts, s.trouble(r.Lost, r.Changed)...)
}

func (s probeScreen) trouble(lost, changed int64) []string {
	style := func(n int64, some ui.Style) ui.Style {
		if n == 0 {
			return ui.Good
		}
		return some
	}
	return []string{
		s.palette.Paint(style(lost, ui.Bad), "lost "+thousands(int(lost))),
		s.palette.Paint(style(changed, ui.Notice), "changed "+thousands(int(changed))),
	}
}

// percentiles are for whole runs, short for a glance at the last seconds.
func (s probeScreen) percentiles(l probe.Latency, short bool) []string {
	if l.Count == 0 {
		return []string{"no latency"}
	}
	parts := []string{"p50 " + inMs(l.P50Ms)}
	if !short {
		parts = append(parts, "p90 "+inMs(l.P90Ms))
	}
	parts = append(parts, "p99 "+inMs(l.P99Ms))
	if !short {
		parts = append(parts, "p99.9 "+inMs(l.P999Ms))
	}
	return append(parts, "max "+inMs(l.MaxMs))
}

func (s probeScreen) flow(parts []string) []string { return ui.Flow(parts, s.width) }

// histogram has a line for each range of latencies.
func (s probeScreen) histogram(fine []probe.Bin, rows int) []string {
	bins := probe.Coarsen(fine, rows)
	labels, counts := make([]string, len(bins)), make([]string, len(bins))
	label, count, most := 0, 0, int64(1)
	for i, b := range bins {
		labels[i], counts[i] = binLabel(b), thousands(int(b.Count))
		label, count = max(label, utf8.RuneCountInString(labels[i])), max(count, len(counts[i]))
		most = max(most, b.Count)
	}
	const margin, gap, widest = 2, 2, 60
	width := 80
	if s.width > 0 {
		width = s.width
	}
	room := min(max(width-margin-label-gap-1-count, 8), widest)
	var lines []string
	for i, b := range bins {
		line := strings.Repeat(" ", margin+label-utf8.RuneCountInString(labels[i])) + labels[i]
		if b.Count > 0 {
			line += strings.Repeat(" ", gap) + ui.Bar(float64(b.Count)/float64(most), room) + " " + counts[i]
		}
		lines = append(lines, line)
	}
	return lines
}

// binLabel has the unit of the upper bound: 0.8-1 ms.
func binLabel(b probe.Bin) string {
	unit, divisor := "ms", 1.0
	switch {
	case b.ToMs < 1:
		unit, divisor = "µs", 0.001
	case b.ToMs >= 1000:
		unit, divisor = "s", 1000
	}
	number := func(ms float64) string { return strconv.FormatFloat(ms/divisor, 'g', 6, 64) }
	return number(b.FromMs) + "-" + number(b.ToMs) + " " + unit
}

// inMs writes a latency with three digits: 4.12 ms, 108 ms, 2.31 s.
func inMs(ms float64) string {
	unit := "ms"
	switch {
	case ms < 0.9995:
		return strconv.FormatFloat(ms*1000, 'f', 0, 64) + " µs"
	case ms >= 999.5:
		ms, unit = ms/1000, "s"
	}
	decimals := 2
	switch {
	case ms >= 99.95:
		decimals = 0
	case ms >= 9.995:
		decimals = 1
	}
	return strconv.FormatFloat(ms, 'f', decimals, 64) + " " + unit
}

func perSecond(rate float64) string {
	if rate < 10 {
		return strconv.FormatFloat(rate, 'f', 2, 64)
	}
	return strconv.FormatFloat(rate, 'f', 1, 64)
}

// events are lines of lost and changed requests. The target is left out where it is
// the only one.
func (s probeScreen) events(w io.Writer, events []probe.Event, targets int) error {
	table := ui.Table{Columns: []string{"TIME", "OUTCOME", "CAUSE", "TARGET", "DETAIL"}, Flexible: 4}
	if targets == 1 {
		table.Columns, table.Flexible = slices.Delete(table.Columns, 3, 4), 3
	}
	for _, e := range events {
		text := e.Detail
		if e.Address != "" && !strings.Contains(text+e.Target, e.Address) {
			text += " (" + e.Address + ")"
		}
		cells := []ui.Cell{
			{Text: e.Time.Format(clock)}, {Text: string(e.Outcome), Style: outcomeStyle(e.Outcome)},
			{Text: string(e.Cause)}, {Text: e.Target}, {Text: text + " after " + inMs(e.AfterMs)},
		}
		if targets == 1 {
			cells = slices.Delete(cells, 3, 4)
		}
		table.Add(cells...)
	}
	return table.Write(w, s.width, s.palette)
}

const clock = "15:04:05.000"

func outcomeStyle(o probe.Outcome) ui.Style {
	if o == probe.Lost {
		return ui.Bad
	}
	return ui.Notice
}

// writeProbeReport prints what became of all requests; the verdict is the last line.
func writeProbeReport(w io.Writer, r *probe.Report, width int, palette ui.Palette, list int) error {
	s := probeScreen{width: width, palette: palette}
	unanswered := ""
	if r.Unanswered > 0 {
		unanswered = "unanswered " + thousands(int(r.Unanswered))
	}
	printLines(w, s.flow(s.counts(r, unanswered)))
	printLines(w, s.flow(s.percentiles(r.Latency, false)))
	printLines(w, s.histogram(r.Histogram, histogramRows))
	if err := s.tables(w, r, list); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	for _, note := range probeNotes(r) {
		for i, line := range wrap(note, max(0, width-2)) {
			mark := " "
			if i == 0 {
				mark = palette.Paint(ui.Notice, "!")
			}
			fmt.Fprintln(w, mark+" "+line)
		}
	}
	printLines(w, wrap(probeVerdict(r), width))
	return nil
}

func (s probeScreen) tables(w io.Writer, r *probe.Report, list int) error {
	if len(r.Targets) > 1 {
		fmt.Fprintln(w)
		table := ui.Table{Columns: []string{"SENT", "LOST", "CHANGED", "TARGET"}, Flexible: 3}
		for _, t := range r.Targets {
			table.Add(ui.Text(thousands(int(t.Sent)), thousands(int(t.Lost)), thousands(int(t.Changed)), t.Target)...)
		}
		if err := table.Write(w, s.width, s.palette); err != nil {
			return err
		}
	}
	if len(r.Causes) > 0 {
		fmt.Fprintln(w)
		if err := s.causes(r).Write(w, s.width, s.palette); err != nil {
			return err
		}
	}
	if shown := min(list, len(r.Events)); shown > 0 {
		fmt.Fprintln(w)
		if err := s.events(w, r.Events[:shown], len(r.Targets)); err != nil {
			return err
		}
		if more := r.Lost + r.Changed - int64(shown); more > 0 {
			fmt.Fprintf(w, "%s more; --events lists more of them, -o json the first %s\n", thousands(int(more)), thousands(probe.MaxEvents))
		}
	}
	if len(r.Targets) > 1 || len(r.Events) > 0 {
		fmt.Fprintln(w)
	}
	return nil
}

// causes count what is lost and changed, and when it was so.
func (s probeScreen) causes(r *probe.Report) *ui.Table {
	table := &ui.Table{Columns: []string{"COUNT", "OUTCOME", "CAUSE", "FIRST", "LAST", "TARGET"}, Flexible: 5}
	if len(r.Targets) == 1 {
		table.Columns, table.Flexible = table.Columns[:5], -1
	}
	for _, c := range r.Causes {
		cells := []ui.Cell{
			{Text: thousands(int(c.Count))}, {Text: string(c.Outcome), Style: outcomeStyle(c.Outcome)}, {Text: string(c.Cause)},
			{Text: c.First.Format(clock)}, {Text: c.Last.Format(clock)}, {Text: c.Target},
		}
		table.Add(cells[:len(table.Columns)]...)
	}
	return table
}

// muchTooLate is when a late request is worth a word.
const muchTooLate = 100.0

// probeNotes are what a reader of the numbers has to know.
func probeNotes(r *probe.Report) []string {
	var notes []string
	if r.Skipped > 0 {
		notes = append(notes, plural(int(r.Skipped), "request")+" could not be sent, not even late: this machine was paused or is too slow for --rate")
	}
	if r.LateMs > muchTooLate {
		notes = append(notes, fmt.Sprintf("this machine was busy: requests were sent up to %s late, which is part of the latencies", inMs(r.LateMs)))
	}
	for _, c := range r.Causes {
		if c.Cause == probe.Local {
			notes = append(notes, "this machine has no more files or ports for connections: lower --rate or --timeout, or use --connections reuse")
			break
		}
	}
	if r.Retried > 0 {
		notes = append(notes, plural(int(r.Retried), "request")+" went over a kept connection that was closed meanwhile, and again over another, as browsers do; --connections new counts such as lost")
	}
	if r.Unanswered > 0 {
		notes = append(notes, plural(int(r.Unanswered), "request")+" had no answer yet when it was stopped")
	}
	if len(r.Statuses) == 1 && r.Lost+r.Changed == 0 && r.Statuses[0].Status >= 400 {
		notes = append(notes, fmt.Sprintf("every answer has status %d: is that what you wanted to ask?", r.Statuses[0].Status))
	}
	return notes
}

// probeVerdict is one sentence.
func probeVerdict(r *probe.Report) string {
	took := r.Ended.Sub(r.Began).Round(100 * time.Millisecond)
	text := plural(int(r.Sent), "request") + " to " + plural(len(r.Targets), "URL")
	if len(r.Targets) == 1 {
		text = plural(int(r.Sent), "request") + " to " + printers.EscapeTerminal(r.Targets[0].Target)
	}
	if r.Interrupted {
		text += fmt.Sprintf(", stopped after %s of %s: ", took, time.Duration(r.DurationMs*float64(time.Millisecond)))
	} else {
		text += fmt.Sprintf(" in %s: ", took)
	}
	unsent := ""
	if r.Skipped > 0 {
		unsent = ", " + thousands(int(r.Skipped)) + " could not be sent"
	}
	if r.Lost == 0 && r.Changed == 0 {
		return text + "none lost, none changed" + unsent
	}
	first, last := r.Causes[0].First, r.Causes[0].Last
	for _, c := range r.Causes {
		if c.First.Before(first) {
			first = c.First
		}
		if c.Last.After(last) {
			last = c.Last
		}
	}
	return text + fmt.Sprintf("%s lost, %s changed%s, from %s to %s", thousands(int(r.Lost)), thousands(int(r.Changed)), unsent, first.Format(clock), last.Format(clock))
}

func printLines(w io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
}
