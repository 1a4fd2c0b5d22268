package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// retirable are the records that retire has something to say about.
func retirable(r *shift.Record) bool {
	return r.Active() && (r.Course != nil || r.Phase == shift.Finished || r.Retiring != nil)
}

// runParallel removes the old controller of a shift.
func (o *retireOptions) runParallel(ctx context.Context, r *shift.Record, kind repair.DryRun) error {
	for _, flag := range []string{"recreate", "original-strategy"} {
		if o.move.settings.flags.Changed(flag) {
			return usageError("--%s is for a cutover node by node: after one by weights nothing of the new proxy is changed", flag)
		}
	}
	c := o.cluster
	settings, err := o.parallelSettings(r)
	if err != nil {
		return err
	}
	balancer, err := parseShiftBalancer(r.LoadBalancer, r.Sides)
	if err != nil {
		return err
	}
	engine, running, _, err := c.parallelEngine(ctx, balancer, settings, o.move.color, r.Retiring != nil)
	if err != nil {
		return err
	}
	plan, err := engine.PlanRetirement(ctx)
	if err != nil {
		return shiftError(err)
	}
	hanging(c.streams.Out, func(w io.Writer) { writeRetirement(w, plan, engine) })
	if plan.Begun == nil && plan.Unread != "" {
		fmt.Fprintf(c.streams.ErrOut, "Warning: it is not known whether requests still reach the old proxy: %s\n", plan.Unread)
	}
	switch kind {
	case repair.Server:
		if err := engine.RehearseRetirement(ctx, plan); err != nil {
			return clusterError(err)
		}
		fallthrough
	case repair.Client:
		fmt.Fprintf(c.streams.Out, "nothing retired%s\n", dryRunSuffix(kind))
		return nil
	}
	if plan.Old != nil {
		if err := c.confirmTyped("the old "+plan.Old.Kind+"'s name", plan.Old.Name.String(), "--confirm-delete", o.confirm); err != nil {
			return err
		}
	} else if err := ui.Confirm(c.streams, o.confirm != "", plan.Begun.String()+" is gone. Finish?"); err != nil {
		return err
	}
	if err := moved(ctx, engine.Retire(running)); err != nil {
		return err
	}
	fmt.Fprintf(c.streams.Out, "Next: %s status\n", displayName)
	return nil
}

// parallelSettings are those of the shift with the flags that were given over them. Steps
// by hand have recorded none.
func (o *retireOptions) parallelSettings(r *shift.Record) (parallel.Settings, error) {
	settings := parallel.DefaultSettings()
	settings.Settings = o.move.settings.fresh()
	if r.Course != nil {
		if err := json.Unmarshal(r.Course.Settings, &settings); err != nil {
			return settings, fmt.Errorf("reading the settings of the cutover by weights: %w", err)
		}
		var err error
		if settings.Settings, err = o.move.settings.onTop(r.Course.Settings); err != nil {
			return settings, fmt.Errorf("reading the settings of the cutover by weights: %w", err)
		}
	}
	for _, side := range []struct {
		flag, given string
		ref         *fleet.WorkloadRef
	}{{"old", o.move.fleet.old, &settings.Old}, {"new", o.move.fleet.new, &settings.New}} {
		if side.given == "" {
			continue
		}
		var err error
		if *side.ref, err = fleet.ParseWorkload(side.given); err != nil {
			return settings, usageError("--%s: %v", side.flag, err)
		}
	}
	if old := r.Retiring; old != nil { // which one goes was decided
		settings.Old.Kind, settings.Old.Namespace, settings.Old.Name = old.Kind, old.Namespace, old.Name
	}
	return settings, nil
}

func writeRetirement(out io.Writer, p *parallel.RetirementPlan, e *parallel.Engine) {
	if w := p.Old; w != nil {
		fmt.Fprintf(out, "Delete     %s %s (%s, %s); the way back after that is a cutover in the other direction\n", w.Kind, w.Name, w.Title, plural(len(w.Pods), "pod"))
	}
	if p.Begun != nil {
		fmt.Fprintf(out, "Begun      by %s; what is done already is not done again\n", p.Begun.By)
	} else {
		fmt.Fprintf(out, "Balancer   %s: everything goes to %s\n", p.LoadBalancer, cmp.Or(e.Shift.Sides.New, "the new side"))
		if p.Unread == "" {
			fmt.Fprintf(out, "First      for %s no request may reach an application through it, by its metrics\n", e.Settings.Soak)
		}
	}
	fmt.Fprintf(out, "Record     configmap %s is removed\n", e.Shift.Store.Name(shift.ID(e.Shift.Identity, e.Shift.Sides)))
}
