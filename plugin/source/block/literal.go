package block

import "strings"

// literal reads the lines below "|" or "|-": those that begin further to the
// right than column parent. Blank lines after the last one do not count; the line
// break of the last one does after "|".
func (p *parser) literal(parent int, lastBreak bool) {
	var lines []string
	indent, end := 0, 0
	for p.at < len(p.text) {
		before := p.at
		line := p.rawLine()
		content := strings.TrimLeft(line, " ")
		column := len(line) - len(content)
		switch {
		case len(lines) == 0:
			if content == "" || column <= parent {
				// A blank line may decide on the column; no line at all is rare.
				p.doubt = true
				return
			}
			indent = column
		case content == "" && column <= indent:
			lines = append(lines, "")
			continue
		case column < indent:
			p.at = before
		}
		if p.at == before {
			break
		}
		lines = append(lines, line[indent:])
		end = len(lines)
	}
	if end == 0 || p.at == len(p.text) && p.text[p.at-1] != '\n' {
		// A document without a break at its end may end in the middle of the block.
		p.doubt = true
		return
	}
	text := strings.Join(lines[:end], "\n")
	if lastBreak {
		text += "\n"
	}
	p.json = appendText(p.json, text)
	p.next()
}
