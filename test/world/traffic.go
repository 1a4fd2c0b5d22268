package world

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
)

// rounds is how often each request is asked for the baseline; more than once
// shows answers that are not steady by themselves.
const rounds = 3

// Baseline asks the old controller, through the balancer, for the answers that
// must not change, and returns the client to ask with. It also ends the wait for
// the first routes: /ping is good before them.
func (w *World) Baseline(ctx context.Context) (*load.Baseline, *http.Client, error) {
	client := load.Client(w.Balancer.Address(), w.secure)
	requests := w.workload.Requests
	// Every node has loaded every route when none of many rounds meets a 404.
	quick := slices.DeleteFunc(slices.Clone(requests), func(r load.Request) bool { return strings.Contains(r.URL, "sleep=") })
	if err := Poll(ctx, "all routes on all nodes", func() error {
		_, err := load.Record(ctx, client, quick, 3*len(w.Sandbox.Nodes()))
		return err
	}); err != nil {
		return nil, nil, err
	}
	recorded, err := load.Record(ctx, client, requests, rounds)
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(w.Out, "  %d kinds of requests recorded\n", len(requests))
	return recorded, client, nil
}
