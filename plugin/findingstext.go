package plugin

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// writeFindings prints two lines a finding: what is the case, and what to do.
func writeFindings(w io.Writer, report *preflight.Report, palette ui.Palette, verbose bool) {
	words := map[preflight.Result]struct {
		text  string
		style ui.Style
	}{
		preflight.Stop: {"STOP", ui.Bad}, preflight.Warn: {"WARN", ui.Notice}, preflight.Unknown: {"????", ui.Notice}, preflight.OK: {"ok", ui.Good},
	}
	const column = 20
	const indent = "                          "
	width := ui.Width(w)
	room := 0
	if width > len(indent)+20 {
		room = width - len(indent)
	}
	line := func(lead, text string) {
		for i, part := range wrap(text, room) {
			if i == 0 {
				fmt.Fprintln(w, lead+part)
			} else {
				fmt.Fprintln(w, indent+part)
			}
		}
	}
	for _, f := range report.Findings {
		if f.Result == preflight.OK && !verbose {
			continue
		}
		word := words[f.Result]
		lead := palette.Paint(word.style, fmt.Sprintf("%-4s", word.text)) + fmt.Sprintf("  %-*s", column, f.What)
		if f.Finding == "" {
			fmt.Fprintln(w, strings.TrimRight(lead, " "))
			continue
		}
		line(lead, f.Finding)
		if f.Remedy != "" {
			line(indent, "-> "+f.Remedy)
		}
		// To be pasted: never wrapped, at the left edge of its own.
		for text := range strings.Lines(f.Manifest) {
			fmt.Fprint(w, indent+"   "+printers.EscapeTerminal(strings.TrimSuffix(text, "\n"))+"\n")
		}
	}
	if !verbose && report.Summary.OK > 0 {
		fmt.Fprintf(w, "%s  %s\n", palette.Paint(ui.Good, "ok  "), plural(report.Summary.OK, "check")+"             --verbose shows them")
	}
}

func wrap(text string, room int) []string {
	if room == 0 {
		return []string{text}
	}
	return ui.Wrap(text, room)
}

// writeArithmetic prints the numbers of the drain arithmetic and where each is from.
func writeArithmetic(w io.Writer, report *preflight.Report, palette ui.Palette) error {
	fmt.Fprintln(w)
	table := ui.Table{Columns: []string{"OF", "NUMBER", "VALUE", "FROM"}, Flexible: 3}
	for _, n := range report.Arithmetic {
		table.Add(ui.Text(n.Of, n.Name, n.Text(), n.From)...)
	}
	if err := table.Write(w, ui.Width(w), palette); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	fmt.Fprintln(w)
	return nil
}
