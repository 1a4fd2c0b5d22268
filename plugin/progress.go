package plugin

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

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
	// letters are those that errOut can show.
	letters ui.Palette

	mu    sync.Mutex
	parts map[string][]string
	// now is what happens on each node, nodes in the order in which they began; the
	// empty one is the whole cutover.
	now   map[string]string
	nodes []string
}

func newProgress(c *cluster, palette ui.Palette) *progress {
	// The only error is an unknown mode.
	letters, _ := ui.NewPalette(c.streams.ErrOut, "never")
	return &progress{
		out: c.streams.Out, errOut: c.streams.ErrOut, terminal: ui.IsTerminal(c.streams.ErrOut),
		palette: palette, letters: letters, parts: map[string][]string{}, now: map[string]string{},
	}
}

// Observe implements cutover.Observer.
func (p *progress) Observe(e cutover.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case cutover.Info:
		p.clear()
		p.forget("") // what was waited for
		fmt.Fprintln(p.errOut, e.Text)
		p.redraw()
	case cutover.Warn:
		p.clear()
		fmt.Fprintf(p.errOut, "Warning: %s%s\n", prefix(e.Node), e.Text)
		p.redraw()
	case cutover.Wait:
		p.passing(e.Node, "waiting: "+e.Text)
	case cutover.Step:
		p.passing(e.Node, e.Text)
	case cutover.Soaking:
		if p.terminal { // the step before it has told how long it takes
			p.passing(e.Node, p.letters.Spell(soaking(e)))
		}
	case cutover.Passed:
		text := e.Text
		if e.Took > 0 {
			text += " " + short(e.Took)
		}
		p.parts[e.Node] = append(p.parts[e.Node], text)
		if p.terminal && e.Node != "" {
			text = "" // it is on the line already
		}
		p.passing(e.Node, text)
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

// passing is what may be overwritten. On a terminal all nodes that are worked on at
// the same time share the line, so that the one that spoke last does not hide the
// others.
func (p *progress) passing(node, text string) {
	if !p.terminal {
		fmt.Fprintln(p.errOut, prefix(node)+text)
		return
	}
	if _, known := p.now[node]; !known {
		p.nodes = append(p.nodes, node)
	}
	p.now[node] = text
	p.draw()
}

// draw shows the line of a terminal: carriage return and "erase in line" (ECMA-48,
// 8.3.41). Each node gets its share of the width.
func (p *progress) draw() {
	if len(p.nodes) == 0 {
		return
	}
	const between = " | "
	room := 0
	if width := ui.Width(p.errOut); width > 0 {
		room = max(1, (width-1-len(between)*(len(p.nodes)-1))/len(p.nodes))
	}
	var parts []string
	for _, node := range p.nodes {
		parts = append(parts, p.share(node, room))
	}
	fmt.Fprintf(p.errOut, "\r\x1b[K%s", strings.Join(parts, between))
}

// share is what a node did and does, in as many columns as there are; 0: as many as
// there have to be. What it does now is shown first of all, what it did last then.
func (p *progress) share(node string, room int) string {
	var did []string
	if node != "" {
		did = p.parts[node]
	}
	for {
		texts := did
		if now := p.now[node]; now != "" {
			texts = append(slices.Clone(did), now)
		}
		runes := []rune(prefix(node) + strings.Join(texts, "  "))
		switch {
		case room <= 0 || len(runes) <= room:
			return string(runes)
		case len(texts) > 1:
			did = did[1:]
		default:
			return string(runes[:room])
		}
	}
}

// redraw shows the line again below what was printed.
func (p *progress) redraw() {
	if p.terminal {
		p.draw()
	}
}

// forget ends the share of a node.
func (p *progress) forget(node string) {
	delete(p.now, node)
	p.nodes = slices.DeleteFunc(p.nodes, func(n string) bool { return n == node })
}

func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.errOut, "\r\x1b[K")
	}
}

func (p *progress) finish(e cutover.Event, style ui.Style, verdict string) {
	p.clear()
	p.forget(e.Node)
	defer p.redraw()
	parts := p.parts[e.Node]
	delete(p.parts, e.Node)
	line := e.Node + "  " + strings.Join(append(parts, p.palette.Paint(style, verdict)), "  ")
	if e.Took > 0 {
		line += "  " + short(e.Took)
	}
	fmt.Fprintln(p.out, line)
}

// soaking shows how far a node has got that is watched.
func soaking(e cutover.Event) string {
	const width = 10
	share := 1.0
	if e.Limit > 0 {
		share = float64(e.Took) / float64(e.Limit)
	}
	bar := ui.Bar(share, width)
	return "soaking " + bar + strings.Repeat("░", width-utf8.RuneCountInString(bar)) + " " + e.Took.Round(time.Second).String() + " of " + short(e.Limit)
}

// short shows a duration as people say it: 2.1s, 1m16s.
func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
