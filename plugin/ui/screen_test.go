package ui

import (
	"bytes"
	"strings"
	"testing"
)

// A screen is written over in one piece: nothing is erased before it is drawn again,
// but where the terminal has another size.
func TestScreen(t *testing.T) {
	var b bytes.Buffer
	writes := 0
	s := NewScreen(counting{&b, &writes})
	for i, step := range []struct {
		text          string
		width, height int
		want          string
	}{
		{"one\ntwo\n", 80, 24, "\x1b[2J\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J"},
		{"1\n", 80, 24, "\x1b[H1\x1b[K\n\x1b[J"},
		{"1\n", 60, 24, "\x1b[2J\x1b[H1\x1b[K\n\x1b[J"},
	} {
		b.Reset()
		s.Show(step.text, step.width, step.height)
		if b.String() != step.want || writes != i+1 {
			t.Errorf("step %d: %q in %d writes, want %q", i, strings.ReplaceAll(b.String(), "\x1b", "ESC"), writes, step.want)
		}
	}
}

type counting struct {
	*bytes.Buffer
	writes *int
}

func (c counting) Write(p []byte) (int, error) {
	*c.writes++
	return c.Buffer.Write(p)
}
