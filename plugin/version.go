package plugin

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/versions"
)

func newVersionCommand(c *cluster) *cobra.Command {
	clientOnly, output := false, newReportFlags("controllers")
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of plugin, webhook and cluster, and what does not fit",
		Example: `  # Without asking a cluster
  kubectl ingress-migrate version --client

  # For machines
  kubectl ingress-migrate version -o json`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(); err != nil {
				return err
			}
			report := versions.New()
			var failed error
			if !clientOnly {
				client, err := c.clientset()
				if err == nil {
					err = report.Look(cmd.Context(), client)
				}
				failed = clusterError(err)
			}
			if output.screen() {
				writeVersions(c.streams.Out, report)
			} else if err := output.show(c.streams.Out, report); err != nil {
				return fmt.Errorf("printing: %w", err)
			}
			for _, note := range report.Notes {
				fmt.Fprintf(c.streams.ErrOut, "Note: %s\n", note)
			}
			warnings := printers.NewWarningPrinter(c.streams.ErrOut, printers.WarningPrinterOptions{Color: ui.IsTerminal(c.streams.ErrOut) && printers.AllowsColorOutput(c.streams.ErrOut)})
			for _, warning := range report.Warnings {
				warnings.Print(warning)
			}
			return failed
		},
	}
	cmd.Flags().BoolVar(&clientOnly, "client", false, "Print the plugin's version only, without asking a cluster")
	output.add(cmd)
	return cmd
}

func writeVersions(w io.Writer, r *versions.Report) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-11s %s\n", name+":", fmt.Sprintf(format, args...))
	}
	origin := ""
	if r.Plugin.Commit != "" {
		origin = fmt.Sprintf("commit %.12s of %s, ", r.Plugin.Commit, r.Plugin.Date)
	}
	line("Plugin", "%s (%s%s %s)", r.Plugin.Version, origin, r.Plugin.Go, r.Plugin.Platform)
	if r.Kubernetes == "" {
		return
	}
	if r.Webhook == nil {
		line("Webhook", "not found in namespace %s", r.WebhookNamespace())
	} else {
		line("Webhook", "%s, %d/%d ready", r.Webhook.Image, r.Webhook.Ready, r.Webhook.Replicas)
	}
	line("Kubernetes", "%s", r.Kubernetes)
	resources := "none of Traefik's"
	if len(r.Resources) > 0 {
		resources = strings.Join(r.Resources, ", ")
	}
	line("Resources", "%s", resources)
	for _, c := range r.Controllers {
		line("Controller", "%s %s (%s)", c.Product, orUnknown(c.Version), c.Workload)
	}
}

func orUnknown(version string) string {
	if version == "" {
		return "<unknown>"
	}
	return version
}
