package plugin

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// needsHuman tells whether a finding means that input was not carried over.
func needsHuman(d diag.Diagnostic) bool { return d.Blocking || d.Severity >= diag.Unsupported }

// worthShowing leaves findings that change nothing for clients to the report.
func worthShowing(d diag.Diagnostic) bool { return d.Blocking || d.Severity >= diag.Lossy }

// printFindings prints diagnostics as a table, the worst first.
func printFindings(w io.Writer, palette ui.Palette, findings []diag.Diagnostic) error {
	worst := slices.Clone(findings)
	slices.SortStableFunc(worst, func(a, b diag.Diagnostic) int {
		return cmp.Or(
			cmp.Compare(rank(b), rank(a)),
			cmp.Compare(a.Object.Namespace, b.Object.Namespace),
			cmp.Compare(a.Object.Name, b.Object.Name),
		)
	})
	table := ui.Table{Columns: []string{"SEVERITY", "CODE", "OBJECT", "FINDING"}, Flexible: 3}
	for _, d := range worst {
		severity, style := d.Severity.String(), ui.Plain
		switch {
		case d.Blocking:
			severity, style = "blocking", ui.Bad
		case d.Severity >= diag.Unsupported:
			style = ui.Bad
		case d.Severity == diag.Lossy:
			style = ui.Notice
		}
		table.Add(ui.Cell{Text: severity, Style: style}, ui.Cell{Text: string(d.Code)}, ui.Cell{Text: where(d.Object)}, ui.Cell{Text: finding(d)})
	}
	return table.Write(w, ui.Width(w), palette)
}

func rank(d diag.Diagnostic) int {
	if d.Blocking {
		return int(diag.Invalid) + 1
	}
	return int(d.Severity)
}

// where names an object and its file, in words that can be pasted.
func where(o diag.Object) string {
	name := o.String()
	switch o.Kind {
	case "File":
		return o.File
	case "Document":
		return o.File + " " + name
	case "Ingress":
	default:
		name = strings.ToLower(o.Kind) + "/" + name
	}
	if o.File == "" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, o.File)
}

// finding is the field and what is the matter with it.
func finding(d diag.Diagnostic) string {
	if d.Field == "" {
		return d.Text
	}
	if d.Code == diag.EBadField {
		// Where a value has the wrong type its place in the file is what is looked for.
		return d.Field + ": " + d.Text
	}
	return shortField(d.Field) + ": " + d.Text
}

// shortField shows an annotation by its name: the prefixes are alike and long.
func shortField(field string) string {
	key, ok := strings.CutPrefix(field, "metadata.annotations[")
	if !ok {
		return field
	}
	key = strings.TrimSuffix(key, "]")
	return key[strings.LastIndexByte(key, '/')+1:]
}

// plural says "1 object", "2 objects".
func plural(n int, noun string) string { return ui.Plural(n, noun) }

// thousands writes 1284 as 1,284.
func thousands(n int) string { return ui.Thousands(n) }
