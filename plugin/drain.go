package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

func newDrainCommand(c *cluster) *cobra.Command {
	return newMoveCommand(c, fleet.New, &cobra.Command{
		Use:   "drain NODE",
		Short: "Take the old proxy off one node; the new one takes over",
		Long: `Take the old proxy off one node; the new one takes over. It is one step of a
cutover by hand, with the same guards, floor and gates: a node that does not pass
is put back.`,
		Example: `  # Try one node
  kubectl ingress-migrate drain edge-1

  # And move the rest
  kubectl ingress-migrate cutover resume`,
	})
}

func newUndrainCommand(c *cluster) *cobra.Command {
	return newMoveCommand(c, fleet.Old, &cobra.Command{
		Use:   "undrain NODE",
		Short: "Give one node back to the old proxy",
		Long: `Give one node back to the old proxy, with the same floor and gates with which it
was taken. rollback --all then restores the old DaemonSet.`,
		Example: `  # Back again
  kubectl ingress-migrate undrain edge-1`,
	})
}

// newMoveCommand completes a command that moves one node to a side.
func newMoveCommand(c *cluster, to fleet.Side, cmd *cobra.Command) *cobra.Command {
	var flags moveFlags
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError("name one node (%d given)", len(args))
		}
		return nil
	}
	cmd.ValidArgsFunction = completeEdgeNodes(c, &flags.fleet)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.moveOne(cmd.Context(), &flags, args[0], to)
	}
	flags.add(c, cmd)
	return cmd
}

// moveOne moves one node by hand.
func (c *cluster) moveOne(ctx context.Context, flags *moveFlags, name string, to fleet.Side) error {
	reader, picture, err := flags.fleet.read(ctx, c)
	if err != nil {
		return err
	}
	engine, running, err := c.engine(ctx, flags, reader, picture)
	if err != nil {
		return err
	}
	if picture.Node(name) == nil {
		return fmt.Errorf("node %s is not one of the proxies' nodes: see %s status", name, displayName)
	}
	fmt.Fprintf(c.streams.Out, "Move       %s from %s to %s; %d of %d nodes serve, %d must\n",
		name, picture.Set(to.Other()).Title, picture.Set(to).Title, picture.Serving(), len(picture.Nodes), engine.Settings.FloorOf(len(picture.Nodes)))
	if err := ui.Confirm(c.streams, flags.yes, "Move it?"); err != nil {
		return err
	}
	if err := moved(ctx, engine.Move(running, name, to)); err != nil {
		return err
	}
	next := "cutover resume"
	if to == fleet.Old || !goesForward(picture.Journal) {
		next = "status"
	}
	fmt.Fprintf(c.streams.Out, "Next: %s %s\n", displayName, next)
	return nil
}

// goesForward tells whether resume moves nodes to the new proxy.
func goesForward(j *journal.Journal) bool {
	return j == nil || !slices.Contains([]journal.Phase{journal.RollingBack, journal.Restoring, journal.Aborted}, j.Phase)
}
