package manifest

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v2"
)

const (
	// width is where the library begins to look for a place to break a line.
	width = 80
	// longestKey is the longest key that stands on one line with its value.
	longestKey = 128
	// manyWords is how many words are remembered, so that memory stays bounded.
	manyWords = 4096
)

// line ends the line with a value. Text that goes beyond the library's width is
// broken at the next single space (yaml_emitter_write_plain_scalar in its
// emitterc.go) and goes on two columns further than the mapping or list begins.
func (d *document) line(s string, indent int) {
	d.text = append(d.text, ' ')
	column := len(d.text) - (bytes.LastIndexByte(d.text, '\n') + 1)
	begin := len(d.text)
	d.scalar(s)
	switch {
	case column+len(d.text)-begin <= width || strings.IndexByte(s, ' ') < 0:
	case !isPlain(s):
		d.doubt = true
	default:
		d.text = d.text[:begin]
		for i := range len(s) {
			if s[i] == ' ' && column > width && s[i-1] != ' ' && s[i+1] != ' ' {
				d.text = append(d.text, '\n')
				d.indent(indent + 2)
				column = indent + 2
				continue
			}
			d.text = append(d.text, s[i])
			column++
		}
	}
	d.text = append(d.text, '\n')
}

// scalar writes a key or a value. Words that could be nothing else are written
// as they are; how others are quoted is asked of the YAML library, once for each.
func (d *document) scalar(s string) {
	if isPlain(s) {
		d.text = append(d.text, s...)
		return
	}
	word, known := d.writer.words[s]
	if !known {
		if !isOneLine(s) {
			d.doubt = true
			return
		}
		text, err := yaml.Marshal(s)
		word = strings.TrimSuffix(string(text), "\n")
		if err != nil || !isOneLine(word) {
			d.doubt = true
			return
		}
		if len(d.writer.words) < manyWords {
			d.writer.words[s] = word
		}
	}
	d.text = append(d.text, word...)
}

// isPlain reports whether s certainly needs no quotes: it is one line of ASCII,
// no indicator of YAML begins it, nothing in it ends it, and it is no number,
// truth value, null or timestamp (resolveTable in go.yaml.in/yaml/v2 tells by the
// first character what could be one).
func isPlain(s string) bool {
	if s == "" {
		return false
	}
	switch c := s[0]; {
	case strings.IndexByte("yYnNtTfFoO", c) >= 0:
		// The longest word with a meaning is "false".
		if len(s) <= len("false") {
			return false
		}
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("/^(_$\\", c) >= 0:
	case c >= '0' && c <= '9':
		// No number and no date has a slash.
		if strings.IndexByte(s, '/') < 0 {
			return false
		}
	default:
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return false
		case c == ' ' && (i+1 == len(s) || s[i+1] == '#'):
			return false
		case c == ':' && (i+1 == len(s) || s[i+1] == ' '):
			return false
		}
	}
	return true
}

func isOneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// sortKeys puts keys in the order in which the library prints them: letters
// after everything else, numbers by their value. It leaves to the library what
// that means for digits, and for all that is not one line of ASCII or too long.
func sortKeys(keys []string) (sure bool) {
	sure = true
	slices.SortFunc(keys, func(a, b string) int {
		n := min(len(a), len(b))
		for i := range n {
			if a[i] == b[i] {
				continue
			}
			if isDigit(a[i]) || isDigit(b[i]) {
				sure = false
			}
			if isLetter(a[i]) != isLetter(b[i]) {
				if isLetter(a[i]) {
					return 1
				}
				return -1
			}
			return int(a[i]) - int(b[i])
		}
		return len(a) - len(b)
	})
	for _, key := range keys {
		// "<<" is a key that YAML gives a meaning of its own.
		sure = sure && isOneLine(key) && len(key) <= longestKey && !strings.HasPrefix(key, "<")
	}
	return sure
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
