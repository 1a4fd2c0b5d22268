package world

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
)

// watchEvery is how often each node is asked for a real route.
const watchEvery = 200 * time.Millisecond

// Floor asks every node, from outside of the balancer, for a route of an
// application, and remembers how few of them answered at the same time.
type Floor struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	least int
}

// WatchFloor begins to ask.
func (w *World) WatchFloor(ctx context.Context) *Floor {
	ctx, cancel := context.WithCancel(ctx)
	nodes, probe := w.Sandbox.Nodes(), w.workload.Probe
	f := &Floor{cancel: cancel, done: make(chan struct{}), least: len(nodes)}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: probe.Host}, //nolint:gosec // the sandbox's own
		DisableKeepAlives: true,
	}}
	serves := func(address string) bool {
		url := "https://" + net.JoinHostPort(address, strconv.Itoa(HTTPSPort)) + "/"
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		request.Host = probe.Host
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.Header.Get(backend.HeaderService) == probe.Service
	}
	go func() {
		defer close(f.done)
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			answers := make([]bool, len(nodes))
			var wg sync.WaitGroup
			for i, node := range nodes {
				wg.Go(func() { answers[i] = serves(node.Address) })
			}
			wg.Wait()
			if ctx.Err() != nil {
				return
			}
			f.count(answers)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return f
}

func (f *Floor) count(answers []bool) {
	serving := 0
	for _, answer := range answers {
		if answer {
			serving++
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.least = min(f.least, serving)
}

// Stop ends the watch and returns the smallest number of nodes that served at once.
func (f *Floor) Stop() int {
	f.cancel()
	<-f.done
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.least
}
