package plugin

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type rollbackOptions struct {
	cluster        *cluster
	move           moveFlags
	all, emergency bool
	confirmID      string
}

func newRollbackCommand(c *cluster) *cobra.Command {
	o := &rollbackOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "rollback (NODE | --all | --emergency)",
		Short: "Go back to the old proxy: one node, or all and exactly as it was",
		Long: `Go back to the old proxy.

  NODE         one node, with floor and gates
  --all        every node, one after the other, then the old DaemonSet gets its
               template and update strategy back; its pods are not restarted. The
               new DaemonSet stays and wants no node
  --emergency  every node at once, without gates: nobody serves until the old
               proxy has started. It asks for the cutover's id`,
		Example: `  # One node
  kubectl ingress-migrate rollback edge-2

  # Everything, as if nothing had happened
  kubectl ingress-migrate rollback --all`,
		ValidArgsFunction: completeEdgeNodes(c, &o.move.fleet),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen := len(args)
			for _, flag := range []bool{o.all, o.emergency} {
				if flag {
					chosen++
				}
			}
			if chosen != 1 {
				return usageError("choose one: a node, --all or --emergency")
			}
			if len(args) == 1 {
				return (&moveOptions{cluster: c, move: o.move, to: fleet.Old}).run(cmd.Context(), args[0])
			}
			return o.run(cmd.Context())
		},
	}
	o.move.add(c, cmd)
	cmd.Flags().BoolVar(&o.all, "all", false, "Move every node back and restore the old DaemonSet")
	cmd.Flags().BoolVar(&o.emergency, "emergency", false, "Give every node back at once, without gates")
	cmd.Flags().StringVar(&o.confirmID, "confirm-id", "", "Id of the cutover, instead of typing it after --emergency")
	return cmd
}

func (o *rollbackOptions) run(ctx context.Context) error {
	r, _, err := o.cluster.byWeights(ctx)
	if err != nil {
		return err
	}
	if r.UnderWay() {
		return o.cluster.rollbackParallel(ctx, r, &o.move)
	}
	reader, picture, err := o.move.fleet.readAny(ctx, o.cluster)
	if err != nil && r == nil {
		return err
	}
	// One that is complete or given up stays recorded while nodes are moved in another.
	if r != nil && (err != nil || cutover.ID(picture) == "") {
		return o.cluster.rollbackParallel(ctx, r, &o.move)
	}
	if cutover.Widowed(picture) == fleet.Old {
		return o.cluster.takeOver(ctx, &o.move, reader, picture, fleet.Old)
	}
	if err := picture.Need(fleet.Old, fleet.New); err != nil {
		return err
	}
	engine, running, err := o.cluster.engine(ctx, &o.move, reader, picture, fleet.Old)
	if err != nil {
		return err
	}
	out := o.cluster.streams.Out
	moving := 0
	for i := range picture.Nodes {
		if n := &picture.Nodes[i]; !n.Gone && n.Side() == fleet.New {
			moving++
		}
	}
	if o.emergency {
		fmt.Fprintf(out, "Emergency  %s given back to %s at once: nobody serves there for as long as its pods take to end (at most %d s) and to start\n",
			plural(moving, "node"), picture.Old.Title, picture.New.Grace())
		if err := o.confirmEmergency(picture); err != nil {
			return err
		}
		return moved(ctx, engine.Emergency(running))
	}
	fmt.Fprintf(out, "Back       %s -> %s: %s, then DaemonSet %s as it was\n", picture.New.Title, picture.Old.Title, plural(moving, "node"), picture.Old.Name)
	if picture.Strategy() == journal.Story {
		fmt.Fprintf(out, "Then       DaemonSet %s as it was, too: its pods wait for the ports again\n", picture.New.Name)
	} else {
		fmt.Fprintf(out, "Stays      DaemonSet %s, guarded: it wants no node\n", picture.New.Name)
	}
	if err := ui.Confirm(o.cluster.streams, o.move.yes, "Go back?"); err != nil {
		return err
	}
	return moved(ctx, engine.RollbackAll(running))
}

// confirmEmergency wants the id, typed or given: --yes is not enough.
func (o *rollbackOptions) confirmEmergency(picture *fleet.Fleet) error {
	id := cutover.ID(picture)
	if id == "" {
		return fmt.Errorf("there is no cutover to go back from (%s)", cutover.PhaseText(picture))
	}
	return o.cluster.confirmTyped("the cutover's id", id, "--confirm-id", o.confirmID)
}

// confirmTyped wants a text, typed or given by a flag.
func (c *cluster) confirmTyped(what, want, flag, given string) error {
	typed := given
	if typed == "" {
		if !ui.IsTerminal(c.streams.In) {
			return fmt.Errorf("nobody is there to confirm this: add %s %s", flag, want)
		}
		fmt.Fprintf(c.streams.ErrOut, "Type %s (%s) to go on: ", what, want)
		line, err := bufio.NewReader(c.streams.In).ReadString('\n')
		if err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		typed = strings.TrimSpace(line)
	}
	if typed != want {
		return fmt.Errorf("%q is not %s %s: %w", typed, what, want, ui.ErrDeclined)
	}
	return nil
}

// takeOver gives the nodes of a DaemonSet that was deleted to the one that is
// left.
func (c *cluster) takeOver(ctx context.Context, flags *moveFlags, reader *fleet.Reader, picture *fleet.Fleet, side fleet.Side) error {
	engine, running, err := c.recycler(ctx, flags, reader, picture)
	if err != nil {
		return err
	}
	// To be removed; nobody serves there, so nothing waits for that.
	if err := c.equip(ctx, engine, picture); err != nil {
		fmt.Fprintf(c.streams.ErrOut, "warning: the gate's route is left where it is: %v\n", err)
	}
	fmt.Fprintf(c.streams.Out, "Take over  the %s DaemonSet was deleted; all its nodes go to %s at once, for nobody serves there\n", side.Other(), picture.Set(side).Title)
	if err := ui.Confirm(c.streams, flags.yes, "Give them to "+picture.Set(side).Title+"?"); err != nil {
		return err
	}
	return moved(ctx, engine.TakeOver(running))
}
