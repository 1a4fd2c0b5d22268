// The e2e program moves clusters from one ingress controller to another and back,
// node by node, under load, on real parts: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, the controllers and HAProxy run on this
// machine's loopback, and the plugin's own commands do the work. It fails unless,
// in every migration, no request was lost, no answer changed, and enough nodes
// served at any moment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

func main() {
	known := pairs()
	var names []string
	for _, p := range known {
		names = append(names, p.name)
	}
	chosen := flag.String("pairs", strings.Join(names, ","), "Migrations, in this order")
	nodes := flag.Int("nodes", 4, "Edge nodes")
	rate := flag.Int("rate", 200, "Requests per second")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, known, strings.Split(*chosen, ","), *nodes, *rate)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v\n", err)
		os.Exit(1)
	}
}

// run goes on after a migration that failed: the others say something, too.
func run(ctx context.Context, known []pair, chosen []string, nodes, rate int) error {
	if nodes < 3 {
		return fmt.Errorf("--nodes=%d: at least 3 are needed, or one would serve alone", nodes)
	}
	var results []*result
	var errs []error
	for _, name := range chosen {
		i := slices.IndexFunc(known, func(p pair) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("--pairs: there is no migration %q", name)
		}
		r, err := migrate(ctx, known[i], nodes, rate)
		results = append(results, r)
		if err == nil {
			err = r.verdict()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			r.failed = true
		}
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Println()
	printAll(os.Stdout, results)
	return errors.Join(errs...)
}

// migrate plays one migration, there and back, on a cluster of its own.
func migrate(ctx context.Context, p pair, nodes, rate int) (*result, error) {
	began := time.Now()
	title := func(format string, args ...any) {
		fmt.Printf("\n== %s: %s  (%s)\n", p.name, fmt.Sprintf(format, args...), time.Since(began).Round(time.Second))
	}
	r := &result{name: p.name, nodes: nodes, floor: nodes - 1}
	load, err := p.workload()
	if err != nil {
		return r, err
	}
	title("a cluster of %d edge nodes on %s, behind a balancer", nodes, p.old)
	w, err := world.Start(ctx, world.Options{Out: os.Stdout, Nodes: nodes, Workload: load})
	if err != nil {
		return r, err
	}
	defer w.Close()
	if err := applyAll(ctx, w, load); err != nil {
		return r, err
	}
	if err := inOrder(ctx, w, p.before); err != nil {
		return r, err
	}
	if err := w.StartBalancer(ctx); err != nil {
		return r, err
	}
	if p.runbook != "" {
		title("to %s as %s says, under %d requests per second, a quarter of them one second long", p.new, p.runbook, rate)
		return r, r.follow(ctx, w, p, rate)
	}
	title("routes for %s, and its DaemonSet, whose pods wait for the ports", p.new)
	if err := inOrder(ctx, w, p.arrive); err != nil {
		return r, err
	}
	title("%d requests per second, a quarter of them one second long", rate)
	stop, err := r.measure(ctx, w, rate)
	if err != nil {
		return r, err
	}
	defer stop()
	title("forward, node by node")
	w.Operator.Tee = &r.forward
	strategy, err := p.strategy(ctx, w)
	if err != nil {
		return r, err
	}
	if err := w.Operator.Run(ctx, nil, slices.Concat([]string{"ingress-migrate", "cutover", "run", "--yes"}, strategy, p.conversion, world.Pace())...); err != nil {
		return r, err
	}
	title("all the way back")
	w.Operator.Tee = &r.back
	return r, w.Operator.Run(ctx, nil, "ingress-migrate", "rollback", "--all", "--yes")
}
