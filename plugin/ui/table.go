package ui

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/cli-runtime/pkg/printers"
)

// Cell is one text of a Table.
type Cell struct {
	Text  string
	Style Style
}

// Text returns plain cells.
func Text(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, text := range texts {
		cells[i] = Cell{Text: text}
	}
	return cells
}

// Table is printed the way kubectl prints one. Texts may come from anybody:
// what a terminal would obey is made visible instead.
type Table struct {
	// Columns are the headers.
	Columns []string
	// Flexible is the index of the column that is wrapped when a line is too
	// long; negative: none.
	Flexible int
	// NoHeaders leaves out the line of headers.
	NoHeaders bool
	rows      [][]Cell
}

const (
	// gap separates columns.
	gap = 2
	// narrowest is how narrow a flexible column may get. Below that it moves to
	// lines of its own.
	narrowest = 24
	// indent is that of lines of its own.
	indent = 4
)

// Add appends one row, a cell per column.
func (t *Table) Add(cells ...Cell) {
	row := slices.Clone(cells)
	for i := range row {
		text := strings.ReplaceAll(row[i].Text, "\n", " ")
		row[i].Text = printers.EscapeTerminal(text)
	}
	t.rows = append(t.rows, row)
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Write prints the table in lines of at most width columns, as far as the
// flexible column can give way; width 0 never wraps.
func (t *Table) Write(w io.Writer, width int, palette Palette) error {
	out := bufio.NewWriter(w)
	widths := t.widths()
	room, below := t.fit(widths, width)
	if !t.NoHeaders {
		t.line(out, widths, t.header(), below, palette)
	}
	for _, row := range t.rows {
		t.row(out, widths, row, room, below, palette)
	}
	return out.Flush()
}

func (t *Table) header() []Cell {
	cells := Text(t.Columns...)
	for i := range cells {
		cells[i].Style = Bold
	}
	return cells
}

func (t *Table) widths() []int {
	widths := make([]int, len(t.Columns))
	for i, column := range t.Columns {
		if !t.NoHeaders {
			widths[i] = utf8.RuneCountInString(column)
		}
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].Text))
		}
	}
	return widths
}

// fit decides how many columns the flexible one gets (0: as many as it likes)
// and whether it goes below the others.
func (t *Table) fit(widths []int, width int) (room int, below bool) {
	if width == 0 || t.Flexible < 0 {
		return 0, false
	}
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	if total <= width {
		return 0, false
	}
	rest := width - (total - widths[t.Flexible])
	if rest >= narrowest {
		widths[t.Flexible] = rest
		return rest, false
	}
	return max(width-indent, narrowest), true
}

func (t *Table) row(out *bufio.Writer, widths []int, row []Cell, room int, below bool, palette Palette) {
	if room == 0 {
		t.line(out, widths, row, false, palette)
		return
	}
	parts := Wrap(row[t.Flexible].Text, room)
	if below {
		t.line(out, widths, row, true, palette)
		for _, part := range parts {
			if part == "" {
				continue
			}
			out.WriteString(strings.Repeat(" ", indent) + palette.Paint(row[t.Flexible].Style, part) + "\n")
		}
		return
	}
	for i, part := range parts {
		cells := make([]Cell, len(row))
		if i == 0 {
			copy(cells, row)
		}
		cells[t.Flexible] = Cell{Text: part, Style: row[t.Flexible].Style}
		t.line(out, widths, cells, false, palette)
	}
}

// line writes one line, without the flexible column when that goes below, and
// without blanks at its end.
func (t *Table) line(out *bufio.Writer, widths []int, cells []Cell, below bool, palette Palette) {
	pending := 0
	for i, cell := range cells {
		if below && i == t.Flexible {
			continue
		}
		if cell.Text != "" {
			out.WriteString(strings.Repeat(" ", pending))
			out.WriteString(palette.Paint(cell.Style, cell.Text))
			pending = 0
		}
		pending += widths[i] - utf8.RuneCountInString(cell.Text) + gap
	}
	out.WriteByte('\n')
}

// Wrap breaks a text into lines of at most width characters, between words
// where that is possible.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
