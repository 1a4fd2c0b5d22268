package main

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

// divided are the hosts whose requests go to several Services by weight.
var divided = map[string][]string{
	"myapp.pay.test": {"pay/myapp", "pay/myapp-canary"},
	"both.tv.test":   {"tv/epg", "tv/player"},
}

// baseline asks Traefik 1.7, through the balancer, for the answers that must not
// change. It also ends the wait for the first routes: /ping is good before them.
func (w *world) baseline(ctx context.Context) (*load.Baseline, *http.Client, error) {
	requests, err := readRequests()
	if err != nil {
		return nil, nil, err
	}
	client := load.Client(w.balancer.Address(), w.secure)
	// Every node has loaded every route when none of many rounds meets a 404.
	quick := slices.DeleteFunc(slices.Clone(requests), func(r load.Request) bool { return strings.Contains(r.URL, "sleep=") })
	if err := poll(ctx, "all routes on all nodes", func() error {
		_, err := load.Record(ctx, client, quick, 3*len(w.sandbox.Nodes()))
		return err
	}); err != nil {
		return nil, nil, err
	}
	recorded, err := load.Record(ctx, client, requests, rounds)
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(w.out, "  %d kinds of requests recorded\n", len(requests))
	return recorded, client, nil
}
