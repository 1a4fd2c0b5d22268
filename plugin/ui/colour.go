// Package ui knows terminals: width, colour, tables and questions.
package ui

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

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

// Palette colours texts, or leaves them alone, and spells them for the stream.
type Palette struct {
	on bool
	// ascii: the terminal shows nothing else.
	ascii bool
}

// NewPalette decides for one stream. The mode is auto, always or never; auto
// colours terminals unless NO_COLOR is set.
func NewPalette(w io.Writer, mode string) (Palette, error) {
	p := Palette{ascii: IsTerminal(w) && !unicodeLocale(os.Getenv)}
	switch mode {
	case "always":
		p.on = true
	case "never":
	case "auto", "":
		p.on = printers.AllowsColorOutput(w)
	default:
		return Palette{}, fmt.Errorf("--color is auto, always or never, not %q", mode)
	}
	return p, nil
}

// unicodeLocale tells what POSIX locales say of characters; nothing said is no objection.
func unicodeLocale(getenv func(string) string) bool {
	locale := cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG"))
	folded := strings.ToLower(locale)
	return locale == "" || strings.Contains(folded, "utf-8") || strings.Contains(folded, "utf8")
}

// spelled has what is written instead of our own glyphs.
var spelled = strings.NewReplacer("…", "...", "µ", "u", "█", "#", "▉", "#", "▊", "#", "▋", "#", "▌", "#", "▍", "-", "▎", "-", "▏", "-", "░", ".")

// Spell returns text in the characters that the stream can show.
func (p Palette) Spell(text string) string {
	if !p.ascii {
		return text
	}
	return spelled.Replace(text)
}

// Speller spells what is written to w.
func (p Palette) Speller(w io.Writer) io.Writer {
	if !p.ascii {
		return w
	}
	return speller{w, p}
}

type speller struct {
	w io.Writer
	p Palette
}

func (s speller) Write(text []byte) (int, error) {
	if _, err := io.WriteString(s.w, s.p.Spell(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
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
