package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type scanOptions struct {
	cluster    *cluster
	conversion conversionFlags
	scope      scopeFlags
	output     reportFlags
	noHeaders  bool
	color      string
}

func newScanCommand(c *cluster) *cobra.Command {
	o := &scanOptions{cluster: c, output: newReportFlags("items")}
	o.output.hasWide, o.output.names = true, unsettledNames
	cmd := &cobra.Command{
		Use:   "scan [NAME...]",
		Short: "Compare every Ingress with the Traefik objects that it should have",
		Long: `Compare every Ingress with the Traefik objects that it should have.

  InSync     all objects exist as they should
  Missing    none exists yet
  Different  some are missing, changed or too many
  Orphaned   objects of ours whose Ingress is gone
  Blocked    a human has to act first
  Passed     nothing should exist: opted out, another controller's, or not
             served by the old one

Only Ingresses with something to do are listed; -o wide, json and yaml have all.

Exit status: 0 nothing to do, 1 something to do, 2 the scan failed.`,
		Example: `  # What is left to do in this namespace
  kubectl ingress-migrate scan

  # In the whole cluster, for a pipeline
  kubectl ingress-migrate scan -A -o json

  # Names of Ingresses without their route
  kubectl ingress-migrate scan -A -o jsonpath='{.items[?(@.verdict=="Missing")].ingress}'

  # Columns of your own
  kubectl ingress-migrate scan -A -o custom-columns=NAME:.ingress,IS:.verdict`,
		ValidArgsFunction: c.completeIngresses,
		RunE: func(cmd *cobra.Command, args []string) error {
			return scanStatus(o.run(cmd.Context(), args))
		},
	}
	o.scope.add(cmd)
	o.conversion.add(cmd)
	o.output.add(cmd)
	cmd.Flags().BoolVar(&o.noHeaders, "no-headers", false, "Leave out headers and summary")
	addColorFlag(cmd, &o.color)
	return cmd
}

// scanStatus gives failures of scan and diff the status 2, because 1 means that
// there is something to do.
func scanStatus(err error) error {
	if err == nil {
		return nil
	}
	var status *statusError
	if errors.As(err, &status) || errors.Is(err, context.Canceled) {
		return err
	}
	return withStatus(StatusUsage, err)
}

func (o *scanOptions) run(ctx context.Context, names []string) error {
	if err := o.output.check(); err != nil {
		return err
	}
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	scope, err := o.scope.scope(o.cluster, names)
	if err != nil {
		return err
	}
	report, err := o.cluster.scan(ctx, &o.conversion, scope, scan.Verdicts)
	if err != nil {
		return err
	}
	if o.output.screen() {
		err = o.table(report, palette)
	} else {
		err = o.output.show(o.cluster.streams.Out, report)
	}
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if !report.Summary.Clean() {
		return withStatus(StatusDifferent, nil)
	}
	return nil
}

// scan compares scope with the cluster.
func (c *cluster) scan(ctx context.Context, flags *conversionFlags, scope source.Scope, detail scan.Detail) (*scan.Report, error) {
	defer sparingMemory()()
	client, err := c.clientset()
	if err != nil {
		return nil, err
	}
	options, notes, err := c.conversionOptions(ctx, client, flags)
	if err != nil {
		return nil, err
	}
	objects, err := c.dynamic()
	if err != nil {
		return nil, err
	}
	report, err := scan.Run(ctx, client, objects, scope, options, detail)
	if err != nil {
		return nil, clusterError(err)
	}
	report.Notes = append(notes, report.Notes...)
	return report, nil
}

// unsettledNames are the Ingresses that are to do something about.
func unsettledNames(report runtime.Object) []string {
	var names []string
	for _, item := range report.(*scan.Report).Items {
		if !settled(item) {
			names = append(names, "ingress.networking.k8s.io/"+item.Ingress)
		}
	}
	return names
}

// settled tells whether nothing is left to do for an Ingress.
func settled(item scan.Item) bool { return item.Verdict == scan.InSync || item.Verdict == scan.Passed }

func verdictStyle(verdict scan.Verdict) ui.Style {
	switch verdict {
	case scan.InSync:
		return ui.Good
	case scan.Missing, scan.Different, scan.Orphaned:
		return ui.Notice
	case scan.Blocked:
		return ui.Bad
	}
	return ui.Faint
}

func (o *scanOptions) table(report *scan.Report, palette ui.Palette) error {
	wide := o.output.wide()
	table := ui.Table{Columns: []string{"INGRESS", "VERDICT", "WHY", "FIX"}, Flexible: 2, NoHeaders: o.noHeaders}
	if o.scope.allNamespaces {
		table.Columns, table.Flexible = append([]string{"NAMESPACE"}, table.Columns...), 3
	}
	if wide {
		table.Columns = append(table.Columns, "OBJECTS", "CODES")
	}
	for _, item := range report.Items {
		if !wide && settled(item) {
			continue
		}
		var cells []ui.Cell
		if o.scope.allNamespaces {
			cells = ui.Text(item.Namespace)
		}
		cells = append(cells, ui.Cell{Text: item.Ingress}, ui.Cell{Text: string(item.Verdict), Style: verdictStyle(item.Verdict)}, ui.Cell{Text: item.Why}, ui.Cell{Text: shortFix(item.Fix)})
		if wide {
			codes := []string{}
			for _, code := range item.Codes() {
				codes = append(codes, string(code))
			}
			cells = append(cells, ui.Text(fmt.Sprint(len(item.Objects)), strings.Join(codes, ","))...)
		}
		table.Add(cells...)
	}
	w := o.cluster.streams.Out
	if table.Len() > 0 {
		if err := table.Write(w, ui.Width(w), palette); err != nil {
			return err
		}
	}
	for _, note := range report.Notes {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s\n", note)
	}
	if !o.noHeaders {
		o.summary(w, report)
	}
	return nil
}

// shortFix is a fix without the names that the row has already.
func shortFix(fix string) string {
	if strings.HasPrefix(fix, "explain ") {
		return "explain"
	}
	return fix
}

func (o *scanOptions) summary(w io.Writer, report *scan.Report) {
	fmt.Fprintf(w, "%s to %s\n%s\n", report.From, report.To, summaryLine(report.Summary))
	if next := nextAfterScan(report, o.scope.allNamespaces); next != "" {
		fmt.Fprintf(w, "Next: %s %s\n", displayName, next)
	}
}

// summaryLine counts in words, what there is none of left out.
func summaryLine(s scan.Summary) string {
	counted := plural(s.Ingresses, "Ingress") + ": "
	parts := []string{thousands(s.InSync) + " in sync"}
	if s.Ingresses == 0 {
		counted, parts = "", []string{"no Ingress found"}
	}
	for _, part := range []struct {
		n    int
		word string
	}{{s.Missing, "missing"}, {s.Different, "different"}, {s.Blocked, "blocked"}, {s.Passed, "passed over"}, {s.Orphaned, "orphaned"}} {
		if part.n > 0 {
			parts = append(parts, thousands(part.n)+" "+part.word)
		}
	}
	return counted + strings.Join(parts, ", ")
}

// nextAfterScan is the command that gets furthest.
func nextAfterScan(report *scan.Report, allNamespaces bool) string {
	all := ""
	if allNamespaces {
		all = " -A"
	}
	if report.Summary.Missing > 0 {
		return "sync" + all
	}
	for _, verdict := range []scan.Verdict{scan.Different, scan.Blocked, scan.Orphaned} {
		for _, item := range report.Items {
			if item.Verdict != verdict {
				continue
			}
			switch {
			case strings.HasPrefix(item.Fix, "explain "):
				return item.Fix
			case strings.HasPrefix(item.Fix, "diff"):
				return fmt.Sprintf("diff -n %s %s", item.Namespace, item.Ingress)
			}
			return item.Fix + all
		}
	}
	return ""
}
