package plugin

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

func newWebhookCheckCommand(c *cluster) *cobra.Command {
	o := &webhookOptions{cluster: c, dryRun: "none"}
	color, output := "", newReportFlags("checks")
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Tell whether the webhook works, by asking the API server for a dry run",
		Long: `Look at the custom resources, the pods, the registration and the certificate, and
ask the API server for a dry run of an Ingress: when it comes back stamped, the
whole way works. Nothing is changed.

Exit status: 0 it works, maybe with warnings; 1 it does not.`,
		Example: `  # Does it work?
  kubectl ingress-migrate webhook check

  # For a pipeline
  kubectl ingress-migrate webhook check -o json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(); err != nil {
				return err
			}
			palette, err := ui.NewPalette(c.streams.Out, color)
			if err != nil {
				return usageError("%v", err)
			}
			installer, _, options, err := o.prepare(cmd.Context())
			if err != nil {
				return err
			}
			report := installer.Check(cmd.Context(), options, time.Now())
			if output.screen() {
				err = writeChecks(c.streams, palette, report.Checks)
			} else {
				err = output.show(c.streams.Out, report)
			}
			if err != nil {
				return fmt.Errorf("printing: %w", err)
			}
			if failed := report.Failed(); failed > 0 {
				return withStatus(StatusDifferent, fmt.Errorf("the webhook does not work: %s failed", plural(failed, "check")))
			}
			return nil
		},
	}
	o.conversion.add(cmd)
	output.add(cmd)
	addColorFlag(cmd, &color)
	return cmd
}

func writeChecks(streams genericiooptions.IOStreams, palette ui.Palette, results []install.Result) error {
	table := ui.Table{Columns: []string{"RESULT", "CHECK", "FINDING"}, Flexible: 2}
	for _, result := range results {
		style := ui.Plain
		switch result.Level {
		case install.Failed:
			style = ui.Bad
		case install.Warning:
			style = ui.Notice
		case install.OK:
		}
		finding := result.Text
		if result.Remedy != "" {
			finding += " -> " + result.Remedy
		}
		table.Add(ui.Cell{Text: string(result.Level), Style: style}, ui.Cell{Text: result.Name}, ui.Cell{Text: finding})
	}
	return table.Write(streams.Out, ui.Width(streams.Out), palette)
}

// webhookNarrator says what an installation does, as kubectl apply would.
type webhookNarrator struct {
	streams genericiooptions.IOStreams
	suffix  string
}

var _ install.Observer = (*webhookNarrator)(nil)

// Changed implements install.Observer.
func (n *webhookNarrator) Changed(o *unstructured.Unstructured, verb string) {
	kind := strings.ToLower(o.GetKind())
	if group := o.GroupVersionKind().Group; group != "" {
		kind += "." + group
	}
	fmt.Fprintf(n.streams.Out, "%s/%s %s%s\n", kind, o.GetName(), verb, n.suffix)
}

// Progress implements install.Observer.
func (n *webhookNarrator) Progress(text string) { fmt.Fprintln(n.streams.ErrOut, text) }

// Warn implements install.Observer.
func (n *webhookNarrator) Warn(text string) { fmt.Fprintln(n.streams.ErrOut, "Warning: "+text) }

// suffixOf is what kubectl says after the verb in a dry run.
func suffixOf(dryRun string) string {
	switch dryRun {
	case "client":
		return " (dry run)"
	case "server":
		return " (server dry run)"
	}
	return ""
}
