package plugin

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

func newCutoverRepairCommand(c *cluster) *cobra.Command {
	var flags moveFlags
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Put guards back that somebody's manifest has replaced",
		Long: `Put guards back that somebody's manifest has replaced, without moving a node.
Where more than the guard is not what it was, the fields are shown, and whether
the template is to count as it is now is asked.`,
		Example: `  # After a pipeline has applied the DaemonSet again
  kubectl ingress-migrate cutover repair`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return c.repairGuards(cmd.Context(), &flags) },
	}
	flags.add(c, cmd)
	return cmd
}

func (c *cluster) repairGuards(ctx context.Context, flags *moveFlags) error {
	reader, picture, err := flags.fleet.read(ctx, c)
	if err != nil {
		return err
	}
	damage, err := cutover.FindDamage(picture)
	if err != nil {
		return err
	}
	out, edited := c.streams.Out, false
	for _, d := range damage {
		if d.Unguarded {
			fmt.Fprintf(out, "Guard      of DaemonSet %s is gone and is put back; no pod is touched\n", d.Set)
		}
		for _, difference := range d.Edited {
			edited = true
			fmt.Fprintf(out, "Edited     DaemonSet %s: %s: %v -> %v\n", d.Set, difference.Field, orNone(difference.Want), orNone(difference.Live))
		}
	}
	if len(damage) == 0 {
		fmt.Fprintf(out, "both DaemonSets are as they were guarded\n")
		return nil
	}
	engine, running, err := c.engine(ctx, flags, reader, picture, fleet.Old)
	if err != nil {
		return err
	}
	if edited {
		if err := ui.Confirm(c.streams, flags.yes, "Take the templates as they are now? Pods are not made anew for it."); err != nil {
			return err
		}
	}
	if err := moved(ctx, engine.Repair(running)); err != nil {
		return err
	}
	fmt.Fprintf(out, "Next: %s cutover resume\n", displayName)
	return nil
}

func orNone(value any) any {
	if value == nil {
		return "(none)"
	}
	return value
}
