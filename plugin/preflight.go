package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

type preflightOptions struct {
	cluster    *cluster
	fleet      fleetFlags
	settings   settingsFlags
	judge      judgeFlags
	conversion conversionFlags
	output     reportFlags
	strategy   string
	verbose    bool
	color      string
}

// judgeFlags are what preflight, cutover run and drain accept of what they find.
type judgeFlags struct {
	acceptOwner bool
	accept      []string
	accessLog   string
}

func (f *judgeFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.acceptOwner, "accept-owner", false, "Whoever applies the DaemonSets (GitOps) is paused or has been told")
	cmd.Flags().StringSliceVar(&f.accept, "accept", nil, "Codes of findings to go on with, such as SCAN")
	cmd.Flags().StringVar(&f.accessLog, "from-access-log", "", "Access log of the old proxy, from which the longest request is taken")
}

func newPreflightCommand(c *cluster) *cobra.Command {
	o := &preflightOptions{cluster: c, output: newReportFlags("findings")}
	cmd := &cobra.Command{
		Use:   "preflight",
		Short: "Check everything that a cutover could stumble over",
		Long: `Check everything that a cutover could stumble over, each with what to do about
it. Nothing is changed. With -o json the numbers of the drain arithmetic are
part of it, each with where it comes from. 'explain CODE' tells more of a
finding.

Exit status: 0 nothing stops a cutover, 1 something does, 2 the check failed.`,
		Example: `  # Before the first node is moved
  kubectl ingress-migrate preflight

  # With what is known of the load balancer's health check
  kubectl ingress-migrate preflight --lb-interval 30s --lb-timeout 6s --lb-unhealthy 2 --lb-healthy 5

  # Before a cutover by host names
  kubectl ingress-migrate preflight --strategy=story

  # For a pipeline
  kubectl ingress-migrate preflight -o json`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return scanStatus(o.run(cmd.Context()))
		},
	}
	o.fleet.add(c, cmd)
	o.settings.addJudged(cmd)
	o.judge.add(cmd)
	o.conversion.add(cmd)
	o.output.add(cmd)
	cmd.Flags().StringVar(&o.strategy, "strategy", strategyNodes, "How nodes are to be moved, see cutover run: nodes or story (default: that of a cutover under way, or nodes)")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if o.strategy != strategyNodes && o.strategy != strategyStory {
			return usageError("--strategy is nodes or story here, not %q", o.strategy)
		}
		return o.settings.validate()
	}
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("strategy", cobra.FixedCompletions([]string{strategyNodes, strategyStory}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "Show what is well, too, and every number of the drain arithmetic")
	addColorFlag(cmd, &o.color)
	return cmd
}

func (o *preflightOptions) run(ctx context.Context) error {
	if err := o.output.check(); err != nil {
		return err
	}
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	reader, picture, err := o.fleet.read(ctx, o.cluster)
	if err != nil {
		return err
	}
	settings, err := o.settings.settings(picture)
	if err != nil {
		return err
	}
	if o.settings.flags.Changed("strategy") {
		settings.Strategy = byNodes(o.strategy)
	}
	report, err := o.cluster.preflight(ctx, reader, picture, settings, &o.judge, &o.conversion)
	if err != nil {
		return err
	}
	if !o.output.screen() {
		if err := o.output.show(o.cluster.streams.Out, report); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	} else {
		writeFindings(o.cluster.streams.Out, report, palette, o.verbose)
		if o.verbose {
			if err := writeArithmetic(o.cluster.streams.Out, report, palette); err != nil {
				return err
			}
		}
		fmt.Fprintln(o.cluster.streams.Out, preflightSummary(report, o.judge.accept, settings.Strategy))
	}
	if len(report.Blocking(o.judge.accept)) > 0 || report.Summary.Stop > 0 && len(o.judge.accept) == 0 {
		return withStatus(StatusDifferent, nil)
	}
	return nil
}

// preflight gathers and judges.
func (c *cluster) preflight(ctx context.Context, reader *fleet.Reader, picture *fleet.Fleet, settings cutover.Settings, judge *judgeFlags, conversion *conversionFlags) (*preflight.Report, error) {
	facts, err := preflight.Gather(ctx, reader.Client, picture)
	if err != nil {
		return nil, clusterError(err)
	}
	facts.Settings, facts.AcceptOwner = settings, judge.acceptOwner
	options, err := conversion.options()
	if err != nil {
		return nil, err
	}
	facts.Target = options.Target
	if facts.Seen, err = judge.longest(); err != nil {
		return nil, err
	}
	facts.SeenIn = judge.accessLog
	facts.Knock(ctx, (&net.Dialer{}).DialContext)
	facts.Scan = scanFacts(c.scan(ctx, conversion, source.Scope{}, scan.Verdicts))
	drainer, err := parseDrainer(settings.LoadBalancer, reader.Client)
	if err != nil {
		return nil, withStatus(StatusUsage, err)
	}
	if drainer != nil {
		facts.AskLoadBalancer(ctx, drainer)
	}
	return preflight.Run(facts), nil
}

// longest reads how long the longest request took; 0 without an access log.
func (f *judgeFlags) longest() (time.Duration, error) {
	if f.accessLog == "" {
		return 0, nil
	}
	file, err := os.Open(f.accessLog)
	if err != nil {
		return 0, usageError("--from-access-log: %v", err)
	}
	defer file.Close()
	longest, err := verify.Longest(file)
	if err == nil && longest == 0 {
		err = errors.New("no line tells how long its request took")
	}
	if err != nil {
		return 0, usageError("--from-access-log %s: %v", f.accessLog, err)
	}
	return longest, nil
}

// mayBegin refuses to begin a cutover, by whatever command, while something stops
// it that is not accepted.
func (c *cluster) mayBegin(ctx context.Context, reader *fleet.Reader, picture *fleet.Fleet, settings cutover.Settings, judge *judgeFlags, conversion *conversionFlags, color string) error {
	report, err := c.preflight(ctx, reader, picture, settings, judge, conversion)
	if err != nil {
		return err
	}
	palette, err := ui.NewPalette(c.streams.ErrOut, color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	blocking := report.Blocking(judge.accept)
	if len(blocking) == 0 {
		return nil
	}
	writeFindings(c.streams.ErrOut, &preflight.Report{Findings: blocking}, palette, false)
	return fmt.Errorf("stopped by %s; nothing was changed\nNext: fix, then %s preflight", plural(len(blocking), "finding"), displayName)
}

// scanFacts sums the whole cluster's scan up for a check.
func scanFacts(report *scan.Report, err error) *preflight.Scan {
	if err != nil {
		return &preflight.Scan{Failed: err.Error()}
	}
	facts := &preflight.Scan{Clean: report.Summary.Clean(), Text: summaryLine(report.Summary)}
	if next := nextAfterScan(report, true); next != "" {
		facts.Next = displayName + " " + next
	}
	if first := firstToDo(report); first != "" {
		facts.Text += "; first: " + first
	}
	return facts
}

func firstToDo(report *scan.Report) string {
	for _, item := range report.Items {
		if item.Verdict != scan.InSync && item.Verdict != scan.Passed {
			return fmt.Sprintf("%s/%s %s, %s", item.Namespace, item.Ingress, strings.ToLower(string(item.Verdict)), item.Why)
		}
	}
	return ""
}

func preflightSummary(report *preflight.Report, accepted []string, strategy journal.Strategy) string {
	s := report.Summary
	next := displayName + " cutover plan"
	if blocking := report.Blocking(accepted); len(blocking) > 0 {
		next = "fix, then " + displayName + " preflight"
	}
	if strategy != journal.ByLabel {
		next += " --strategy=" + string(strategy)
	}
	return fmt.Sprintf("%d to fix, %d to know, %d unknown.  Next: %s", s.Stop, s.Warn, s.Unknown, next)
}
