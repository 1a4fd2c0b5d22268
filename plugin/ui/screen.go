package ui

import (
	"fmt"
	"io"
	"strings"
)

// Screen shows one text after another on a terminal, each in place of the last.
type Screen struct {
	w io.Writer
	// width and height of the terminal when it was last drawn.
	width, height int
}

// NewScreen draws on a terminal.
func NewScreen(w io.Writer) *Screen { return &Screen{w: w} }

// Show writes a text over the last one in one go, and erases behind each line and
// below the last: with the whole page erased first it would flicker. That is done when
// the terminal has another size than before, where old lines may be anywhere.
func (s *Screen) Show(text string, width, height int) {
	var b strings.Builder
	if width != s.width || height != s.height {
		s.width, s.height = width, height
		b.WriteString("\x1b[2J") // "erase in page" (ECMA-48, 8.3.39)
	}
	b.WriteString("\x1b[H")
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSuffix(line, "\n") + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	fmt.Fprint(s.w, b.String())
}
