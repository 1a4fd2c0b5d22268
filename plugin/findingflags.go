package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// findingFlags say what is told of a conversion of files that are no Ingresses.
type findingFlags struct {
	report string
	notes  bool
	color  string
	// always are shown although they change nothing for clients.
	always diag.Code
}

func (f *findingFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.report, "report", "", "File for a JSON report on everything that was read")
	cmd.Flags().BoolVar(&f.notes, "show-notes", false, "Show findings that change nothing for clients too")
	addColorFlag(cmd, &f.color)
}

// writeReport writes the report to the file of --report.
func (f *findingFlags) writeReport(report any) error {
	if f.report == "" {
		return nil
	}
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	if err := os.WriteFile(f.report, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// print shows what is worth showing and returns it.
func (f *findingFlags) print(w io.Writer, findings []diag.Diagnostic) ([]diag.Diagnostic, error) {
	palette, err := ui.NewPalette(w, f.color)
	if err != nil {
		return nil, withStatus(StatusUsage, err)
	}
	shown := findings
	if !f.notes {
		shown = slices.DeleteFunc(slices.Clone(findings), func(d diag.Diagnostic) bool { return !worthShowing(d) && d.Code != f.always })
	}
	if len(shown) == 0 {
		return shown, nil
	}
	if err := printFindings(w, palette, shown); err != nil {
		return nil, err
	}
	fmt.Fprintln(w)
	return shown, nil
}

// hint says what was not shown, and what to type to learn more.
func (f *findingFlags) hint(w io.Writer, findings, shown []diag.Diagnostic) {
	if hidden := len(findings) - len(shown); hidden > 0 {
		fmt.Fprintf(w, "Notes that change nothing for clients: %s (--show-notes shows them)\n", thousands(hidden))
	}
	if len(shown) > 0 {
		fmt.Fprintf(w, "Next: %s explain %s\n", displayName, worstCode(shown))
	}
}

// status is 4 when something was not carried over.
func status(findings []diag.Diagnostic) error {
	if slices.ContainsFunc(findings, needsHuman) {
		return withStatus(StatusFindings, nil)
	}
	return nil
}
