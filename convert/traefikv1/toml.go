package traefikv1

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Traefik 1.7 prints every value between double quotes into a TOML document and
// reads that back (templates/kubernetes.tmpl, decoded by BurntSushi/toml v0.3.1),
// so each value is unescaped once, and a value that is not the inside of a TOML
// string makes Traefik 1.7 refuse the whole configuration.

var (
	errTOMLQuote   = errors.New(`a double quote ends the string`)
	errTOMLNewline = errors.New("a line break or NUL is not allowed in the string")
	errTOMLEscape  = errors.New(`a backslash is followed by something else than b t n f r " \ uXXXX UXXXXXXXX`)
	errTOMLRune    = errors.New("an escape names a character that does not exist")
)

// tomlString returns what Traefik 1.7 reads back after printing raw between
// double quotes, or why it cannot be read.
func tomlString(raw string) (string, error) {
	if plainText(raw) || !strings.ContainsAny(raw, "\\\"\n\r\x00") && utf8.ValidString(raw) {
		return raw, nil
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		i += size
		switch r {
		case '"':
			return "", errTOMLQuote
		case '\n', '\r', 0:
			return "", errTOMLNewline
		case '\\':
			char, used, err := tomlEscape(raw[i:])
			if err != nil {
				return "", err
			}
			b.WriteRune(char)
			i += used
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), nil
}

// tomlEscape reads what follows a backslash.
func tomlEscape(rest string) (rune, int, error) {
	if rest == "" {
		return 0, 0, errTOMLEscape
	}
	switch rest[0] {
	case 'b':
		return '\b', 1, nil
	case 't':
		return '\t', 1, nil
	case 'n':
		return '\n', 1, nil
	case 'f':
		return '\f', 1, nil
	case 'r':
		return '\r', 1, nil
	case '"', '\\':
		return rune(rest[0]), 1, nil
	case 'u':
		return tomlUnicode(rest, 4)
	case 'U':
		return tomlUnicode(rest, 8)
	}
	return 0, 0, errTOMLEscape
}

func tomlUnicode(rest string, digits int) (rune, int, error) {
	if len(rest) < 1+digits {
		return 0, 0, errTOMLEscape
	}
	code, err := strconv.ParseUint(rest[1:1+digits], 16, 32)
	if err != nil {
		return 0, 0, errTOMLEscape
	}
	if code > utf8.MaxRune || !utf8.ValidRune(rune(code)) {
		return 0, 0, errTOMLRune
	}
	return rune(code), 1 + digits, nil
}

// tomlBareKey tells whether name can stand before "=" in TOML v0.4 without
// quotes: header names are printed so.
func tomlBareKey(name string) bool {
	if name == "" {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// quotable is the check that Traefik 1.7 makes of hosts, paths, the class and
// redirect patterns before anything else: the inside of a Go string literal.
func quotable(raw string) bool {
	if plainText(raw) {
		return true
	}
	_, err := strconv.Unquote(`"` + raw + `"`)
	return err == nil
}

// plainText tells whether text means itself between double quotes, as nearly
// everything does: printable ASCII without quote and backslash.
func plainText(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

var errTOMLKey = errors.New("only letters, digits, - and _ are allowed in it")
