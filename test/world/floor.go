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

// patience is that of the load's client: who takes long serves all the same, and
// a node that does not serve refuses at once.
const patience = 30 * time.Second

// Floor asks every node, from outside of the balancer, for a route of an
// application, and remembers how few of them served at the same time.
type Floor struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	serving []bool // as each node's last answer says
	least   int
}

// WatchFloor begins to ask, each node by itself, so that one that is slow does
// not hide what the others do meanwhile.
func (w *World) WatchFloor(ctx context.Context) *Floor {
	ctx, cancel := context.WithCancel(ctx)
	nodes, probe := w.Sandbox.Nodes(), w.workload.Probe
	f := &Floor{cancel: cancel, serving: make([]bool, len(nodes)), least: len(nodes)}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
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
	for i := range nodes {
		f.serving[i] = true
	}
	for i, node := range nodes {
		f.done.Go(func() {
			ticker := time.NewTicker(watchEvery)
			defer ticker.Stop()
			for {
				answered := serves(node.Address)
				if ctx.Err() != nil {
					return
				}
				f.note(i, answered)
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
			}
		})
	}
	return f
}

func (f *Floor) note(node int, answered bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.serving[node] = answered
	serving := 0
	for _, s := range f.serving {
		if s {
			serving++
		}
	}
	f.least = min(f.least, serving)
}

// Stop ends the watch and returns the smallest number of nodes that served at once.
func (f *Floor) Stop() int {
	f.cancel()
	f.done.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.least
}
