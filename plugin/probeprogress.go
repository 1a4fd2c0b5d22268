package plugin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// probeProgress shows a run while it goes on: a screen that is drawn again and
// again, or, where that cannot be, a line now and then and one for what is lost.
type probeProgress struct {
	out      io.Writer
	terminal bool
	palette  ui.Palette
	live     *ui.Live
	// known is how many events were seen, said when the last line was written.
	known int64
	said  time.Time
}

const (
	// redraw is how often a screen is drawn, lookAgain how often there is a look at
	// what to write a line about.
	redraw    = 250 * time.Millisecond
	lookAgain = time.Second
)

func newProbeProgress(out io.Writer, palette ui.Palette) *probeProgress {
	return &probeProgress{out: out, terminal: ui.IsTerminal(out), palette: palette, live: ui.NewLive(out)}
}

// follow returns when a run has ended, or was interrupted and had time for the
// answers under way.
func (p *probeProgress) follow(ctx context.Context, run *probe.Run) {
	period := lookAgain
	if p.terminal {
		period = redraw
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	stopped, enough := ctx.Done(), (<-chan time.Time)(nil)
	stopping := false
	for {
		p.show(run.Now(), stopping)
		select {
		case <-run.Done():
			p.finish()
			return
		case <-stopped:
			run.Stop()
			stopping, stopped, enough = true, nil, time.After(lastAnswers)
		case <-enough:
			run.Abandon()
			enough = nil
		case <-ticker.C:
		}
	}
}

func (p *probeProgress) show(s *probe.Snapshot, stopping bool) {
	if p.terminal {
		// A line that fills the last column may break on some terminals.
		width := max(ui.Width(p.out)-1, 0)
		lines := liveLines(s, width, ui.Height(p.out), stopping, p.palette)
		for i, line := range lines {
			lines[i] = p.palette.Spell(line)
		}
		p.live.Draw(lines, width)
		return
	}
	fmt.Fprint(p.out, p.plain(s))
}

func (p *probeProgress) finish() {
	if p.terminal {
		p.live.Clear(max(ui.Width(p.out)-1, 0))
	}
}

// liveLines are a whole screen, for a terminal of that size.
func liveLines(s *probe.Snapshot, width, height int, stopping bool, palette ui.Palette) []string {
	screen := probeScreen{width: width, palette: palette}
	elapsed := s.Ended.Sub(s.Began).Truncate(time.Second).String()
	if s.DurationMs > 0 {
		elapsed += " of " + time.Duration(s.DurationMs*float64(time.Millisecond)).String()
	} else {
		elapsed += ", ctrl-C ends it"
	}
	lines := screen.flow(append([]string{elapsed}, screen.counts(s.Report, flying(s))...))
	lines = append(lines, screen.flow(screen.percentiles(s.Latency, false))...)
	below := screen.last(s)
	if stopping {
		below = append(below, fmt.Sprintf("Stopped; waiting %s at most for %s. Again ctrl-C ends at once, without a report.", lastAnswers, plural(s.InFlight, "answer")))
	}
	rows := histogramRows
	if height > 0 {
		rows = max(1, min(rows, height-1-len(lines)-len(below)))
	}
	lines = append(append(lines, screen.histogram(s.Histogram, rows)...), below...)
	if height > 1 && len(lines) >= height {
		lines = lines[:height-1]
	}
	return lines
}

// last is what happened in the last seconds.
func (s probeScreen) last(snapshot *probe.Snapshot) []string {
	var lines []string
	if r := snapshot.Recent; r.Seconds > 0 {
		parts := append([]string{fmt.Sprintf("last %.0f s: %s per s", r.Seconds, perSecond(float64(r.Sent)/r.Seconds))}, s.percentiles(r.Latency, true)...)
		lines = s.flow(append(parts, s.trouble(r.Lost, r.Changed)...))
	}
	const few = 5
	latest := snapshot.Latest
	if len(latest) == 0 {
		return lines
	}
	var text bytes.Buffer
	// One line each, which the screen cuts: what matters is at their beginning. A
	// buffer takes everything.
	_ = probeScreen{palette: s.palette}.events(&text, latest[max(0, len(latest)-few):], len(snapshot.Targets))
	return append(lines, strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")...)
}

func flying(s *probe.Snapshot) string {
	text := fmt.Sprintf("in flight %s", thousands(s.InFlight))
	if s.Oldest >= time.Second {
		text += fmt.Sprintf(" (oldest %s)", short(s.Oldest))
	}
	return text
}

// plain is what there is to say since the last call: every line stands alone.
func (p *probeProgress) plain(s *probe.Snapshot) string {
	var b strings.Builder
	events := s.Lost + s.Changed
	fresh := events - p.known
	p.known = events
	listed := min(fresh, int64(len(s.Latest)))
	for _, e := range s.Latest[int64(len(s.Latest))-listed:] {
		b.WriteString(printers.EscapeTerminal(strings.ReplaceAll(e.String(), "\n", " ")) + "\n")
	}
	if fresh > listed {
		fmt.Fprintf(&b, "%s %s more lost or changed in this second\n", s.Ended.Format(clock), thousands(int(fresh-listed)))
	}
	if p.said.IsZero() {
		p.said = s.Began
	}
	if s.Ended.Sub(p.said) >= probe.RecentSpan {
		p.said = s.Ended
		screen := probeScreen{palette: p.palette}
		parts := append(screen.counts(s.Report, flying(s)), "last 10 s:")
		parts = append(parts, screen.percentiles(s.Recent.Latency, true)...)
		b.WriteString(s.Ended.Format(clock) + " " + strings.Join(parts, "  ") + "\n")
	}
	return b.String()
}
