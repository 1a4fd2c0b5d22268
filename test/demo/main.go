// The demo moves a cluster from Traefik 1.7 to Traefik 2.11 and back, node by
// node, under load, on real parts: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, both Traefiks and HAProxy run on this machine's loopback.
// It fails unless no request was lost and no answer changed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/workload"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
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
	s, err := begin(ctx, os.Stdout, nodes)
	if err != nil {
		return err
	}
	defer s.Close()

	title("What there is to do")
	if err := s.scanBefore(ctx); err != nil {
		return err
	}
	title("The webhook: from now on every applied Ingress has its IngressRoute")
	if err := s.installWebhook(ctx); err != nil {
		return err
	}
	if err := s.scanUntilClean(ctx); err != nil {
		return err
	}
	title("%d requests per second, a quarter of them one second long", rate)
	baseline, client, err := s.Baseline(ctx)
	if err != nil {
		return err
	}
	r := &result{nodes: nodes, floor: nodes - 1}
	if r.weightsBefore, err = s.weights(ctx, client); err != nil {
		return err
	}
	traffic, err := load.Start(client, rate, baseline)
	if err != nil {
		return err
	}
	watch := s.WatchFloor(ctx)
	err = s.migrate(ctx, title, &r.moves)
	r.least = watch.Stop()
	r.report = traffic.Stop()
	if err == nil {
		r.weightsAfter, err = s.weights(ctx, client)
	}
	title("Result")
	r.print(os.Stdout)
	if err != nil {
		return err
	}
	return r.verdict()
}

// story is the demo's: a world of shops.
type story struct {
	*world.World
	shops *workload.Workload
}

// begin brings up the cluster and its edge on story S3's DaemonSet, with the
// Ingresses that are older than the migration.
func begin(ctx context.Context, out io.Writer, nodes int) (*story, error) {
	shops, err := workload.Shops()
	if err != nil {
		return nil, err
	}
	w, err := world.Start(ctx, world.Options{Out: out, Nodes: nodes, Workload: shops})
	if err != nil {
		return nil, err
	}
	if err := onTraefik1(ctx, w, shops); err != nil {
		w.Close()
		return nil, err
	}
	return &story{World: w, shops: shops}, nil
}

func onTraefik1(ctx context.Context, w *world.World, shops *workload.Workload) error {
	deployment, err := edge.Traefik1(world.EdgeOptions())
	if err != nil {
		return err
	}
	if err := w.ApplyEdge(ctx, deployment); err != nil {
		return err
	}
	if err := w.ApplyOld(ctx, shops.Before...); err != nil {
		return err
	}
	return w.StartBalancer(ctx)
}

// migrate goes forward with a node lost on the way, back, and forward again.
func (s *story) migrate(ctx context.Context, title func(string, ...any), moves *world.Moves) error {
	s.Operator.Tee = moves
	title("Traefik 2.11 arrives; its pods wait for the ports")
	if err := s.applyTraefik2(ctx); err != nil {
		return err
	}
	victim := s.Sandbox.Nodes()[2].Name
	title("Forward, node by node; %s is killed while it is switched", victim)
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return s.cutover(both) })
	group.Go(func() error { return s.killWhileSwitched(both, victim, away) })
	if err := group.Wait(); err != nil {
		return err
	}
	title("Pods that were stuck or are of an old generation")
	if err := s.recycle(ctx); err != nil {
		return err
	}
	title("All the way back")
	if err := s.rollback(ctx); err != nil {
		return err
	}
	title("And forward again")
	return s.cutover(ctx)
}
