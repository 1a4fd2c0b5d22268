// Package ui knows terminals: width, colour, tables and questions.
package ui

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/printers"
)

// Style says what a text means; a Palette says how that looks.
type Style int

// The styles.
const (
	Plain Style = iota
	Good
	Notice
	Bad
	Faint
	Bold
)

// escapes are ANSI "select graphic rendition" sequences (ECMA-48, 8.3.117).
var escapes = [...]string{Plain: "", Good: "\x1b[32m", Notice: "\x1b[33m", Bad: "\x1b[31m", Faint: "\x1b[2m", Bold: "\x1b[1m"}

// Palette colours texts, or leaves them alone.
type Palette struct{ on bool }

// NewPalette decides for one stream. The mode is auto, always or never; auto
// colours terminals unless NO_COLOR is set.
func NewPalette(w io.Writer, mode string) (Palette, error) {
	switch mode {
	case "always":
		return Palette{on: true}, nil
	case "never":
		return Palette{}, nil
	case "auto", "":
		return Palette{on: printers.AllowsColorOutput(w)}, nil
	}
	return Palette{}, fmt.Errorf("--color is auto, always or never, not %q", mode)
}

// Paint returns text in a style.
func (p Palette) Paint(style Style, text string) string {
	if !p.on || style == Plain || text == "" {
		return text
	}
	return escapes[style] + text + "\x1b[0m"
}

// IsTerminal tells whether a stream is a terminal.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Width returns the columns of a terminal; 0 for anything else, which is not to
// be cut or wrapped.
func Width(stream any) int {
	file, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 20 {
		return 0
	}
	return width
}
