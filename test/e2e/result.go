package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// result is what was measured of one migration.
type result struct {
	name                string
	nodes, floor, least int
	forward, back       world.Moves
	report              *probe.Report // nil: it never came to the load
	failed              bool
}

// measure puts load on the cluster until stop.
func (r *result) measure(ctx context.Context, w *world.World, rate int) (stop func(), err error) {
	baseline, client, err := w.Baseline(ctx)
	if err != nil {
		return nil, err
	}
	traffic, err := load.Start(client, rate, baseline)
	if err != nil {
		return nil, err
	}
	floor := w.WatchFloor(ctx)
	return func() {
		r.least = floor.Stop()
		r.report = traffic.Stop()
	}, nil
}

// verdict is an error unless nothing was lost, nothing changed, enough nodes
// served and every node was moved there and back.
func (r *result) verdict() error {
	if r.report == nil {
		return errors.New("no load was sent")
	}
	errs := world.Faults(r.report, r.least, r.floor)
	for _, moves := range []*world.Moves{&r.forward, &r.back} {
		if n := len(moves.All()); n != r.nodes {
			errs = append(errs, fmt.Errorf("%d of %d nodes were moved", n, r.nodes))
		}
	}
	return errors.Join(errs...)
}

// slack is how much longer than its waiting a move may take.
const slack = 1.15

// bound of one move: the leaving proxy's drain and grace, the balancer's
// up-threshold and the soak.
func bound(soak time.Duration) time.Duration {
	edge, check := world.EdgeOptions(), world.Check()
	up := time.Duration(check.Rise) * check.Interval
	return time.Duration(slack * float64(edge.AcceptGrace+edge.FinishGrace+up+soak))
}

// printAll shows every migration, every move against its bound, and what was
// lost or changed.
func printAll(out io.Writer, results []*result) {
	for _, r := range results {
		if r.report == nil {
			r.report = &probe.Report{}
		}
		for _, event := range r.report.Events {
			fmt.Fprintf(out, "%s  %s\n", r.name, event)
		}
	}
	moves := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(moves, "MIGRATION\tWAY\tNODE\tTOOK\tBOUND\t")
	for _, r := range results {
		// The first node forward is the canary, which is watched for longer.
		for i, m := range r.forward.All() {
			soak := world.Soak
			if i == 0 {
				soak = world.CanarySoak
			}
			printMove(moves, r.name, "forward", m, bound(soak))
		}
		for _, m := range r.back.All() {
			printMove(moves, r.name, "back", m, bound(0)) // the old proxy is not watched
		}
	}
	moves.Flush()
	fmt.Fprintln(out)
	sums := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(sums, "MIGRATION\tREQUESTS\tIN\tLOST\tCHANGED\tP50\tP99\tFEWEST SERVING\tRESULT")
	for _, r := range results {
		word := "ok"
		if r.failed {
			word = "FAILED"
		}
		fmt.Fprintf(sums, "%s\t%d\t%s\t%d\t%d\t%s\t%s\t%d of %d (floor %d)\t%s\n", r.name, r.report.Sent, r.report.Ended.Sub(r.report.Began).Round(time.Second),
			r.report.Lost, r.report.Changed, r.quantile(50), r.quantile(99), r.least, r.nodes, r.floor, word)
	}
	sums.Flush()
}

func printMove(out io.Writer, name, way string, m world.Move, bound time.Duration) {
	over := ""
	if m.Took > bound {
		over = "over"
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%.1fs\t%.1fs\t%s\n", name, way, m.Node, m.Took.Seconds(), bound.Seconds(), over)
}

func (r *result) quantile(q float64) time.Duration {
	return r.report.Quantile(q).Round(time.Millisecond)
}
