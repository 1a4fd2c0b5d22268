package balancer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// alb balances as an application load balancer of a cloud provider does: a
// target gets requests after its first good check, or Rise of them once it has
// failed; if no target is healthy all are used (fail open); a deregistered one
// finishes what is under way within the deregistration delay.
type alb struct {
	options  Options
	listener net.Listener
	tls      net.Listener
	server   *http.Server
	end      context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	targets []*albTarget
	next    int
}

// StartALB starts the Go balancer and returns when it serves; its first checks
// are then under way.
func StartALB(o Options) (Balancer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	a := &alb{options: o, end: end}
	for _, target := range o.Targets {
		a.targets = append(a.targets, newALBTarget(target))
	}
	if a.listener, err = net.Listen("tcp", o.Listen); err != nil {
		end()
		return nil, fmt.Errorf("balancer: %w", err)
	}
	if o.ListenTLS != "" {
		if a.tls, err = net.Listen("tcp", o.ListenTLS); err != nil {
			end()
			return nil, errors.Join(fmt.Errorf("balancer: %w", err), a.listener.Close())
		}
		a.running.Go(func() { a.serveTLS(ctx) })
	}
	a.server = &http.Server{Handler: a, IdleTimeout: time.Minute}
	a.running.Go(func() { a.server.Serve(a.listener) }) // ends with Stop
	for _, target := range a.targets {
		a.running.Go(func() { a.check(ctx, target) })
	}
	return a, nil
}

func (a *alb) Address() string { return a.listener.Addr().String() }

func (a *alb) Stop() error {
	a.end()
	err := a.server.Close()
	if a.tls != nil {
		err = errors.Join(err, a.tls.Close())
	}
	a.running.Wait()
	for _, target := range a.targets {
		target.transport.CloseIdleConnections()
	}
	return err
}

func (a *alb) Stats(context.Context) ([]Stat, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	stats := make([]Stat, len(a.targets))
	for i, target := range a.targets {
		stats[i] = target.stat()
	}
	return stats, nil
}

func (a *alb) Deregister(_ context.Context, name string) error {
	return a.withTarget(name, func(t *albTarget) { t.deregister(a.options.DeregistrationDelay) })
}

func (a *alb) Register(_ context.Context, name string) error {
	return a.withTarget(name, (*albTarget).register)
}

func (a *alb) withTarget(name string, change func(*albTarget)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, target := range a.targets {
		if target.Name == name {
			change(target)
			return nil
		}
	}
	return fmt.Errorf("balancer: no target %s", name)
}

// pick takes the next target in turn, and counts a request under way there.
func (a *alb) pick() *albTarget {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, usable := range []func(*albTarget) bool{
		func(t *albTarget) bool { return t.registered && t.health == Healthy },
		func(t *albTarget) bool { return t.registered }, // fail open
	} {
		for range a.targets {
			target := a.targets[a.next%len(a.targets)]
			a.next++
			if usable(target) {
				target.requests++
				target.inFlight++
				return target
			}
		}
	}
	return nil
}

// done counts the end of a request that pick has counted.
func (a *alb) done(target *albTarget, failed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	target.inFlight--
	if failed {
		target.errors++
	}
}

// check asks a target until ctx ends.
func (a *alb) check(ctx context.Context, target *albTarget) {
	ticker := time.NewTicker(a.options.Check.Interval)
	defer ticker.Stop()
	for {
		good := ask(ctx, target.Address, a.options.Check)
		a.mu.Lock()
		target.checked(good, a.options.Check)
		a.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// ask makes one check, on a connection of its own as load balancers do.
func ask(ctx context.Context, address string, check Check) bool {
	ctx, cancel := context.WithTimeout(ctx, check.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+check.Path, nil)
	if err != nil {
		return false
	}
	request.Close = true
	request.Header.Set("User-Agent", "sandbox-balancer-check")
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}
