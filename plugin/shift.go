package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

func newShiftCommand(c *cluster) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "shift",
		Short: "Send requests to the new controller at the load balancer: by header, then by weight",
		Long: `Send requests to the new controller at the load balancer in front of both:
testers by a header, then customers by weight, with a way back at every moment.
Both controllers run side by side, on ports or addresses of their own; no node
is moved.

What the load balancer was like is kept in a ConfigMap of the namespace (-n)
before the first change, so that a shift can go on, or back, from any machine.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newShiftHeaderCommand(c), newShiftWeightCommand(c), newShiftStatusCommand(c), newShiftUndoCommand(c), newShiftFinishCommand(c))
	return cmd
}

// shiftBalancerFlags name a load balancer and its two sides.
type shiftBalancerFlags struct {
	value string
	sides lb.Sides
	given *shiftBalancer // nil: to be found in a record
}

func (f *shiftBalancerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.value, "lb", "", "Load balancer: aws, gateway:NAMESPACE/HTTPROUTE, haproxy:SOCKET[,SOCKET...] or exec:PROGRAM (default: that of the shift which has begun)")
	cmd.Flags().StringVar(&f.sides.Old, "old-side", "", "What it calls the old controller: target group (aws), Service (gateway), BACKEND/SERVER pattern (haproxy)")
	cmd.Flags().StringVar(&f.sides.New, "new-side", "", "What it calls the new controller")
}

func (f *shiftBalancerFlags) validate() (err error) {
	if f.value == "" {
		if f.sides.Old != "" || f.sides.New != "" {
			return usageError("--old-side and --new-side are about a load balancer: name it with --lb")
		}
		return nil
	}
	f.given, err = parseShiftBalancer(f.value, f.sides)
	return err
}

// shiftOptions are those of every command that makes a step.
type shiftOptions struct {
	cluster  *cluster
	balancer shiftBalancerFlags
	request  shift.Request
	dryRun   dryRunFlag
	kind     repair.DryRun
	yes      bool
}

// newShiftStep completes a command that makes a step. want puts what is wanted into the
// options, before anything is asked.
func newShiftStep(c *cluster, cmd *cobra.Command, want func(o *shiftOptions, args []string) error) (*cobra.Command, *shiftOptions) {
	o := &shiftOptions{cluster: c}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if err := want(o, args); err != nil {
			return err
		}
		if err := o.balancer.validate(); err != nil {
			return err
		}
		if o.request.MinHealthy < 0 || o.request.MinHealthy > 100 {
			return usageError("--min-healthy is 0 to 100, not %d", o.request.MinHealthy)
		}
		if o.kind, err = o.dryRun.parse(); err != nil {
			return err
		}
		if o.kind == repair.Server {
			return usageError("--dry-run=server: a load balancer cannot try; --dry-run=client shows what would be written")
		}
		return shiftError(o.run(cmd.Context()))
	}
	o.balancer.add(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&o.yes, "yes", "y", false, "Do not ask")
	flags.BoolVar(&o.request.Overwrite, "overwrite", false, "Go on where somebody else has changed the load balancer since: what was changed is written over")
	flags.BoolVar(&o.request.AcceptOwner, "accept-owner", false, "Whatever keeps the load balancer (a controller, GitOps) is paused or has been told")
	flags.IntVar(&o.request.MinHealthy, "min-healthy", 100, "How many percent of the new side's targets must be in service before it gets more requests")
	o.dryRun.add(cmd)
	return cmd, o
}

func newShiftHeaderCommand(c *cluster) *cobra.Command {
	off := false
	cmd, _ := newShiftStep(c, &cobra.Command{
		Use:   "header (NAME=VALUE | --off)",
		Short: "Send requests with a header to the new controller",
		Long: `Send requests with a header to the new controller, whatever the weights. Other
requests go where they went.`,
		Example: `  # Testers first, at a load balancer of AWS
  kubectl ingress-migrate shift header X-Migrate=new --lb aws --old-side edge-v1 --new-side edge-v2

  # No longer
  kubectl ingress-migrate shift header --off`,
	}, func(o *shiftOptions, args []string) error {
		if off != (len(args) == 0) || len(args) > 1 {
			return usageError("give one NAME=VALUE, or --off")
		}
		o.request.NoHeader = off
		if off {
			return nil
		}
		name, value, ok := strings.Cut(args[0], "=")
		if !ok || !isToken(name) || !isHeaderValue(value) {
			return usageError("%q is no header such as X-Migrate=new", args[0])
		}
		o.request.Header = &lb.Header{Name: name, Value: value}
		return nil
	})
	cmd.Flags().BoolVar(&off, "off", false, "Remove the header's rule")
	return cmd
}

// isToken tells whether a text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

func isHeaderValue(text string) bool {
	return text != "" && strings.TrimSpace(text) == text && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

func newShiftWeightCommand(c *cluster) *cobra.Command {
	cmd, _ := newShiftStep(c, &cobra.Command{
		Use:   "weight PERCENT",
		Short: "Send so many percent of the requests to the new controller",
		Long: `Send so many percent of the requests to the new controller. Its targets have to
be in service before it gets more; going back is always possible.

A load balancer of AWS checks a target group only when a rule names it: weight 0
moves no request and starts the checks.`,
		Example: `  # Step by step
  kubectl ingress-migrate shift weight 5 --lb aws --old-side edge-v1 --new-side edge-v2
  kubectl ingress-migrate shift weight 25

  # Back again
  kubectl ingress-migrate shift weight 0`,
	}, func(o *shiftOptions, args []string) error {
		if len(args) != 1 {
			return usageError("give one percentage (%d given)", len(args))
		}
		percent, err := strconv.Atoi(strings.TrimSuffix(args[0], "%"))
		if err != nil || percent < 0 || percent > 100 {
			return usageError("%q is no percentage from 0 to 100", args[0])
		}
		o.request.Weight = &percent
		return nil
	})
	return cmd
}

func newShiftUndoCommand(c *cluster) *cobra.Command {
	cmd, _ := newShiftStep(c, &cobra.Command{
		Use:   "undo",
		Short: "Put the load balancer back as it was before the shift",
		Long: `Put the load balancer back as it was before the shift: weights, rules and
default actions, from whatever state, also where a command died half way. The
record stays.`,
		Example: `  # As if nothing had happened
  kubectl ingress-migrate shift undo`,
		Args: noArgs,
	}, func(o *shiftOptions, _ []string) error {
		o.request.Undo = true
		return nil
	})
	return cmd
}

func newShiftFinishCommand(c *cluster) *cobra.Command {
	cmd, _ := newShiftStep(c, &cobra.Command{
		Use:   "finish",
		Short: "Clean up once everything goes to the new controller",
		Long: `Clean up once everything goes to the new controller: the header's rule is
removed. The old side stays with weight 0, so that undo is still one command
away.`,
		Example: `  # After days of watching
  kubectl ingress-migrate shift finish`,
		Args: noArgs,
	}, func(o *shiftOptions, _ []string) error {
		o.request.Finish = true
		return nil
	})
	return cmd
}

// shiftLease is how long a dead command keeps others out.
const shiftLease = 15 * time.Second

// engine finds out which shift is meant, and makes its engine.
func (o *shiftOptions) engine(ctx context.Context) (*shift.Engine, error) {
	store, err := o.cluster.shiftStore()
	if err != nil {
		return nil, err
	}
	balancer, err := o.balancer.choose(ctx, store)
	if err != nil {
		return nil, err
	}
	engine, err := o.cluster.shiftEngine(ctx, balancer, store)
	if err != nil {
		return nil, err
	}
	engine.Acquire = func(ctx context.Context) (shift.Lease, error) {
		return o.cluster.shiftLock(ctx, engine, lock.Shift, shiftLease)
	}
	return engine, nil
}

// shiftStore keeps the records of the namespace.
func (c *cluster) shiftStore() (*shift.Store, error) {
	client, err := c.clientset()
	if err != nil {
		return nil, err
	}
	namespace, err := c.namespace()
	if err != nil {
		return nil, err
	}
	return &shift.Store{Client: client, Namespace: namespace}, nil
}

// shiftEngine makes an engine that has no lease yet.
func (c *cluster) shiftEngine(ctx context.Context, balancer *shiftBalancer, store *shift.Store) (*shift.Engine, error) {
	shifter, err := balancer.open(ctx, c)
	if err != nil {
		return nil, err
	}
	holder, err := holder()
	if err != nil {
		return nil, err
	}
	return &shift.Engine{Shifter: shifter, Store: store, LoadBalancer: balancer.value, Identity: balancer.identity, Sides: balancer.sides, Holder: holder, Now: time.Now}, nil
}

// shiftLock takes the lease of the namespace.
func (c *cluster) shiftLock(ctx context.Context, e *shift.Engine, purpose lock.Purpose, duration time.Duration) (shift.Lease, error) {
	return lock.Acquire(ctx, lock.Config{
		Client: e.Store.Client, Namespace: e.Store.Namespace, Holder: e.Holder, Purpose: purpose, Duration: duration, Now: time.Now, After: time.After,
		Watching: func(holder string, during time.Duration) {
			fmt.Fprintf(c.streams.ErrOut, "waiting %s to see that %s is dead\n", short(during), holder)
		},
	})
}

// choose returns the load balancer of the flags, or of the one shift that has begun.
func (f *shiftBalancerFlags) choose(ctx context.Context, store *shift.Store) (*shiftBalancer, error) {
	if f.given != nil {
		return f.given, nil
	}
	records, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(r *shift.Record) bool { return !r.Active() })
	switch len(records) {
	case 0:
		return nil, usageError("no shift has begun in namespace %s: name the load balancer with --lb, or the namespace with -n", store.Namespace)
	case 1:
		return parseShiftBalancer(records[0].LoadBalancer, records[0].Sides)
	}
	text := fmt.Sprintf("%d shifts have begun in namespace %s: say which one is meant", len(records), store.Namespace)
	for _, r := range records {
		text += "\n  " + (&shiftBalancer{value: r.LoadBalancer, sides: r.Sides}).flags()
	}
	return nil, usageError("%s", text)
}

func (o *shiftOptions) run(ctx context.Context) error {
	engine, err := o.engine(ctx)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(ctx, o.request)
	if err != nil {
		return err
	}
	out := o.cluster.streams.Out
	fmt.Fprintf(out, "Shift   %s: %s -> %s\n", plan.Facts.Name, plan.From, o.target(plan))
	fmt.Fprintf(out, "Record  configmap %s\n", engine.Store.Name(plan.Record.ID))
	for _, warning := range plan.Warnings {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Warning: %s\n", warning)
	}
	for _, change := range plan.Changes {
		fmt.Fprintln(out, printers.EscapeTerminal(change.Part))
		for _, line := range changeLines(change) {
			fmt.Fprintln(out, "  "+printers.EscapeTerminal(line))
		}
	}
	if o.kind != repair.Real {
		fmt.Fprintf(out, "%s not made%s\n", plural(len(plan.Changes), "change"), dryRunSuffix(o.kind))
		return nil
	}
	if err := ui.Confirm(o.cluster.streams, o.yes, "Shift?"); err != nil {
		return err
	}
	// A step that was begun is finished: the first interrupt does not tear it.
	record, err := engine.Do(context.WithoutCancel(ctx), o.request, plan)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s made\nNext: %s\n", plural(len(plan.Changes), "change"), nextAfterShift(record))
	return nil
}

// changeLines say what becomes of a part.
func changeLines(change lb.Change) []string {
	switch {
	case change.From == nil:
		return []string{"added"}
	case change.To == nil:
		return []string{"removed"}
	}
	var lines []string
	for _, difference := range lb.Differences(change.From, change.To) {
		lines = append(lines, difference.String())
	}
	return lines
}

func (o *shiftOptions) target(plan *shift.Plan) string {
	if o.request.Undo {
		return "as it was"
	}
	return plan.To.String()
}

// nextAfterShift is what most people do then. Weights go up in the steps that others use
// for canaries.
func nextAfterShift(r *shift.Record) string {
	if r.Phase == shift.Undone {
		return "nothing; the load balancer is as it was"
	}
	if r.Phase == shift.Finished {
		return "watch it for some days; going back is " + displayName + " shift undo"
	}
	if r.Split.Weight == 100 {
		return displayName + " shift finish; going back is " + displayName + " shift undo"
	}
	next := 100
	for _, step := range []int{50, 25, 5, 1} {
		if step > r.Split.Weight {
			next = step
		}
	}
	return fmt.Sprintf("%s verify, then %s shift weight %d; going back is %s shift undo", displayName, displayName, next, displayName)
}

// shiftError gives an error of a step its exit status.
func shiftError(err error) error {
	var drift *shift.DriftError
	var unhealthy *shift.UnhealthyError
	switch {
	case errors.As(err, &drift):
		return withStatus(StatusStopped, err)
	case errors.As(err, &unhealthy):
		return withStatus(StatusStopped, fmt.Errorf("%w; nothing was changed\nNext: see to that, then the same command again; --min-healthy lowers what is asked", err))
	}
	return clusterError(err)
}
