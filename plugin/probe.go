package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type probeOptions struct {
	cluster *cluster
	flags   probeFlags
	output  reportFlags
	events  int
	color   string
}

func newProbeCommand(c *cluster) *cobra.Command {
	o := &probeOptions{cluster: c, output: newReportFlags("targets")}
	cmd := &cobra.Command{
		Use:   "probe URL...",
		Short: "Send requests at a constant rate, show their latencies, and list every lost one",
		Long: `Send requests at a constant rate, show their latencies, and list every lost one.

Requests are sent when they are due, whatever became of those before, and
latencies begin when a request was due: a stall shows in every request that it
would have delayed. Several URLs take turns. It runs until --duration is over or
ctrl-C stops it; then comes the report. No cluster is asked and no kubeconfig is
read.

Lost:     no complete answer (refused, reset, closed, timeout, unreachable, dns,
          tls, local: this machine could not send), or a 5xx that
          --expect-status does not name. What fails at once has no latency, a
          timeout has one.
Changed:  an answer that is not as expected: by default its status is not that
          of the first answer. Redirects are not followed, they are answers.

Every request has a connection of its own, unless --connections reuse says
otherwise, and speaks HTTP/1.1. Proxies of the environment are not used. The
report has no header that was sent, and of a URL no user, password or query.

Exit status: 0 every request was sent and answered as expected, 1 some were
lost, changed or could not be sent, 2 wrong usage.`,
		Example: `  # What do clients notice while nodes are moved? Until ctrl-C
  kubectl ingress-migrate probe --rate 50 https://shop.example.com/

  # One node, before the load balancer sends it anything
  kubectl ingress-migrate probe --resolve shop.example.com:443:10.0.0.7 --duration 30s https://shop.example.com/

  # The same, by the node's address; the name is for the Host header and for TLS
  kubectl ingress-migrate probe --host shop.example.com --duration 30s https://10.0.0.7/

  # Answers must come from the right place
  kubectl ingress-migrate probe --expect-status 200 --expect-header 'X-Backend: shop' https://shop.example.com/

  # With a token, which a command line would show to everybody on this machine
  kubectl ingress-migrate probe --header @token.txt https://shop.example.com/api

  # For a pipeline
  kubectl ingress-migrate probe --duration 1m -o json https://shop.example.com/ > probe.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("name at least one URL to send requests to\nSee '%s --help' for usage", cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.flags.add(cmd)
	o.output.add(cmd)
	cmd.Flags().IntVar(&o.events, "events", 20, "How many lost and changed requests to list; JSON and YAML list the first 1000")
	addColorFlag(cmd, &o.color)
	return cmd
}

// lastAnswers is how long after ctrl-C answers are waited for.
const lastAnswers = 2 * time.Second

func (o *probeOptions) run(ctx context.Context, urls []string) error {
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	live, err := ui.NewPalette(o.cluster.streams.ErrOut, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	// Before anything is sent.
	if err := o.output.check(); err != nil {
		return err
	}
	load, err := o.flags.load(urls)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	if o.events < 0 || o.events > probe.MaxEvents {
		return usageError("--events is 0 to %d, not %d", probe.MaxEvents, o.events)
	}
	run, err := probe.Start(load)
	if err != nil {
		return fmt.Errorf("starting the load: %w", err)
	}
	newProbeProgress(o.cluster.streams.ErrOut, live).follow(ctx, run)
	report := run.Wait()
	if err := o.show(report, palette); err != nil {
		return err
	}
	if !report.Clean() {
		return withStatus(StatusDifferent, nil)
	}
	return nil
}

func (o *probeOptions) show(report *probe.Report, palette ui.Palette) error {
	out := o.cluster.streams.Out
	if o.output.screen() {
		return writeProbeReport(palette.Speller(out), report, ui.Width(out), palette, o.events)
	}
	if err := o.output.show(out, report); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}
