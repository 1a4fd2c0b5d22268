package plugin

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

func newCutoverCommand(c *cluster) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cutover",
		Short: "Move all nodes from the old proxy to the new one",
		Long: `Move all nodes from the old proxy to the new one: one after the other, each
proven by its own routes before the next, with enough nodes in service at any
moment, recorded in the cluster and resumable.

A node belongs to the new proxy when it has the label ingress-migrate.io/proxy=new.
Both DaemonSets are guarded: they update nothing by themselves (OnDelete) and obey
that label. Everything goes on by itself if this program dies.

Other ways: --strategy=parallel runs both side by side, --strategy=story leaves
nodes out of the old DaemonSet by their host names, as a known story went.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCutoverPlanCommand(c), newCutoverRunCommand(c), newCutoverResumeCommand(c), newCutoverPauseCommand(c), newCutoverAbortCommand(c), newCutoverRepairCommand(c))
	return cmd
}

// addMove adds what all commands that move nodes have.
func (f *moveFlags) add(c *cluster, cmd *cobra.Command) {
	f.fleet.add(c, cmd)
	f.settings.add(cmd)
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "Do not ask")
	addColorFlag(cmd, &f.color)
}

func newCutoverPlanCommand(c *cluster) *cobra.Command {
	var flags moveFlags
	var weights parallelFlags
	output := newReportFlags("nodes")
	output.names = planNodes
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a cutover would do, in which order, and how long it takes",
		Long: `Show what a cutover would do, in which order, and how long it takes. Nothing is
changed.

Exit status: 0 this is how it begins, 1 it cannot begin like that; with
--strategy=story plan and hazards are shown all the same, and what nothing lets
pass comes last.`,
		Example: `  # Nodes, floor and an estimate
  kubectl ingress-migrate cutover plan

  # With a chosen first node and the balancer's numbers
  kubectl ingress-migrate cutover plan --canary edge-7 --lb-interval 5s --lb-timeout 2s --lb-unhealthy 2 --lb-healthy 2`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(); err != nil {
				return err
			}
			if weights.strategy == strategyParallel {
				return c.planParallel(cmd.Context(), &flags, &weights, &output)
			}
			reader, picture, err := flags.fleet.read(cmd.Context(), c)
			if err != nil {
				return err
			}
			settings, err := flags.settings.settings(picture)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("strategy") {
				settings.Strategy = byNodes(weights.strategy)
			}
			id := "new"
			if picture.Journal != nil && picture.Journal.Phase != journal.RolledBack {
				id = picture.Journal.ID
			}
			plan, err := cutover.MakePlan(picture, settings, id)
			if err != nil {
				return err
			}
			if err := c.addHazards(cmd.Context(), reader, picture, plan); err != nil {
				return err
			}
			if !output.screen() {
				return cmp.Or(output.show(c.streams.Out, plan), forbidden(plan))
			}
			hanging(c.streams.Out, func(w io.Writer) { writePlan(w, plan, settings) })
			if err := forbidden(plan); err != nil {
				return err
			}
			next := ""
			if plan.HazardsID != "" {
				next = fmt.Sprintf(" --strategy=%s --%s %s", plan.Strategy, confirmHazards, plan.HazardsID)
			}
			fmt.Fprintf(c.streams.Out, "Next: %s cutover run%s\n", displayName, next)
			return nil
		},
	}
	flags.add(c, cmd)
	anyKind(cmd)
	weights.add(cmd, &flags.settings)
	output.add(cmd)
	return cmd
}

type cutoverRunOptions struct {
	cluster    *cluster
	move       moveFlags
	parallel   parallelFlags
	hazards    hazardFlag
	judge      judgeFlags
	conversion conversionFlags
	dryRun     dryRunFlag
}

func newCutoverRunCommand(c *cluster) *cobra.Command {
	o := &cutoverRunOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Begin a cutover and move all nodes",
		Long: `Begin a cutover and move all nodes, after the checks of preflight and a look at
the plan. Ctrl-C finishes what is being done to the current node and stops; a
second one stops at once. Either way, cutover resume goes on.

With --strategy=parallel both proxies run side by side, of whatever kind, and
--lb gives the new one more and more of the requests (--weights), each weight
watched before the next. No node is moved and nothing is restarted; a gate that
fails puts the last good weight back.

With --strategy=story nodes are moved as by default, with the same gates, but
the way a known story went: the old DaemonSet leaves out one host name after the
other, and pods of the new one wait for the ports on every node. What that risks
in this cluster is shown, and confirmed with --confirm-hazards.

Exit status: 0 all nodes are moved, 1 it cannot begin, 5 it stopped at a gate
(resume or rollback goes on) or before hazards that are not confirmed, 130
interrupted.`,
		Example: `  # With the balancer's health check every 5 s, out after 2, in after 2
  kubectl ingress-migrate cutover run --lb-interval 5s --lb-timeout 2s --lb-unhealthy 2 --lb-healthy 2

  # Only look
  kubectl ingress-migrate cutover run --dry-run=server

  # Both run side by side, in target groups of AWS
  kubectl ingress-migrate cutover run --strategy=parallel --lb aws --old-side edge-v1 --new-side edge-v2

  # As the story went, once its hazards are read
  kubectl ingress-migrate cutover run --strategy=story --confirm-hazards 1a2b3c4d`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.move.add(c, cmd)
	anyKind(cmd)
	o.parallel.add(cmd, &o.move.settings)
	o.hazards.add(cmd)
	o.judge.add(cmd)
	o.conversion.add(cmd)
	o.dryRun.add(cmd)
	return cmd
}

func (o *cutoverRunOptions) run(ctx context.Context) error {
	kind, err := o.dryRun.parse()
	if err != nil {
		return err
	}
	if o.parallel.strategy == strategyParallel && kind == repair.Server {
		return usageError("--dry-run=server: a load balancer cannot try; --dry-run=client shows the plan")
	}
	if err := o.cluster.noOther(ctx); err != nil {
		return err
	}
	if o.parallel.strategy == strategyParallel {
		return o.runParallel(ctx, kind)
	}
	reader, picture, err := o.move.fleet.read(ctx, o.cluster)
	if err != nil {
		return err
	}
	engine, running, err := o.cluster.engine(ctx, &o.move, reader, picture, fleet.New)
	if err != nil {
		return err
	}
	engine.Settings.Strategy = byNodes(o.parallel.strategy)
	plan, err := cutover.MakePlan(picture, engine.Settings, "new")
	if err != nil {
		return err
	}
	if err := o.cluster.mayBegin(ctx, reader, picture, engine.Settings, &o.judge, &o.conversion, o.move.color); err != nil {
		return err
	}
	if err := o.cluster.addHazards(ctx, reader, picture, plan); err != nil {
		return err
	}
	hanging(o.cluster.streams.Out, func(w io.Writer) { writePlan(w, plan, engine.Settings) })
	if err := forbidden(plan); err != nil {
		return err
	}
	switch kind {
	case repair.Client:
		fmt.Fprintf(o.cluster.streams.Out, "cutover not begun%s\n", dryRunSuffix(kind))
		return nil
	case repair.Server:
		if err := engine.Rehearse(ctx); err != nil {
			return clusterError(err)
		}
		fmt.Fprintf(o.cluster.streams.Out, "cutover not begun%s\n", dryRunSuffix(kind))
		return nil
	}
	if err := o.hazards.confirmed(plan); err != nil {
		return err
	}
	if err := ui.Confirm(o.cluster.streams, o.move.yes, fmt.Sprintf("Move %s to %s?", plural(len(plan.Nodes), "node"), plan.NewTitle)); err != nil {
		return err
	}
	return moved(ctx, engine.Run(running))
}

func newCutoverResumeCommand(c *cluster) *cobra.Command {
	var flags moveFlags
	var weights parallelFlags
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Go on with a cutover that stopped or whose operator died",
		Long: `Go on with a cutover that stopped or whose operator died, in the direction it
was going. What the cluster shows counts, not what was remembered; the record is
rebuilt from labels and guards if it is lost, and where they do not tell which way
it went, cutover run or rollback --all has to be chosen. Settings are those it
began with, but for flags that are given.`,
		Example: `  # Whatever happened
  kubectl ingress-migrate cutover resume`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := c.underWay(cmd.Context())
			if err != nil {
				return err
			}
			if r != nil {
				return c.resumeParallel(cmd.Context(), r, &flags, &weights)
			}
			reader, picture, err := flags.fleet.readAny(cmd.Context(), c)
			if err != nil {
				return err
			}
			if cutover.Widowed(picture) == fleet.New {
				return c.takeOver(cmd.Context(), &flags, reader, picture, fleet.New)
			}
			if err := picture.Need(fleet.Old, fleet.New); err != nil {
				return err
			}
			to, err := cutover.Direction(picture)
			if err != nil {
				return err
			}
			engine, running, err := c.engine(cmd.Context(), &flags, reader, picture, to)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.streams.Out, "Cutover    %s -> %s: %s\n", picture.Old.Title, picture.New.Title, cutover.PhaseText(picture))
			if err := ui.Confirm(c.streams, flags.yes, fmt.Sprintf("Go on towards %s?", picture.Set(to).Title)); err != nil {
				return err
			}
			return moved(cmd.Context(), engine.Resume(running))
		},
	}
	flags.add(c, cmd)
	weights.addSettings(cmd)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if err := weights.check(); err != nil {
			return err
		}
		return flags.settings.validate()
	}
	return cmd
}

func newCutoverPauseCommand(c *cluster) *cobra.Command {
	var flags fleetFlags
	cmd := &cobra.Command{
		Use:   "pause",
		Short: "Ask the cutover that runs to stop after the current node",
		Example: `  # From another terminal
  kubectl ingress-migrate cutover pause`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := c.underWay(cmd.Context())
			if err != nil {
				return err
			}
			if r != nil {
				return c.pauseParallel(cmd.Context(), r)
			}
			reader, _, err := flags.read(cmd.Context(), c)
			if err != nil {
				return err
			}
			if err := (&cutover.Engine{Client: reader.Client, Reader: reader}).Pause(cmd.Context()); err != nil {
				return clusterError(err)
			}
			fmt.Fprintf(c.streams.Out, "pause asked for; the current node is finished first\nNext: %s status -w\n", displayName)
			return nil
		},
	}
	flags.add(c, cmd)
	return cmd
}

func newCutoverAbortCommand(c *cluster) *cobra.Command {
	var flags moveFlags
	cmd := &cobra.Command{
		Use:   "abort",
		Short: "Give a cutover up: the node in flight goes back, the others stay",
		Example: `  # Then go back altogether
  kubectl ingress-migrate cutover abort
  kubectl ingress-migrate rollback --all`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := c.underWay(cmd.Context())
			if err != nil {
				return err
			}
			if r != nil {
				return c.abortParallel(cmd.Context(), r, &flags)
			}
			reader, picture, err := flags.fleet.read(cmd.Context(), c)
			if err != nil {
				return err
			}
			engine, running, err := c.engine(cmd.Context(), &flags, reader, picture, fleet.Old)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.streams.Out, "Cutover    %s -> %s: %s\n", picture.Old.Title, picture.New.Title, cutover.PhaseText(picture))
			if err := ui.Confirm(c.streams, flags.yes, "Give it up?"); err != nil {
				return err
			}
			asked, err := engine.Abort(running)
			return c.aborted(cmd.Context(), asked, err)
		},
	}
	flags.add(c, cmd)
	return cmd
}
