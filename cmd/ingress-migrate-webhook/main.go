// ingress-migrate-webhook runs in the cluster: it judges Ingresses when they are
// applied and writes their Traefik routes when they are stored.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/setup"
)

func main() {
	spareMemory()
	os.Exit(run(os.Args[1:], os.Getenv, os.Stderr))
}

func run(args []string, getenv func(string) string, stderr io.Writer) int {
	o, err := parse(args, getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 2
	}
	log := logr.FromSlogHandler(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: o.logLevel}))
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	config, err := o.config(log)
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\n", err)
		return 2
	}
	ctx, stop := leave(o.shutdownDelay, log)
	defer stop()
	if err := setup.Run(ctx, config); err != nil && ctx.Err() == nil {
		log.Error(err, "stopped")
		return 1
	}
	return 0
}

// leave returns a context that ends some time after the process is asked to go.
// The time is for the others to learn that this pod is no endpoint any more;
// until then it goes on serving. A preStop hook would need either Kubernetes 1.30
// or a shell in the image.
func leave(delay time.Duration, log logr.Logger) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			log.Info("asked to stop, serving on until endpoints have followed", "signal", s.String(), "for", delay.String())
		}
		select {
		case <-time.After(delay):
		case <-signals: // a second one is a wish to go at once
		}
		cancel()
	}()
	return ctx, cancel
}
