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

func demo(ctx context.Context, nodes, rate int) error {
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
	traffic := load.Start(client, rate, baseline)
	time.Sleep(10 * time.Second)
	report := traffic.Stop()
	fmt.Println(report.Sent, report.Lost, report.Changed)
	for _, e := range report.Events {
		fmt.Println(e)
	}
	return nil
}
