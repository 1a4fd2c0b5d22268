package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// The commands of cutover and rollback where the cutover is one by weights.

func (c *cluster) planParallel(ctx context.Context, move *moveFlags, flags *parallelFlags, output *reportFlags) error {
	engine, _, err := c.newParallel(ctx, move, flags)
	if err != nil {
		return err
	}
	// What is only looked at may belong to somebody else.
	engine.AcceptOwner = true
	plan, err := engine.Plan(ctx)
	if err != nil {
		return shiftError(err)
	}
	if !output.screen() {
		return output.show(c.streams.Out, plan)
	}
	c.showParallelPlan(plan, engine.Settings)
	fmt.Fprintf(c.streams.Out, "Next: %s cutover run, with the same flags\n", displayName)
	return nil
}

func (o *cutoverRunOptions) runParallel(ctx context.Context, kind repair.DryRun) error {
	c := o.cluster
	engine, running, err := c.newParallel(ctx, &o.move, &o.parallel)
	if err != nil {
		return err
	}
	engine.AcceptOwner = o.judge.acceptOwner
	if err := c.noNodesMoving(ctx, engine); err != nil {
		return err
	}
	if err := c.routesExist(ctx, &o.judge, &o.conversion); err != nil {
		return err
	}
	plan, err := engine.Plan(ctx)
	if err != nil {
		return shiftError(err)
	}
	c.showParallelPlan(plan, engine.Settings)
	if kind == repair.Client {
		fmt.Fprintf(c.streams.Out, "cutover not begun%s\n", dryRunSuffix(kind))
		return nil
	}
	if err := ui.Confirm(c.streams, o.move.yes, "Shift all requests to the new proxy?"); err != nil {
		return err
	}
	return moved(ctx, engine.Run(running))
}

// noNodesMoving refuses to begin while nodes are being moved between the same proxies.
func (c *cluster) noNodesMoving(ctx context.Context, e *parallel.Engine) error {
	picture, err := (&fleet.Reader{Client: e.Shift.Store.Client, Now: e.Clock.Now}).Read(ctx)
	var unknown *fleet.NotFoundError
	switch {
	case errors.As(err, &unknown):
		return nil // there are no two DaemonSets between which nodes could move
	case err != nil:
		return clusterError(err)
	}
	if id := cutover.ID(picture); id != "" {
		return fmt.Errorf("cutover %s moves nodes (%s): finish it, or go back with %s rollback --all, before requests are shifted", id, cutover.PhaseText(picture), displayName)
	}
	return nil
}

// routesExist refuses to begin while Ingresses lack their routes.
func (c *cluster) routesExist(ctx context.Context, judge *judgeFlags, conversion *conversionFlags) error {
	if slices.Contains(judge.accept, preflight.CodeScan) {
		return nil
	}
	facts := scanFacts(c.scan(ctx, conversion, source.Scope{}, scan.Verdicts))
	switch {
	case facts.Failed != "":
		return fmt.Errorf("it cannot be told whether all Ingresses have their routes: %s; --accept %s goes on without", facts.Failed, preflight.CodeScan)
	case !facts.Clean:
		return fmt.Errorf("not all Ingresses have their routes: %s; nothing was changed\nNext: %s, or --accept %s", facts.Text, facts.Next, preflight.CodeScan)
	}
	return nil
}

func (c *cluster) resumeParallel(ctx context.Context, r *shift.Record, move *moveFlags, flags *parallelFlags) error {
	engine, running, err := c.recordedParallel(ctx, r, move, flags)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.streams.Out, "Cutover    %s: %s\n", r.LoadBalancer, parallel.PhaseText(r))
	if err := ui.Confirm(c.streams, move.yes, "Go on?"); err != nil {
		return err
	}
	return moved(ctx, engine.Resume(running))
}

func (c *cluster) pauseParallel(ctx context.Context, r *shift.Record) error {
	store, err := c.shiftStore()
	if err != nil {
		return err
	}
	holder, err := leaseHolder(ctx, store)
	switch {
	case err != nil:
		return err
	case holder == nil:
		return fmt.Errorf("the cutover by weights is not running (%s): see %s status", parallel.PhaseText(r), displayName)
	case !holder.Purpose.Obeys():
		return fmt.Errorf("%s is at the load balancer (%s), which cannot be asked to stop and ends by itself: see %s status", holder.Holder, holder.Purpose, displayName)
	}
	if err := store.Request(ctx, r.ID, journal.RequestPause); err != nil {
		return clusterError(err)
	}
	fmt.Fprintf(c.streams.Out, "pause asked for; the weight stays as it is\nNext: %s status -w\n", displayName)
	return nil
}

// leaseHolder is who works at the load balancers of a namespace; nil when nobody does.
func leaseHolder(ctx context.Context, store *shift.Store) (*lock.HeldError, error) {
	lease, err := store.Client.CoordinationV1().Leases(store.Namespace).Get(ctx, lock.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, clusterError(fmt.Errorf("reading the lease %s/%s: %w", store.Namespace, lock.Name, err))
	}
	return lock.Held(lease, time.Now()), nil
}

func (c *cluster) abortParallel(ctx context.Context, r *shift.Record, move *moveFlags) error {
	engine, running, err := c.recordedParallel(ctx, r, move, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.streams.Out, "Cutover    %s: %s\n", r.LoadBalancer, parallel.PhaseText(r))
	if err := ui.Confirm(c.streams, move.yes, "Give it up, with no request for the new proxy?"); err != nil {
		return err
	}
	asked, err := engine.Abort(running)
	return c.aborted(ctx, asked, err)
}

// aborted tells how an abort ended.
func (c *cluster) aborted(ctx context.Context, asked bool, err error) error {
	var stopped *cutover.Stopped
	switch {
	case asked && err == nil:
		fmt.Fprintf(c.streams.Out, "abort asked for; the engine that runs does it\nNext: %s status -w\n", displayName)
		return nil
	case errors.As(err, &stopped) && stopped.Interrupted:
		fmt.Fprintf(c.streams.Out, "%s\nNext: %s\n", stopped.Reason, stopped.Next)
		return nil
	}
	return moved(ctx, err)
}

func (c *cluster) rollbackParallel(ctx context.Context, r *shift.Record, move *moveFlags) error {
	engine, running, err := c.recordedParallel(ctx, r, move, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.streams.Out, "Back       %s: %s; all requests go to the old proxy, in one step\n", r.LoadBalancer, parallel.PhaseText(r))
	if err := ui.Confirm(c.streams, move.yes, "Go back?"); err != nil {
		return err
	}
	return moved(ctx, engine.Rollback(running))
}

// addParallel tells of the cutover by weights of the namespace at a moment, if there is one
// that may be seen.
func (c *cluster) addParallel(ctx context.Context, s *cutover.Status, now time.Time) {
	r, store, err := c.byWeights(ctx)
	if err != nil || r == nil {
		return
	}
	holder, err := leaseHolder(ctx, store)
	running := err == nil && holder != nil && holder.Holder == r.Holder
	s.Parallel = parallel.StatusOf(r, running, now)
	if r.UnderWay() || r.Retiring != nil || s.Migration.ID == "" {
		s.Next = s.Parallel.Next
	}
	if why, _, _ := strings.Cut(s.Parallel.Stopped, "\n"); why != "" && !running { // all of it is in the report
		s.Problems = append([]cutover.Problem{{Object: "cutover by weights", What: why}}, s.Problems...)
	}
}
