package main

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

// floorWatch asks every node, from outside of the balancer, for a route of an
// application, and remembers how few of them answered at the same time.
type floorWatch struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	least int
}

func (w *world) watchFloor(ctx context.Context) *floorWatch {
	ctx, cancel := context.WithCancel(ctx)
	nodes := w.sandbox.Nodes()
	f := &floorWatch{cancel: cancel, done: make(chan struct{}), least: len(nodes)}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: "www.shop.test"}, //nolint:gosec // the sandbox's own
		DisableKeepAlives: true,
	}}
	serves := func(address string) bool {
		url := "https://" + net.JoinHostPort(address, strconv.Itoa(httpsPort)) + "/"
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		request.Host = "www.shop.test"
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.Header.Get(backend.HeaderService) == "shop/front"
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

func (f *floorWatch) count(answers []bool) {
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

// stop ends the watch and returns the smallest number of nodes that served at once.
func (f *floorWatch) stop() int {
	f.cancel()
	<-f.done
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.least
}
