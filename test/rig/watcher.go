package rig

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// watcher asks every node's /ping all the time, as a balancer would.
type watcher struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	up     map[string]bool
	lowest int
	when   string
}

// Watch begins to count the serving nodes among the named ones (none: all); the
// test fails in the end if they were ever fewer than the floor.
func (r *Rig) Watch(floor int, names ...string) {
	r.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{cancel: cancel, up: map[string]bool{}}
	watched := slices.DeleteFunc(r.Sandbox.Nodes(), func(n sandbox.Node) bool { return len(names) > 0 && !slices.Contains(names, n.Name) })
	for _, n := range watched {
		w.up[n.Name] = true
	}
	w.lowest = len(w.up)
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, n := range watched {
		w.wg.Go(func() {
			for ctx.Err() == nil {
				response, err := client.Get(fmt.Sprintf("http://%s:%d/ping", n.Address, Port))
				ok := err == nil && response.StatusCode == http.StatusOK
				if err == nil {
					_ = response.Body.Close()
				}
				w.saw(n.Name, ok)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	r.T.Cleanup(func() {
		cancel()
		w.wg.Wait()
		if w.lowest < floor {
			r.T.Errorf("only %d nodes served at one moment, the floor is %d: %s", w.lowest, floor, w.when)
		}
	})
}

func (w *watcher) saw(node string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up[node] = ok
	count := 0
	var down []string
	for _, name := range slices.Sorted(maps.Keys(w.up)) {
		if w.up[name] {
			count++
		} else {
			down = append(down, name)
		}
	}
	if count < w.lowest {
		w.lowest, w.when = count, strings.Join(down, ", ")+" were down"
	}
}
