package ui

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLive(t *testing.T) {
	var out bytes.Buffer
	live := NewLive(&out)
	step := func(what, want string, act func()) {
		t.Helper()
		out.Reset()
		act()
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", what, diff)
		}
	}
	step("first", "\rone\x1b[K\ntwo\x1b[K\n\x1b[J", func() { live.Draw([]string{"one", "two"}, 20) })
	step("again, cut", "\r\x1b[2Athree\x1b[K\n\x1b[J", func() { live.Draw([]string{"three four"}, 5) })
	step("longer", "\r\x1b[1A0123456789\x1b[K\nx\x1b[K\n\x1b[J", func() { live.Draw([]string{"0123456789", "x"}, 20) })
	// At 4 columns the terminal has made three lines of the first one.
	step("narrower", "\r\x1b[4Aab\x1b[K\n\x1b[J", func() { live.Draw([]string{"ab"}, 4) })
	step("cleared", "\r\x1b[1A\x1b[J", func() { live.Clear(4) })
	step("cleared twice", "\r\x1b[J", func() { live.Clear(4) })
}

func TestCutLeavesColours(t *testing.T) {
	for text, want := range map[string]string{
		"abc":                     "abc",
		"abcdef":                  "abcd",
		"\x1b[31mab\x1b[0mc":      "\x1b[31mab\x1b[0mc",
		"\x1b[31mabcdef\x1b[0mgh": "\x1b[31mabcd\x1b[0m",
		"äöü█x":                   "äöü█",
	} {
		if got, length := cut(text, 4); got != want || length > 4 {
			t.Errorf("%q: %q of %d columns, want %q", text, got, length, want)
		}
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "", 0.0001: "▏", 0.5: "█████", 0.55: "█████▌", 1: "██████████", 7: "██████████", -1: ""} {
		if got := Bar(share, 10); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

func TestFlow(t *testing.T) {
	parts := []string{"sent 10", "\x1b[31mlost 2\x1b[0m", "p50 3 ms"}
	for width, want := range map[int][]string{
		0:  {"sent 10   \x1b[31mlost 2\x1b[0m   p50 3 ms"},
		27: {"sent 10   \x1b[31mlost 2\x1b[0m   p50 3 ms"},
		26: {"sent 10   \x1b[31mlost 2\x1b[0m", "p50 3 ms"},
		5:  {"sent 10", "\x1b[31mlost 2\x1b[0m", "p50 3 ms"},
	} {
		if diff := cmp.Diff(want, Flow(parts, width)); diff != "" {
			t.Errorf("width %d: -want +got:\n%s", width, diff)
		}
	}
}
