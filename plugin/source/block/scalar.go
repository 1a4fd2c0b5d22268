package block

import (
	"strings"

	"go.yaml.in/yaml/v2"
)

// appendScalar appends the JSON of a value that stands on one line.
func appendScalar(json []byte, word string) (_ []byte, doubt bool) {
	switch word {
	case "{}", "[]", "true", "false", "null":
		return append(json, word...), false
	case "":
		return json, true
	}
	switch word[0] {
	case '"':
		return appendDoubleQuoted(json, word)
	case '\'':
		return appendSingleQuoted(json, word)
	}
	if isNumber(word) {
		return append(json, word...), false
	}
	if !isText(word) {
		return json, true
	}
	return appendText(json, word), false
}

func appendDoubleQuoted(json []byte, word string) (_ []byte, doubt bool) {
	if len(word) < 2 || word[len(word)-1] != '"' {
		return json, true
	}
	inner := word[1 : len(word)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return appendText(json, inner), strings.IndexByte(inner, '"') >= 0
	}
	var text strings.Builder
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		if c == '\\' {
			i++
			// The other escapes are rare enough to be left alone.
			if i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return json, true
			}
			c = inner[i]
		} else if c == '"' {
			return json, true
		}
		text.WriteByte(c)
	}
	return appendText(json, text.String()), false
}

func appendSingleQuoted(json []byte, word string) (_ []byte, doubt bool) {
	if len(word) < 2 || word[len(word)-1] != '\'' {
		return json, true
	}
	inner := word[1 : len(word)-1]
	text := strings.ReplaceAll(inner, "''", "'")
	// Every quote inside is one of a pair.
	single := strings.Count(inner, "'") != 2*strings.Count(inner, "''")
	return appendText(json, text), single
}

// isNumber tells whether a word is a decimal number in its only form.
func isNumber(word string) bool {
	const longest = 15
	if len(word) > longest || word[0] == '0' && len(word) > 1 {
		return false
	}
	for i := range len(word) {
		if !isDigit(word[i]) {
			return false
		}
	}
	return true
}

// isText tells whether an unquoted word certainly is text.
func isText(word string) bool {
	for i := range len(word) {
		switch c := word[i]; {
		case c == ':' && (i+1 == len(word) || word[i+1] == ' '):
			return false // a key
		case c == '#' && i > 0 && word[i-1] == ' ':
			return false // a comment
		}
	}
	switch c := word[0]; {
	case isDigit(c):
		// Numbers and dates have many forms; none has a slash.
		return strings.IndexByte(word, '/') >= 0 || isTextOf(word)
	case isLetter(c):
		return !hasMeaning(word)
	}
	return strings.IndexByte("/^(_$\\", word[0]) >= 0
}

// isTextOf asks the library.
func isTextOf(word string) bool {
	var value any
	err := yaml.Unmarshal([]byte(word), &value)
	text, ok := value.(string)
	return err == nil && ok && text == word
}

// hasMeaning tells whether a word is one that YAML 1.1 reads as a truth value or
// null, in any case of its letters (resolve.go of go.yaml.in/yaml/v2).
func hasMeaning(word string) bool {
	if len(word) > len("false") {
		return false
	}
	switch strings.ToLower(word) {
	case "y", "yes", "true", "on", "n", "no", "false", "off", "null":
		return true
	}
	return false
}

// appendText appends a word as JSON does, with the characters that HTML gives a
// meaning escaped.
func appendText(json []byte, text string) []byte {
	const hex = "0123456789abcdef"
	json = append(json, '"')
	for i := range len(text) {
		switch c := text[i]; c {
		case '"', '\\':
			json = append(json, '\\', c)
		case '<', '>', '&':
			json = append(json, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case '\n':
			json = append(json, '\\', 'n')
		default:
			json = append(json, c)
		}
	}
	return append(json, '"')
}
