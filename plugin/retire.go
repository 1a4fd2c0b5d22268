package plugin

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type retireOptions struct {
	cluster  *cluster
	move     moveFlags
	dryRun   dryRunFlag
	recreate bool
	original bool
	confirm  string
}

func newRetireCommand(c *cluster) *cobra.Command {
	o := &retireOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "retire",
		Short: "Remove the old proxy for good, once the new one has served long enough",
		Long: `Remove the old proxy for good, once the new one has served everything for as
long as --bake says. After a cutover node by node in this order, each step being
done only once:

  1  the old DaemonSet wants no node any more, those to come neither
  2  the new one loses its guard; no pod is touched
  3  the old DaemonSet is deleted; its name has to be typed, or given
  4  the new one's pods are made anew, one node at a time with floor and gates,
     so that all are of the final template
  5  the new DaemonSet rolls again: one node at a time, without surge
  6  labels of nodes, the gate's route and the cutover's records are removed

After a cutover by weights, or a shift that is finished, the old DaemonSet or
Deployment is deleted, and then the record: when the load balancer sends
everything to a new side that is well, and for as long as --soak says no request
reaches an application through the old proxy, by its metrics.

Whatever stops it, the same command goes on. Until the old proxy is deleted
rollback --all is the way back; after that, a cutover in the other direction. It
needs the rights of manifests/operator/retire.yaml on top of an operator's.

Exit status: 0 done, 1 it cannot begin, 5 it stopped at a gate, 130 interrupted.`,
		Example: `  # What it would do
  kubectl ingress-migrate retire --dry-run=server

  # Do it
  kubectl ingress-migrate retire

  # From a pipeline
  kubectl ingress-migrate retire --confirm-delete traefik/traefik1`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.move.fleet.add(c, cmd)
	anyKind(cmd)
	o.move.settings.add(cmd)
	addColorFlag(cmd, &o.move.color)
	o.dryRun.add(cmd)
	cmd.Flags().BoolVar(&o.recreate, "recreate", true, "Make all pods of the new proxy anew; =false: only those that the final template would make otherwise")
	cmd.Flags().BoolVar(&o.original, "original-strategy", false, "Give the new DaemonSet the update strategy that it had before the cutover")
	cmd.Flags().StringVar(&o.confirm, "confirm-delete", "", "NAMESPACE/NAME of the old DaemonSet or Deployment, instead of typing it")
	return cmd
}

func (o *retireOptions) run(ctx context.Context) error {
	kind, err := o.dryRun.parse()
	if err != nil {
		return err
	}
	shifted, _, err := o.cluster.shifted(ctx, retirable)
	if err != nil {
		return err
	}
	reader, picture, err := o.move.fleet.readAny(ctx, o.cluster)
	// The record of a shift stays while nodes are moved in another cutover.
	if shifted != nil && (err != nil || cutover.ID(picture) == "") {
		return o.runParallel(ctx, shifted, kind)
	}
	if err != nil {
		return err
	}
	engine, running, err := o.cluster.engine(ctx, &o.move, reader, picture, fleet.New)
	if err != nil {
		return err
	}
	if err := cutover.MayRetire(picture, engine.Settings.Bake, time.Now()); err != nil {
		return err
	}
	hanging(o.cluster.streams.Out, func(w io.Writer) { o.write(w, picture) })
	switch kind {
	case repair.Server:
		if err := engine.RehearseRetirement(ctx, picture); err != nil {
			return clusterError(err)
		}
		fallthrough
	case repair.Client:
		fmt.Fprintf(o.cluster.streams.Out, "nothing retired%s\n", dryRunSuffix(kind))
		return nil
	}
	if old := o.old(picture); old != "" {
		if err := o.cluster.confirmTyped("the old DaemonSet's name", old, "--confirm-delete", o.confirm); err != nil {
			return err
		}
	} else if err := ui.Confirm(o.cluster.streams, o.confirm != "", "The old DaemonSet is gone. Finish?"); err != nil {
		return err
	}
	if err := moved(ctx, engine.Retire(running, cutover.Retirement{Recreate: o.recreate, Original: o.original})); err != nil {
		return err
	}
	fmt.Fprintf(o.cluster.streams.Out, "Next: %s status\n", displayName)
	return nil
}

// old is the name of the DaemonSet that is deleted; "" when that is done.
func (o *retireOptions) old(f *fleet.Fleet) string {
	if f.Old == nil {
		return ""
	}
	return f.Old.Name.String()
}

func (o *retireOptions) write(out io.Writer, f *fleet.Fleet) {
	if old := o.old(f); old != "" {
		fmt.Fprintf(out, "Delete     DaemonSet %s (%s); the way back after that is a cutover in the other direction\n", old, f.Old.Title)
	}
	pods := 0
	// Without the guard the template is another one; the story's way has changed none.
	template := f.New.Guard.Present && !f.New.Guard.Story
	for i := range f.Nodes {
		for _, p := range f.Nodes[i].Of(fleet.New) {
			if o.recreate && (template || !p.UpToDate) || !p.Current {
				pods++
			}
		}
	}
	fmt.Fprintf(out, "Recreate   %s of %s, one node at a time\n", plural(pods, "pod"), f.New.Name)
	strategy := "RollingUpdate, one node at a time, without surge"
	if o.original {
		strategy = "as it was before the cutover"
	}
	fmt.Fprintf(out, "Strategy   of %s: %s\n", f.New.Name, strategy)
	if f.Journal != nil && f.Journal.Phase == journal.Retiring {
		fmt.Fprintf(out, "Begun      by %s; what is done already is not done again\n", f.Journal.Holder)
	}
}
