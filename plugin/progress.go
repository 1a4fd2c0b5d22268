package plugin

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// progress shows what an engine does: one line a node on stdout when it is
// finished, and on stderr what happens meanwhile: one rewriting line on a
// terminal, else a line per event.
type progress struct {
	out, errOut io.Writer
	terminal    bool
	palette     ui.Palette

	mu    sync.Mutex
	parts map[string][]string
}

func newProgress(c *cluster, palette ui.Palette) *progress {
	return &progress{
		out: c.streams.Out, errOut: c.streams.ErrOut, terminal: ui.IsTerminal(c.streams.ErrOut),
		palette: palette, parts: map[string][]string{},
	}
}

// Observe implements cutover.Observer.
func (p *progress) Observe(e cutover.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case cutover.Info:
		p.clear()
		fmt.Fprintln(p.errOut, e.Text)
	case cutover.Warn:
		p.clear()
		fmt.Fprintf(p.errOut, "Warning: %s%s\n", prefix(e.Node), e.Text)
	case cutover.Wait:
		p.passing(prefix(e.Node) + "waiting: " + e.Text)
	case cutover.Step:
		p.passing(prefix(e.Node) + e.Text)
	case cutover.Passed:
		p.parts[e.Node] = append(p.parts[e.Node], e.Text+" "+short(e.Took))
		p.passing(prefix(e.Node) + e.Text + " " + short(e.Took))
	case cutover.NodeDone:
		p.finish(e, ui.Good, "ok")
	case cutover.NodeFailed:
		p.finish(e, ui.Bad, "failed: "+e.Text)
	case cutover.NodeLost:
		p.finish(e, ui.Notice, "lost: "+e.Text)
	}
}

func prefix(node string) string {
	if node == "" {
		return ""
	}
	return node + "  "
}

// passing is a line that the next one may overwrite.
func (p *progress) passing(text string) {
	if p.terminal {
		// Carriage return and "erase in line" (ECMA-48, 8.3.41).
		width := ui.Width(p.errOut)
		if runes := []rune(text); width > 0 && len(runes) >= width {
			text = string(runes[:width-1])
		}
		fmt.Fprintf(p.errOut, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(p.errOut, text)
}

func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.errOut, "\r\x1b[K")
	}
}

func (p *progress) finish(e cutover.Event, style ui.Style, verdict string) {
	p.clear()
	parts := p.parts[e.Node]
	delete(p.parts, e.Node)
	line := e.Node + "  " + strings.Join(append(parts, p.palette.Paint(style, verdict)), "  ")
	if e.Took > 0 {
		line += "  " + short(e.Took)
	}
	fmt.Fprintln(p.out, line)
}

// short shows a duration as people say it: 2.1s, 1m16s.
func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
