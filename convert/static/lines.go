package static

import (
	"fmt"
	"strings"
)

// lineNumbers finds the line of every key of a TOML document that has been
// decoded already, so that findings can name it; the decoder does not tell. Keys
// are in lower case, tables of arrays have an index. What stands inside an inline
// table has the line of the key before it.
func lineNumbers(content string) map[string]int {
	lines, counts := map[string]int{}, map[string]int{}
	table, closing, depth := "", "", 0
	number := 0
	for line := range strings.Lines(content) {
		number++
		text := strings.TrimSpace(line)
		if closing != "" {
			if _, after, ok := strings.Cut(text, closing); ok {
				closing, text = "", after
				depth += brackets(text)
			}
			continue
		}
		if depth > 0 {
			depth += brackets(text)
			continue
		}
		switch {
		case text == "" || text[0] == '#':
		case strings.HasPrefix(text, "[["):
			table = words(strings.TrimPrefix(text, "[["))
			index := counts[table]
			counts[table]++
			table = fmt.Sprintf("%s[%d]", table, index)
			lines[table] = number
		case text[0] == '[':
			table = withIndex(words(text[1:]), counts)
			lines[table] = number
		default:
			key, rest, ok := strings.Cut(text, "=")
			if !ok {
				continue
			}
			name := join(table, words(key))
			if lines[name] == 0 {
				lines[name] = number
			}
			for _, quotes := range []string{`"""`, `'''`} {
				if strings.Count(rest, quotes)%2 == 1 {
					closing = quotes
				}
			}
			if closing == "" {
				depth = max(0, brackets(rest))
			}
		}
	}
	return lines
}

// words reads a dotted key up to what ends it, without quotes.
func words(text string) string {
	end := strings.IndexAny(text, "]#=")
	if end >= 0 {
		text = text[:end]
	}
	parts := strings.Split(text, ".")
	for i, part := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(part), `"'`)
	}
	return strings.ToLower(strings.Join(parts, "."))
}

// withIndex names the last table of an array where a table stands inside one.
func withIndex(table string, counts map[string]int) string {
	for prefix, n := range counts {
		if strings.HasPrefix(table, prefix+".") {
			return fmt.Sprintf("%s[%d]%s", prefix, n-1, table[len(prefix):])
		}
	}
	return table
}

// brackets counts those that are opened and not closed outside of strings.
func brackets(text string) int {
	depth, quote := 0, rune(0)
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case quote != 0:
			escaped = quote == '"' && r == '\\'
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '#':
			return depth
		case r == '[':
			depth++
		case r == ']':
			depth--
		}
	}
	return depth
}
