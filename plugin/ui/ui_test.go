package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestTable(t *testing.T) {
	long := "the route was edited by hand: spec.routes[0].match"
	cases := map[string]struct {
		flexible, width int
		noHeaders       bool
		want            string
	}{
		"pipe": {flexible: 2, width: 0, want: "" +
			"NAME  VERDICT    WHY                                                 FIX\n" +
			"web   Different  " + long + "  sync\n" +
			"a     Missing                                                        sync\n"},
		"wide enough": {flexible: 2, width: 75, want: "" +
			"NAME  VERDICT    WHY                                                 FIX\n" +
			"web   Different  " + long + "  sync\n" +
			"a     Missing                                                        sync\n"},
		"wraps": {flexible: 2, width: 54, want: "" +
			"NAME  VERDICT    WHY                              FIX\n" +
			"web   Different  the route was edited by hand:    sync\n" +
			"                 spec.routes[0].match\n" +
			"a     Missing                                     sync\n"},
		"goes below": {flexible: 2, width: 40, want: "" +
			"NAME  VERDICT    FIX\n" +
			"web   Different  sync\n" +
			"    the route was edited by hand:\n" +
			"    spec.routes[0].match\n" +
			"a     Missing    sync\n"},
		"no headers": {flexible: -1, width: 10, noHeaders: true, want: "" +
			"web  Different  " + long + "  sync\n" +
			"a    Missing                                                        sync\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			table := Table{Columns: []string{"NAME", "VERDICT", "WHY", "FIX"}, Flexible: c.flexible, NoHeaders: c.noHeaders}
			table.Add(Text("web", "Different", long, "sync")...)
			table.Add(Text("a", "Missing", "", "sync")...)
			var out bytes.Buffer
			if err := table.Write(&out, c.width, Palette{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for line := range strings.Lines(out.String()) {
				if c.width > 0 && c.flexible >= 0 && len(strings.TrimSuffix(line, "\n")) > c.width {
					t.Errorf("%d columns in %q", len(line)-1, line)
				}
			}
		})
	}
}

// Colour must not move columns, and nothing of a cell may act on the terminal.
func TestTableColourAndControlCharacters(t *testing.T) {
	table := Table{Columns: []string{"A", "B"}, Flexible: -1}
	table.Add(Cell{Text: "x", Style: Bad}, Cell{Text: "evil\x1b[2J\rline\nbreak"})
	palette, err := NewPalette(&bytes.Buffer{}, "always")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := table.Write(&out, 0, palette); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[31mx\x1b[0m  evil^[[2J\\rline break\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPaletteModes(t *testing.T) {
	for mode, want := range map[string]string{"auto": "x", "never": "x", "": "x", "always": "\x1b[31mx\x1b[0m"} {
		palette, err := NewPalette(&bytes.Buffer{}, mode)
		if err != nil {
			t.Fatal(err)
		}
		if got := palette.Paint(Bad, "x"); got != want {
			t.Errorf("mode %q: got %q, want %q", mode, got, want)
		}
	}
	if _, err := NewPalette(&bytes.Buffer{}, "sometimes"); err == nil {
		t.Error("mode sometimes is accepted")
	}
}

func TestWrap(t *testing.T) {
	cases := map[string]struct {
		text  string
		width int
		want  []string
	}{
		"empty":         {"", 10, []string{""}},
		"fits":          {"one two", 7, []string{"one two"}},
		"breaks":        {"one two three", 7, []string{"one two", "three"}},
		"word too long": {"a abcdefgh b", 3, []string{"a", "abc", "def", "gh", "b"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Wrap(c.text, c.width)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "\n": false, "": false, "n\n": false, "yesterday\n": false} {
		var out bytes.Buffer
		err := ask(strings.NewReader(answer), &out, "Delete 2 objects?")
		if (err == nil) != want {
			t.Errorf("answer %q: %v", answer, err)
		}
		if out.String() != "Delete 2 objects? (y/N): " {
			t.Errorf("asked %q", out.String())
		}
	}
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	if err := Confirm(streams, false, "Delete?"); err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("without a terminal: %v", err)
	}
	if err := Confirm(streams, true, "Delete?"); err != nil {
		t.Errorf("with --yes: %v", err)
	}
}

func TestUnicodeLocale(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		want             bool
	}{
		{want: true},
		{lang: "de_DE.UTF-8", want: true},
		{lang: "C"},
		{ctype: "C.utf8", lang: "C", want: true},
		{all: "POSIX", ctype: "C.UTF-8", lang: "C.UTF-8"},
	} {
		environment := map[string]string{"LC_ALL": c.all, "LC_CTYPE": c.ctype, "LANG": c.lang}
		if got := unicodeLocale(func(name string) string { return environment[name] }); got != c.want {
			t.Errorf("%v: %t", environment, got)
		}
	}
}
