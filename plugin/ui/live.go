package ui

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Live is a block of lines at the end of a terminal's text that is drawn again and
// again in place.
type Live struct {
	w io.Writer
	// drawn are the visible lengths of the lines on the screen.
	drawn []int
}

// NewLive draws on a terminal.
func NewLive(w io.Writer) *Live { return &Live{w: w} }

// Draw replaces the block by other lines, cut at width columns; 0 cuts nothing.
func (l *Live) Draw(lines []string, width int) {
	var b strings.Builder
	b.WriteString(l.home(width))
	l.drawn = l.drawn[:0]
	for _, line := range lines {
		line, length := cut(line, width)
		l.drawn = append(l.drawn, length)
		// "Erase in line" behind what is written; with the whole screen erased first
		// it would flicker.
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	fmt.Fprint(l.w, b.String())
}

// Clear removes the block. What is written next begins where it began.
func (l *Live) Clear(width int) {
	fmt.Fprint(l.w, l.home(width)+"\x1b[J")
	l.drawn = nil
}

// home goes to the beginning of the block (ECMA-48, 8.3.22). A terminal that became
// narrower has broken the lines into more.
func (l *Live) home(width int) string {
	rows := 0
	for _, length := range l.drawn {
		rows++
		if width > 0 && length > width {
			rows += (length - 1) / width
		}
	}
	if rows == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}

// cut shortens a text to width columns and tells how many it has. Colours take none.
func cut(text string, width int) (string, int) {
	var b strings.Builder
	length, escape, coloured := 0, false, false
	for _, r := range text {
		switch {
		case escape:
			escape = r != 'm'
		case r == '\x1b':
			escape, coloured = true, true
		case width > 0 && length == width:
			if coloured {
				b.WriteString("\x1b[0m")
			}
			return b.String(), length
		default:
			length++
		}
		b.WriteRune(r)
	}
	return b.String(), length
}

// Height returns the lines of a terminal; 0 for anything else.
func Height(stream any) int {
	file, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	_, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return height
}

// eighths of a column, from one to eight.
const eighths = "▏▎▍▌▋▊▉█"

// Bar draws a share, from 0 to 1, of width columns. What is more than nothing can be
// seen.
func Bar(share float64, width int) string {
	n := int(min(max(share, 0), 1)*float64(width)*8 + 0.5)
	if n == 0 && share > 0 {
		n = 1
	}
	blocks := []rune(eighths)
	bar := strings.Repeat(string(blocks[7]), n/8)
	if rest := n % 8; rest > 0 {
		bar += string(blocks[rest-1])
	}
	return bar
}

// Flow joins parts by three blanks into lines of at most width columns, as far as
// parts fit; 0 makes one line. Parts may be coloured.
func Flow(parts []string, width int) []string {
	const gap = 3
	var lines []string
	room := 0
	for _, part := range parts {
		_, length := cut(part, 0)
		if len(lines) == 0 || width > 0 && room < gap+length {
			lines, room = append(lines, part), width-length
			continue
		}
		lines[len(lines)-1] += strings.Repeat(" ", gap) + part
		room -= gap + length
	}
	return lines
}
