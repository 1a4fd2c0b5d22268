package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/balancer"
)

// front is a load balancer before the nodes of a lane, and clients who ask it for a route
// all the time.
type front struct {
	balancer.Balancer

	mu    sync.Mutex
	asked int
	lost  []string
}

// clients is how many ask at the same time, one request after the other.
const clients = 4

func newFront(l *lane) *front {
	l.T.Helper()
	options := balancer.Options{
		// A busy machine must not look like a node that is gone: nothing here depends on
		// the checks being quick.
		Check:               balancer.Check{Interval: 50 * time.Millisecond, Timeout: 5 * time.Second, Rise: 1, Fall: 20},
		DeregistrationDelay: time.Minute,
	}
	for _, name := range l.names {
		options.Targets = append(options.Targets, balancer.Target{Name: name, Address: l.address(name)})
	}
	b, err := balancer.StartALB(options)
	l.Must(err)
	f := &front{Balancer: b}
	ctx, end := context.WithCancel(context.Background())
	var group sync.WaitGroup
	l.T.Cleanup(func() {
		end()
		group.Wait()
		if err := b.Stop(); err != nil {
			l.T.Error(err)
		}
		l.T.Logf("%d requests", f.asked)
	})
	l.Eventually("the load balancer uses every node", func() error {
		stats, err := b.Stats(ctx)
		if err != nil {
			return err
		}
		for _, s := range stats {
			if s.State != balancer.Healthy {
				return fmt.Errorf("%s is %s", s.Target, s.State)
			}
		}
		return nil
	})
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	for range clients {
		group.Go(func() {
			for ctx.Err() == nil {
				f.ask(ctx, client)
				select {
				case <-ctx.Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
	return f
}

func (f *front) ask(ctx context.Context, client *http.Client) {
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, "http://"+f.Address()+"/", nil)
	if err != nil {
		panic(err) // an address of our own
	}
	request.Host = "shop.test"
	said := ""
	response, err := client.Do(request)
	if err != nil {
		said = err.Error()
	} else {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			said = response.Status
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if said != "" {
		f.lost = append(f.lost, time.Now().Format("15:04:05.000 ")+said)
	}
}

// quiet wants every node to be in rotation, and no request to have been lost.
func (f *front) quiet(l *lane, when string) {
	l.T.Helper()
	stats, err := f.Stats(l.T.Context())
	l.Must(err)
	for _, s := range stats {
		if s.State != balancer.Healthy {
			l.T.Errorf("%s: the load balancer says that %s is %s", when, s.Target, s.State)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lost) > 0 {
		l.T.Errorf("%s: %d of %d requests were lost: %v", when, len(f.lost), f.asked, f.lost)
	}
}

// onlyOf wants only requests to have been lost that were sent to a node, and counts them
// apart: it was killed.
func (f *front) onlyOf(l *lane, node string) {
	l.T.Helper()
	stats, err := f.Stats(l.T.Context())
	l.Must(err)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range stats {
		switch {
		case s.Target != node && s.Errors > 0:
			l.T.Errorf("%d requests were lost at %s, which lived", s.Errors, s.Target)
		case s.Target == node && int64(len(f.lost)) > s.Errors:
			l.T.Errorf("%d of %d requests were lost, %d of them at %s, which was killed: %v", len(f.lost), f.asked, s.Errors, node, f.lost)
		case s.Target == node:
			l.T.Logf("%d of %d requests were lost at %s, which was killed", len(f.lost), f.asked, node)
		}
	}
	f.lost = nil
}

// drainer is the load balancer as an engine sees it: whose engine is dead asks it nothing.
type drainer struct {
	front *front
	of    *transport
}

func (d *drainer) Describe(context.Context) (lb.Facts, error) { return lb.Facts{Name: "test"}, nil }

func (d *drainer) Drain(ctx context.Context, t lb.Target) error {
	if d.of.isDead() {
		return context.Canceled
	}
	return d.front.Deregister(ctx, t.Node)
}

func (d *drainer) Undrain(ctx context.Context, t lb.Target) error {
	if d.of.isDead() {
		return context.Canceled
	}
	return d.front.Register(ctx, t.Node)
}

func (d *drainer) State(ctx context.Context, t lb.Target) (lb.State, string, error) {
	if d.of.isDead() {
		return lb.Unknown, "", context.Canceled
	}
	stats, err := d.front.Stats(ctx)
	if err != nil {
		return lb.Unknown, "", err
	}
	for _, s := range stats {
		if s.Target != t.Node {
			continue
		}
		switch s.State {
		case balancer.Healthy:
			return lb.InService, "", nil
		case balancer.Initial:
			return lb.Initial, "", nil
		case balancer.Draining:
			return lb.Draining, fmt.Sprintf("%d requests are under way", s.InFlight), nil
		case balancer.Unused:
			return lb.Out, "", nil
		}
		return lb.Unhealthy, "", nil
	}
	return lb.Unknown, "no such target", nil
}
