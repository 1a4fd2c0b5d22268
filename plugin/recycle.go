package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type recycleOptions struct {
	cluster *cluster
	move    moveFlags
	dryRun  dryRunFlag
}

func newRecycleCommand(c *cluster) *cobra.Command {
	o := &recycleOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "recycle",
		Short: "Mend stuck DaemonSets: waiting pods, endless roll-outs, pods of an older template",
		Long: `Mend stuck DaemonSets. Pods that wait for ports which another proxy holds are
removed by a guard, and nodes that changed hands keep who serves them. Pods of an
older template are deleted one by one, each successor being healthy before the
next. A roll-out that can never end because it surges gets a strategy that works.
Nothing is forced, and as many nodes serve as in a cutover.

What only people can mend is listed as "look at", and ends with exit status 5:
pods that do not end (a finalizer, a kubelet that is away), that crash, or that
nobody can place, and processes on a node's ports that no pod knows.`,
		Example: `  # What it would do
  kubectl ingress-migrate recycle --dry-run=client

  # Do it
  kubectl ingress-migrate recycle`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.move.add(c, cmd)
	o.dryRun.add(cmd)
	return cmd
}

func (o *recycleOptions) run(ctx context.Context) error {
	kind, err := o.dryRun.parse()
	if err != nil {
		return err
	}
	reader, err := o.move.fleet.reader(o.cluster)
	if err != nil {
		return err
	}
	picture, err := reader.Read(ctx)
	if err != nil {
		return clusterError(err)
	}
	if picture.Old == nil && picture.New == nil {
		return picture.Need(fleet.New)
	}
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.move.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	engine, running, err := o.cluster.recycler(ctx, &o.move, reader, picture)
	if err != nil {
		return err
	}
	actions, left := cutover.PlanRecycle(picture), engine.Look(ctx, picture)
	if len(actions)+len(left) == 0 {
		fmt.Fprintf(o.cluster.streams.Out, "nothing to do: no pod waits for another's ports, and all are of the current template\n")
		return nil
	}
	table := ui.Table{Columns: []string{"STEP", "TARGET", "NODE", "WHY"}, Flexible: 3}
	for _, a := range slices.Concat(actions, left) {
		table.Add(ui.Text(string(a.Kind), a.Target, a.Node, a.Why)...)
	}
	if err := table.Write(o.cluster.streams.Out, ui.Width(o.cluster.streams.Out), palette); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if kind != repair.Real {
		fmt.Fprintf(o.cluster.streams.Out, "%s not done%s\n", plural(len(actions), "step"), dryRunSuffix(kind))
		return nil
	}
	if len(actions) == 0 {
		return moved(ctx, engine.Recycle(running)) // says so, and changes nothing
	}
	if err := ui.Confirm(o.cluster.streams, o.move.yes, fmt.Sprintf("Do %s?", plural(len(actions), "step"))); err != nil {
		return err
	}
	if err := moved(ctx, engine.Recycle(running)); err != nil {
		return err
	}
	fmt.Fprintf(o.cluster.streams.Out, "Next: %s status\n", displayName)
	return nil
}
