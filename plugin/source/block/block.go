package block

import "strings"

// ToJSON translates one document. It returns false when the document is not
// certainly of the plain style; what is wrong with it is the library's to say.
func ToJSON(text []byte) ([]byte, bool) {
	for _, c := range text {
		if (c < ' ' || c > '~') && c != '\n' {
			return nil, false
		}
	}
	p := parser{text: string(text), json: make([]byte, 0, len(text)+len(text)/4)}
	p.next()
	if p.indent == 0 && p.line == "---" {
		p.next()
	}
	if p.done || p.indent != 0 {
		return nil, false
	}
	p.mapping(0, 0)
	if p.doubt || !p.done {
		return nil, false
	}
	return p.json, true
}

// deepest is how deep mappings and lists may stand in each other here; manifests
// do not come near.
const deepest = 64

// parser reads a document line by line.
type parser struct {
	text string
	// at is where the line after this one begins.
	at int
	// line is the current line without indentation and blanks at its end; indent
	// is the column in which it begins.
	line   string
	indent int
	done   bool
	// doubt: the document is the library's.
	doubt bool
	json  []byte
	spans []span
}

// next goes to the next line that is neither blank nor a comment.
func (p *parser) next() {
	for p.at < len(p.text) {
		line := p.rawLine()
		p.line = strings.TrimLeft(line, " ")
		p.indent = len(line) - len(p.line)
		p.line = strings.TrimRight(p.line, " ")
		if p.line != "" && p.line[0] != '#' {
			return
		}
	}
	p.line, p.indent, p.done = "", -1, true
}

func (p *parser) rawLine() string {
	rest := p.text[p.at:]
	line, _, found := strings.Cut(rest, "\n")
	p.at += len(line)
	if found {
		p.at++
	}
	return line
}

// span is an entry of a mapping: its key, and where it stands in the JSON.
type span struct {
	key        string
	begin, end int
}

// mapping reads the lines that begin in column indent as a mapping.
func (p *parser) mapping(indent, depth int) {
	if depth > deepest {
		p.doubt = true
		return
	}
	begin, first := len(p.json), len(p.spans)
	p.json = append(p.json, '{')
	for !p.doubt && !p.done && p.indent == indent && !isItem(p.line) {
		key, rest, ok := cutKey(p.line)
		if !ok {
			p.doubt = true
			return
		}
		if len(p.spans) > first {
			p.json = append(p.json, ',')
		}
		entry := span{key: key, begin: len(p.json)}
		p.json = append(appendText(p.json, key), ':')
		p.value(rest, indent, depth)
		entry.end = len(p.json)
		p.spans = append(p.spans, entry)
	}
	p.json = append(p.json, '}')
	if p.doubt || !p.sort(begin, p.spans[first:]) {
		p.doubt = true
		return
	}
	p.spans = p.spans[:first]
}

// value reads what stands behind a key: on its line, or on those below it.
func (p *parser) value(rest string, indent, depth int) {
	switch {
	case rest == "":
		p.next()
		switch {
		case !p.done && p.indent > indent && isItem(p.line):
			p.list(p.indent, depth+1)
		case !p.done && p.indent > indent:
			p.mapping(p.indent, depth+1)
		case !p.done && p.indent == indent && isItem(p.line):
			// A list may stand in the column of its key.
			p.list(indent, depth+1)
		default:
			p.json = append(p.json, "null"...)
		}
	case rest == "|" || rest == "|-":
		p.literal(indent, rest == "|")
	default:
		p.json, p.doubt = appendScalar(p.json, rest)
		p.next()
	}
	// A deeper line goes on with the value, or is wrong.
	p.doubt = p.doubt || p.indent > indent
}

// list reads the lines that begin with a dash in column indent.
func (p *parser) list(indent, depth int) {
	if depth > deepest {
		p.doubt = true
		return
	}
	p.json = append(p.json, '[')
	for first := true; !p.doubt && !p.done && p.indent == indent && isItem(p.line); first = false {
		if !first {
			p.json = append(p.json, ',')
		}
		content := strings.TrimLeft(p.line[1:], " ")
		if _, _, ok := cutKey(content); ok {
			// The item is a mapping whose lines begin in this very column.
			p.indent += len(p.line) - len(content)
			p.line = content
			p.mapping(p.indent, depth+1)
		} else {
			p.json, p.doubt = appendScalar(p.json, content)
			p.next()
		}
		p.doubt = p.doubt || p.indent > indent
	}
	p.json = append(p.json, ']')
}

// isItem tells whether a line is an item of a list with something behind its dash.
func isItem(line string) bool { return len(line) > 2 && line[0] == '-' && line[1] == ' ' }

// cutKey takes the key off a line. Only words of the characters that keys of
// manifests are made of are keys here.
func cutKey(line string) (key, rest string, ok bool) {
	end := 0
	for end < len(line) && isKeyCharacter(line[end]) {
		end++
	}
	if end == 0 || end > longestKey || end == len(line) || line[end] != ':' || end+1 < len(line) && line[end+1] != ' ' {
		return "", "", false
	}
	key = line[:end]
	if !isLetter(key[0]) || hasMeaning(key) {
		return "", "", false
	}
	return key, strings.TrimLeft(line[end+1:], " "), true
}

// longestKey is well within the longest key that YAML takes on one line.
const longestKey = 256

func isKeyCharacter(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '-' || c == '_' || c == '.' || c == '/'
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
