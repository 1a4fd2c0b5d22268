package traefikv1

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTOMLString(t *testing.T) {
	tests := map[string]struct {
		raw, want string
		err       error
	}{
		"plain":                {raw: `^http://h/(.*)`, want: `^http://h/(.*)`},
		"empty":                {},
		"escaped dot":          {raw: `a\\.b`, want: `a\.b`},
		"quote":                {raw: `say \"hi\"`, want: `say "hi"`},
		"controls":             {raw: `\b\t\n\f\r`, want: "\b\t\n\f\r"},
		"unicode":              {raw: `\u00e9\U0001F600é`, want: "é😀é"},
		"raw quote":            {raw: `say "hi"`, err: errTOMLQuote},
		"line break":           {raw: "a\nb", err: errTOMLNewline},
		"carriage return":      {raw: "a\rb", err: errTOMLNewline},
		"nul":                  {raw: "a\x00b", err: errTOMLNewline},
		"lone backslash":       {raw: `\d`, err: errTOMLEscape},
		"backslash at the end": {raw: `a\`, err: errTOMLEscape},
		"legal in Go only":     {raw: `\a`, err: errTOMLEscape},
		"hexadecimal":          {raw: `\x41`, err: errTOMLEscape},
		"octal":                {raw: `\101`, err: errTOMLEscape},
		"short unicode":        {raw: `\u00e`, err: errTOMLEscape},
		"signed unicode":       {raw: `\u+0e1`, err: errTOMLEscape},
		"surrogate":            {raw: `\ud800`, err: errTOMLRune},
		"beyond unicode":       {raw: `\U00110000`, err: errTOMLRune},
		"not UTF-8":            {raw: "a\xffb", want: "a\ufffdb"},
		"tab":                  {raw: "a\tb", want: "a\tb"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tomlString(tc.raw)
			if diff := cmp.Diff(tc.err, err, cmpopts.EquateErrors()); diff != "" || got != tc.want {
				t.Errorf("got %q, %v, want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestQuotable(t *testing.T) {
	tests := map[string]bool{
		"/foo": true, "": true, `a\\.b`: true, `a\.b`: false, `a"b`: false, "a\nb": false, `\x41`: true, `\a`: true, `a\`: false,
	}
	for raw, want := range tests {
		if got := quotable(raw); got != want {
			t.Errorf("quotable(%q) = %v", raw, got)
		}
	}
}

// What tomlString reads, a later TOML library reads the same way. (It knows more
// escapes and forbids some control characters, so not the other way round.)
func FuzzTOMLString(f *testing.F) {
	for _, seed := range []string{`a\\.b`, `\u00e9`, `\U0001F600`, `"`, `\x41`, "a\tb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := tomlString(raw)
		if err != nil {
			return
		}
		if !utf8.ValidString(raw) || strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError }) {
			return
		}
		var decoded struct{ V string }
		if _, err := toml.Decode(`V = "`+raw+`"`, &decoded); err != nil {
			t.Fatalf("tomlString(%q) = %q, but TOML says %v", raw, got, err)
		}
		if decoded.V != got {
			t.Fatalf("tomlString(%q) = %q, TOML reads %q", raw, got, decoded.V)
		}
	})
}
