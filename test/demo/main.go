// The demo moves a cluster from Traefik 1.7 to Traefik 2.11 and back, node by
// node, under load, on real parts: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, both Traefiks and HAProxy run on this machine's loopback.
// It fails unless no request was lost and no answer changed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
)

func main() {
	nodes := flag.Int("nodes", 4, "Edge nodes")
	rate := flag.Int("rate", 100, "Requests per second")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := demo(ctx, *nodes, *rate)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

// away is how long the killed node stays without power.
const away = 20 * time.Second

func demo(ctx context.Context, nodes, rate int) error {
	if nodes < 3 {
		return fmt.Errorf("--nodes=%d: at least 3 are needed, or one would serve alone", nodes)
	}
	began := time.Now()
	title := func(format string, args ...any) {
		fmt.Printf("\n== %s  (%s)\n", fmt.Sprintf(format, args...), time.Since(began).Round(time.Second))
	}
	title("A cluster of %d edge nodes on Traefik 1.7, behind a balancer", nodes)
	w, err := start(ctx, os.Stdout, nodes)
	if err != nil {
		return err
	}
	defer w.close()

	title("What there is to do")
	if err := w.scanBefore(ctx); err != nil {
		return err
	}
	title("The webhook: from now on every applied Ingress has its IngressRoute")
	if err := w.installWebhook(ctx); err != nil {
		return err
	}
	if err := w.scanUntilClean(ctx); err != nil {
		return err
	}
	title("%d requests per second, a quarter of them one second long", rate)
	baseline, client, err := w.baseline(ctx)
	if err != nil {
		return err
	}
	r := &result{nodes: nodes, floor: nodes - 1}
	if r.weightsBefore, err = w.weights(ctx, client); err != nil {
		return err
	}
	traffic, err := load.Start(client, rate, baseline)
	if err != nil {
		return err
	}
	watch := w.watchFloor(ctx)
	err = w.migrate(ctx, title, &r.seconds)
	r.least = watch.stop()
	r.report = traffic.Stop()
	if err == nil {
		r.weightsAfter, err = w.weights(ctx, client)
	}
	title("Result")
	r.print(os.Stdout)
	if err != nil {
		return err
	}
	return r.verdict()
}

// migrate goes forward with a node lost on the way, back, and forward again.
func (w *world) migrate(ctx context.Context, title func(string, ...any), seconds *secondsPerNode) error {
	w.modern.tee = seconds
	title("Traefik 2.11 arrives; its pods wait for the ports")
	if err := w.applyTraefik2(ctx); err != nil {
		return err
	}
	victim := w.sandbox.Nodes()[2].Name
	title("Forward, node by node; %s is killed while it is switched", victim)
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return w.cutover(both) })
	group.Go(func() error { return w.killWhileSwitched(both, victim, away) })
	if err := group.Wait(); err != nil {
		return err
	}
	title("Pods that were stuck or are of an old generation")
	if err := w.recycle(ctx); err != nil {
		return err
	}
	title("All the way back")
	if err := w.rollback(ctx); err != nil {
		return err
	}
	title("And forward again")
	return w.cutover(ctx)
}
