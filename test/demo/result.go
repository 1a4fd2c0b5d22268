package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// result is what the demo measured.
type result struct {
	nodes, floor, least         int
	moves                       world.Moves
	weightsBefore, weightsAfter split
	report                      *probe.Report
}

func (r *result) print(out io.Writer) {
	for _, event := range r.report.Events {
		fmt.Fprintf(out, "  %s\n", event)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		fmt.Fprintf(table, "  %s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	row("requests sent", "%d in %s", r.report.Sent, r.report.Ended.Sub(r.report.Began).Round(time.Second))
	row("lost", "%d", r.report.Lost)
	row("changed answers", "%d", r.report.Changed)
	row("latency p50, p99", "%s, %s", r.quantile(50), r.quantile(99))
	row("nodes", "%d, moved %d times", r.nodes, len(r.moves.All()))
	row("seconds per node", "%s", secondsPerNode(r.moves.All()))
	row("fewest nodes serving", "%d of %d (floor %d, never broken: %t)", r.least, r.nodes, r.floor, r.least >= r.floor)
	row("weights of pay/canary", "%s before, %s after", r.weightsBefore, r.weightsAfter)
	table.Flush()
}

func (r *result) quantile(q float64) time.Duration {
	return r.report.Quantile(q).Round(time.Millisecond)
}

// verdict is an error unless nothing was lost and nothing changed.
func (r *result) verdict() error {
	errs := world.Faults(r.report, r.least, r.floor)
	// Each node is somewhere inside its round of ten when the counting begins.
	if off := r.weightsAfter.canary - r.weightsBefore.canary; off > int64(r.nodes) || -off > int64(r.nodes) {
		errs = append(errs, fmt.Errorf("weights were %s and are %s", r.weightsBefore, r.weightsAfter))
	}
	return errors.Join(errs...)
}

// split is how many of a number of requests went to either Service.
type split struct{ myapp, canary int64 }

func (s split) String() string { return fmt.Sprintf("%d:%d", s.myapp, s.canary) }

// weights asks story S3's host often enough for whole rounds of the balancer and
// of the weights: 10 requests for each node, 20 times.
func (s *story) weights(ctx context.Context, client *http.Client) (split, error) {
	count := func() split { return split{s.Apps.Served("pay", "myapp"), s.Apps.Served("pay", "myapp-canary")} }
	before := count()
	for range 10 * len(s.Sandbox.Nodes()) * 20 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://myapp.pay.test/", nil)
		if err != nil {
			return split{}, err
		}
		response, err := client.Do(request)
		if err != nil {
			return split{}, fmt.Errorf("asking for the weights: %w", err)
		}
		response.Body.Close()
	}
	after := count()
	return split{after.myapp - before.myapp, after.canary - before.canary}, nil
}

// secondsPerNode sums up how long moves took.
func secondsPerNode(moves []world.Move) string {
	if len(moves) == 0 {
		return "none"
	}
	slices.SortFunc(moves, func(a, b world.Move) int { return cmp.Compare(a.Took, b.Took) })
	at := func(i int) float64 { return moves[i].Took.Seconds() }
	return fmt.Sprintf("%.1f fastest, %.1f median, %.1f slowest", at(0), at(len(moves)/2), at(len(moves)-1))
}
