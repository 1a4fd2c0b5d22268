package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
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
is put back. The first node begins a cutover, after the checks of preflight.`,
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
	o := &moveOptions{cluster: c, to: to}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError("name one node (%d given)", len(args))
		}
		return nil
	}
	cmd.ValidArgsFunction = completeEdgeNodes(c, &o.move.fleet)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.run(cmd.Context(), args[0])
	}
	o.move.add(c, cmd)
	if to == fleet.New {
		o.judge.add(cmd)
		o.conversion.add(cmd)
	}
	return cmd
}

// moveOptions are those of a command that moves one node to a side.
type moveOptions struct {
	cluster *cluster
	move    moveFlags
	to      fleet.Side
	// What may be to be judged before the first node goes to the new proxy.
	judge      judgeFlags
	conversion conversionFlags
}

func (o *moveOptions) run(ctx context.Context, name string) error {
	c, to, flags := o.cluster, o.to, &o.move
	reader, picture, err := flags.fleet.read(ctx, c)
	if err != nil {
		return err
	}
	engine, running, err := c.engine(ctx, flags, reader, picture, to)
	if err != nil {
		return err
	}
	if picture.Node(name) == nil {
		return fmt.Errorf("node %s is not one of the proxies' nodes: see %s status", name, displayName)
	}
	if to == fleet.New {
		if err := c.noOther(ctx); err != nil {
			return err
		}
	}
	// What has begun has been checked; going back needs no leave.
	if _, err := cutover.Direction(picture); err != nil && to == fleet.New {
		if err := c.mayBegin(ctx, reader, picture, engine.Settings, &o.judge, &o.conversion, flags.color); err != nil {
			return err
		}
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
