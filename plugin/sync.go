package plugin

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/versions"
)

type syncOptions struct {
	cluster    *cluster
	conversion conversionFlags
	scope      scopeFlags
	dryRun     dryRunFlag
	print      *genericclioptions.PrintFlags
	repair     repair.Options
	yes        bool
}

func newSyncCommand(c *cluster) *cobra.Command {
	o := &syncOptions{cluster: c, print: genericclioptions.NewPrintFlags("")}
	cmd := &cobra.Command{
		Use:   "sync [NAME...]",
		Short: "Create and repair the Traefik objects of Ingresses",
		Long: `Create and repair the Traefik objects of Ingresses, by server-side apply: what
routes refer to first, routes last. What somebody edited by hand is kept and
reported, unless --overwrite is given; what was not made by ingress-migrate is
not touched, unless --adopt is given: from then on it follows its Ingress, and
is deleted with it. Where what protects a route belongs to somebody else or is
refused, the route of before is deleted, which would let everybody in. The
webhook does the same for every Ingress that is applied,
so this is for Ingresses that are older than it, or for clusters without it.

Exit status: 0 everything is in place; 1 something was kept or failed;
4 something is blocked and needs a human; 2 wrong usage.`,
		Example: `  # See what would be done in the whole cluster
  kubectl ingress-migrate sync -A --dry-run=server

  # Create what is missing in this namespace
  kubectl ingress-migrate sync

  # Give one Ingress its route back as it should be
  kubectl ingress-migrate sync -n shop checkout --overwrite

  # Let a route that was made by hand follow its Ingress from now on
  kubectl ingress-migrate sync -n shop checkout --adopt

  # Delete routes whose Ingress is gone
  kubectl ingress-migrate sync -A --prune`,
		ValidArgsFunction: c.completeIngresses,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&o.repair.Overwrite, "overwrite", false, "Replace what was edited by hand too")
	cmd.Flags().BoolVar(&o.repair.Prune, "prune", false, "Delete objects of ours that no Ingress asks for any more")
	cmd.Flags().BoolVar(&o.repair.Adopt, "adopt", false, "Take over what somebody else made under the name of a wanted object")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "Do not ask before overwriting or deleting")
	o.scope.add(cmd)
	o.conversion.add(cmd)
	o.dryRun.add(cmd)
	addOutputFlag(cmd, o.print)
	return cmd
}

func (o *syncOptions) run(ctx context.Context, names []string) error {
	dryRun, err := o.dryRun.parse()
	if err != nil {
		return err
	}
	if _, err := printerFor(o.print); err != nil {
		return err
	}
	scope, err := o.scope.scope(o.cluster, names)
	if err != nil {
		return err
	}
	report, err := o.cluster.scan(ctx, &o.conversion, scope, scan.Objects)
	if err != nil {
		return err
	}
	for _, note := range report.Notes {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s\n", note)
	}
	steps := repair.Plan(report, o.repair)
	if err := o.confirm(steps, dryRun); err != nil {
		return err
	}
	objects, err := o.cluster.dynamic()
	if err != nil {
		return err
	}
	outcome := &syncOutcome{options: o, dryRun: dryRun}
	runner := &repair.Runner{Objects: objects, DryRun: dryRun, Version: versions.New().Plugin.Version, Done: outcome.done}
	if err := runner.Run(ctx, steps); err != nil {
		return err
	}
	return outcome.finish(report, steps)
}

// confirm shows what would be lost and asks.
func (o *syncOptions) confirm(steps []repair.Step, dryRun repair.DryRun) error {
	if dryRun != repair.Real || o.yes {
		return nil
	}
	lost := 0
	for _, step := range steps {
		if step.Action != repair.Delete && step.Action != repair.Overwrite {
			continue
		}
		lost++
		fmt.Fprintf(o.cluster.streams.ErrOut, "%s %s in namespace %s\n", step.Action, resourceName(step.Object), step.Namespace)
	}
	if lost == 0 {
		return nil
	}
	return ui.Confirm(o.cluster.streams, false, fmt.Sprintf("Delete or overwrite %s?", plural(lost, "object")))
}

// syncOutcome prints what is done and remembers what is not.
type syncOutcome struct {
	options *syncOptions
	dryRun  repair.DryRun
	changed int
	failed  int
	list    []*unstructured.Unstructured
	err     error
}

// verbs of kubectl for what was done.
func verb(action repair.Action) string {
	switch action {
	case repair.Create:
		return "created"
	case repair.Overwrite:
		return "overwritten"
	case repair.Delete:
		return "deleted"
	}
	return "configured"
}

func (s *syncOutcome) done(step repair.Step, object *unstructured.Unstructured, err error) {
	streams := s.options.cluster.streams
	if err != nil {
		s.failed++
		fmt.Fprintf(streams.ErrOut, "%s of %s/%s failed: %v\n", resourceName(step.Object), step.Namespace, step.Ingress, err)
		return
	}
	s.changed++
	if step.Action == repair.Delete && step.Why != "" {
		fmt.Fprintf(streams.ErrOut, "%s of %s/%s closed: %s\n", resourceName(step.Object), step.Namespace, step.Ingress, step.Why)
	}
	if format := *s.options.print.OutputFormat; format != "" && format != "name" {
		s.list = append(s.list, object)
		return
	}
	s.options.print.NamePrintFlags.Operation = verb(step.Action) + dryRunSuffix(s.dryRun)
	printer, err := printerFor(s.options.print)
	if err == nil {
		err = printer.PrintObj(object, streams.Out)
	}
	if err != nil && s.err == nil {
		s.err = err
	}
}

// finish tells on stderr what is not as it should be.
func (s *syncOutcome) finish(report *scan.Report, steps []repair.Step) error {
	if s.err != nil {
		return fmt.Errorf("printing: %w", s.err)
	}
	w := s.options.cluster.streams.ErrOut
	if format := *s.options.print.OutputFormat; format != "" && format != "name" {
		if err := printObjects(s.options.cluster.streams.Out, s.options.print, s.list); err != nil {
			return err
		}
	}
	kept := 0
	for _, step := range steps {
		if step.Action == repair.Keep {
			kept++
			fmt.Fprintf(w, "%s of %s/%s kept: %s\n", resourceName(step.Object), step.Namespace, step.Ingress, step.Why)
		}
	}
	leftover, blocked := s.left(report, w)
	fmt.Fprintf(w, "%s: %s%s%s%s%s%s\n", plural(report.Summary.Ingresses, "Ingress"), plural(s.changed, "object")+" written or deleted"+dryRunSuffix(s.dryRun),
		counted(kept, "kept"), counted(s.failed, "failed"), counted(blocked, "blocked"), counted(leftover, "no longer wanted (--prune deletes them)"), "")
	switch {
	case kept+s.failed > 0:
		return withStatus(StatusDifferent, nil)
	case blocked > 0:
		return withStatus(StatusFindings, nil)
	}
	return nil
}

// left counts objects that only --prune would delete, and names what is blocked.
func (s *syncOutcome) left(report *scan.Report, w io.Writer) (leftover, blocked int) {
	for _, item := range report.Items {
		if item.Verdict == scan.Blocked && !s.adopted(item) {
			blocked++
			fmt.Fprintf(w, "%s/%s blocked: %s\n", item.Namespace, item.Ingress, item.Why)
		}
		for _, object := range item.Objects {
			if object.State == scan.Unwanted && !s.options.repair.Prune {
				leftover++
			}
		}
	}
	return leftover, blocked
}

// adopted tells whether what blocked an Ingress was an object that --adopt takes over.
func (s *syncOutcome) adopted(item scan.Item) bool {
	return s.options.repair.Adopt && item.Conversion != convert.Blocked && !slices.ContainsFunc(item.Objects, func(o scan.Object) bool {
		return o.State == desired.Foreign && !o.Adoptable
	})
}

func counted(n int, word string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s %s", thousands(n), word)
}
