package plugin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type shiftStatusOptions struct {
	cluster *cluster
	output  reportFlags
	color   string
}

func newShiftStatusCommand(c *cluster) *cobra.Command {
	o := &shiftStatusOptions{cluster: c, output: newReportFlags("shifts")}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how far each shift is, and whether the load balancer is as it was left",
		Long: `Show how far each shift of the namespace is, how the targets of both sides are,
and whether the load balancer is as it was left.

Exit status: 0 it is, 1 it is not or could not be asked.`,
		Example: `  # Where are we?
  kubectl ingress-migrate shift status

  # What somebody else has changed
  kubectl ingress-migrate shift status -o json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return clusterError(o.run(cmd.Context())) },
	}
	o.output.add(cmd)
	addColorFlag(cmd, &o.color)
	return cmd
}

func (o *shiftStatusOptions) run(ctx context.Context) error {
	out := o.cluster.streams.Out
	palette, err := ui.NewPalette(out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	if err := o.output.check(); err != nil {
		return err
	}
	client, err := o.cluster.clientset()
	if err != nil {
		return err
	}
	namespace, err := o.cluster.namespace()
	if err != nil {
		return err
	}
	records, err := (&shift.Store{Client: client, Namespace: namespace}).List(ctx)
	if err != nil {
		return err
	}
	report := shift.NewReport(ctx, namespace, records, func(ctx context.Context, r *shift.Record) (lb.Shifter, error) {
		balancer, err := parseShiftBalancer(r.LoadBalancer, r.Sides)
		if err != nil {
			return nil, err
		}
		return balancer.open(ctx, o.cluster)
	})
	if o.output.screen() {
		err = o.write(report, palette)
	} else {
		err = o.output.show(out, report)
	}
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if slices.ContainsFunc(report.Shifts, func(s shift.Status) bool {
		return len(s.Drift) > 0 || s.Failed != "" || s.Intended != nil
	}) {
		return withStatus(StatusDifferent, nil)
	}
	return nil
}

func (o *shiftStatusOptions) write(report *shift.Report, palette ui.Palette) error {
	out := o.cluster.streams.Out
	if len(report.Shifts) == 0 {
		fmt.Fprintf(out, "No shift has begun in namespace %s (-n names another one).\nNext: %s shift header --help\n", report.Namespace, displayName)
		return nil
	}
	table := ui.Table{Columns: []string{"LOAD BALANCER", "OLD", "NEW", "TO NEW", "HEADER", "PHASE", "CHANGED", "STATE"}, Flexible: 7}
	next := ""
	for i := range report.Shifts {
		s := &report.Shifts[i]
		state, style := shiftState(s)
		cells := ui.Text(s.LoadBalancer, orDash(s.Sides.Old), orDash(s.Sides.New), fmt.Sprintf("%d%%", s.Split.Weight),
			s.Split.Header.String(), string(s.Phase), duration.HumanDuration(time.Since(s.Changed)), state)
		cells[7].Style = style
		table.Add(cells...)
		switch {
		case next != "" || s.Phase == shift.Undone:
		case s.Failed != "":
			next = "see to that; then " + displayName + " shift status"
		case s.Intended != nil:
			next = displayName + " shift undo, or the command that died, again"
		case len(s.Drift) > 0:
			next = displayName + " shift status -o json shows it; put it back, or go on with --overwrite"
		default:
			next = nextAfterShift(&shift.Record{Phase: s.Phase, Split: s.Split})
		}
	}
	if next == "" {
		next = "nothing; everything is as it was"
	}
	if err := table.Write(out, ui.Width(out), palette); err != nil {
		return err
	}
	fmt.Fprintf(out, "Next: %s\n", next)
	return nil
}

// shiftState is the worst that is to be said.
func shiftState(s *shift.Status) (string, ui.Style) {
	switch {
	case s.Failed != "":
		return "cannot be asked: " + s.Failed, ui.Bad
	case len(s.Drift) > 0:
		return "changed by somebody else: " + plural(len(s.Drift), "part"), ui.Bad
	case s.Intended != nil:
		return "a step died half way: " + s.Intended.String(), ui.Bad
	case s.Phase == shift.Undone:
		return "as it was", ui.Good
	}
	return "in service: old " + inService(s.Old) + ", new " + inService(s.New), ui.Good
}

func inService(targets []lb.TargetHealth) string {
	n := 0
	for _, t := range targets {
		if t.State == lb.InService {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(targets))
}
