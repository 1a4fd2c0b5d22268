// Package balancer is the load balancer in front of the sandbox's edge nodes:
// HAProxy, the real one, or a Go balancer with the semantics of a cloud
// provider's application load balancer. Both check the targets' health on the
// port that carries the traffic and never send a request twice, so that every
// request that a cutover loses is seen to be lost.
package balancer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// Balancer is a running load balancer. Its methods may be called from any
// goroutine.
type Balancer interface {
	// Address is the host:port for plain HTTP.
	Address() string
	// Stats describes every target, in the order given at the start.
	Stats(ctx context.Context) ([]Stat, error)
	// Deregister stops sending new requests to a target; those under way go on.
	Deregister(ctx context.Context, target string) error
	// Register takes a deregistered target back, subject to its health.
	Register(ctx context.Context, target string) error
	// Stop ends the balancer, and with it what is still under way.
	Stop() error
}

// Target is one edge node.
type Target struct {
	Name string
	// Address is the host:port for plain HTTP and for the health check.
	Address string
	// AddressTLS is the host:port that TLS connections are passed through to.
	// It is needed only with Options.ListenTLS.
	AddressTLS string
}

// Check is the health check, a GET that must answer 200.
type Check struct {
	Path     string        // default "/ping"
	Interval time.Duration // default 1 s
	Timeout  time.Duration // default 500 ms
	Rise     int           // good checks in a row that bring a target in: default 2
	Fall     int           // bad checks in a row that take it out: default 2
}

// Options say where to listen and what to balance.
type Options struct {
	// Listen is a host:port for plain HTTP; port 0 is a free one.
	Listen string
	// ListenTLS is a host:port, with a port, whose TLS connections are passed
	// through unopened. Empty: none.
	ListenTLS string
	Targets   []Target
	Check     Check
	// DeregistrationDelay is how long requests under way at a deregistered
	// target may take before their connections are cut: default 300 s. HAProxy
	// has no such limit.
	DeregistrationDelay time.Duration
}

// State is what a balancer thinks of a target.
type State string

// The states of a target.
const (
	Initial   State = "initial"   // not checked yet
	Healthy   State = "healthy"   // gets requests
	Unhealthy State = "unhealthy" // gets none while another target is healthy
	Draining  State = "draining"  // deregistered, requests are under way
	Unused    State = "unused"    // deregistered
)

// Stat describes a target.
type Stat struct {
	Target   string
	State    State
	Requests int64 // sent to the target so far
	InFlight int64 // under way now
	// Errors counts requests without an answer. HAProxy leaves out those on a
	// client's connection that was used before: it closes the connection.
	Errors int64
}

// Start starts HAProxy where it is to be had and the Go balancer elsewhere, and
// tells on log which one. ctx limits the start, not the balancer's life.
func Start(ctx context.Context, log io.Writer, o Options) (Balancer, error) {
	program, err := binaries.Ensure(ctx, log, binaries.HAProxy)
	if errors.Is(err, binaries.ErrUnavailable) {
		fmt.Fprintf(log, "no HAProxy (%v): using the Go balancer\n", err)
		return StartALB(o)
	}
	if err != nil {
		return nil, err
	}
	return StartHAProxy(ctx, program, o)
}

func (o Options) withDefaults() (Options, error) {
	o.Check.Path = cmp.Or(o.Check.Path, "/ping")
	o.Check.Interval = cmp.Or(o.Check.Interval, time.Second)
	o.Check.Timeout = cmp.Or(o.Check.Timeout, 500*time.Millisecond)
	o.Check.Rise = cmp.Or(o.Check.Rise, 2)
	o.Check.Fall = cmp.Or(o.Check.Fall, 2)
	o.DeregistrationDelay = cmp.Or(o.DeregistrationDelay, 300*time.Second)
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	return o, o.validate()
}

func (o Options) validate() error {
	if len(o.Targets) == 0 {
		return errors.New("balancer: no targets")
	}
	if strings.HasSuffix(o.ListenTLS, ":0") {
		return errors.New("balancer: ListenTLS needs a port: nothing tells which free one was taken")
	}
	seen := map[string]bool{}
	for _, target := range o.Targets {
		if target.Name == "" || seen[target.Name] {
			return fmt.Errorf("balancer: target name %q is empty or used twice", target.Name)
		}
		seen[target.Name] = true
		addresses := []string{target.Address}
		if o.ListenTLS != "" {
			addresses = append(addresses, target.AddressTLS)
		}
		for _, address := range addresses {
			if _, _, err := net.SplitHostPort(address); err != nil {
				return fmt.Errorf("balancer: target %s: %w", target.Name, err)
			}
		}
	}
	return nil
}
