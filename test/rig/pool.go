package rig

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

// parallel is how many tests run side by side, unless -parallel says otherwise, each on
// a cluster of its own: most of a test is waiting for controllers and grace periods.
const parallel = 4

// pool holds the clusters of this package. One is started when a test finds none that is
// free, so there are as many as tests that ever ran side by side.
var pool struct {
	mu        sync.Mutex
	all, free []*sandbox.Sandbox
}

// Main runs the tests of a package on the rig and ends its clusters after them. The test
// binary is also what the clusters' nodes run for a proxy.
func Main(m *testing.M) {
	if side := os.Getenv(proxyEnv); side != "" {
		os.Exit(runProxy(side))
	}
	if err := flag.Set("test.parallel", strconv.Itoa(parallel)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	var wg sync.WaitGroup
	errs := make([]error, len(pool.all))
	for i, s := range pool.all {
		wg.Go(func() { errs[i] = s.Stop() })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// borrow takes a cluster until the test ends.
func borrow(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	pool.mu.Lock()
	var s *sandbox.Sandbox
	if last := len(pool.free) - 1; last >= 0 {
		s, pool.free = pool.free[last], pool.free[:last]
	}
	pool.mu.Unlock()
	if s == nil {
		var err error
		if s, err = start(); err != nil {
			t.Fatal(err)
		}
		pool.mu.Lock()
		pool.all = append(pool.all, s)
		pool.mu.Unlock()
	}
	t.Cleanup(func() {
		pool.mu.Lock()
		defer pool.mu.Unlock()
		pool.free = append(pool.free, s)
	})
	return s
}

func start() (*sandbox.Sandbox, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	as := func(side string) kubelet.Program {
		return kubelet.Program{Path: program, Env: []string{proxyEnv + "=" + side}}
	}
	// The default limit on starting is the test binary's own.
	return sandbox.Start(context.Background(), sandbox.Options{
		Nodes: Nodes, NodeMonitorGracePeriod: 6 * time.Second, FirstProbes: 20 * time.Millisecond, Log: os.Stderr,
		Images: map[string]kubelet.Program{"traefik:1.7.34": as("old"), "traefik:2.11.50": as("new")},
	})
}
