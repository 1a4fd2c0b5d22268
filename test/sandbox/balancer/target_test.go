package balancer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// node is an edge node that can be a lame duck: /ping says 503 while requests
// are still answered.
type node struct {
	t       *testing.T
	name    string
	address string
	lame    atomic.Bool
	seen    atomic.Int64

	mu     sync.Mutex
	server *http.Server
}

func newNode(t *testing.T, name string) *node {
	t.Helper()
	n := &node{t: t, name: name, address: "127.0.0.1:0"}
	n.up()
	t.Cleanup(n.kill)
	return n
}

func (n *node) target() Target { return Target{Name: n.name, Address: n.address} }

// up listens, on the same port as before.
func (n *node) up() {
	n.t.Helper()
	n.lame.Store(false)
	listener, err := net.Listen("tcp", n.address)
	if err != nil {
		n.t.Fatal(err)
	}
	n.address = listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(n.serve)}
	n.mu.Lock()
	n.server = server
	n.mu.Unlock()
	go server.Serve(listener)
}

func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/ping":
		if n.lame.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	case "/break": // the request is taken and never answered
		n.seen.Add(1)
		panic(http.ErrAbortHandler)
	default:
		n.seen.Add(1)
		delay, err := time.ParseDuration(r.URL.Query().Get("sleep"))
		if err == nil {
			time.Sleep(delay)
		}
		w.Header().Set("X-Forwarded", r.Header.Get("X-Forwarded-For"))
		io.WriteString(w, n.name)
	}
}

// drain ends like a proxy does after its lame duck: no new connections, the
// requests under way are finished.
func (n *node) drain() {
	n.mu.Lock()
	defer n.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := n.server.Shutdown(ctx); err != nil {
		n.t.Errorf("node %s: %v", n.name, err)
	}
}

func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		n.t.Errorf("node %s: %v", n.name, err)
	}
}

// tlsNode answers TLS on a port of its own and checks on a plain one.
func tlsNode(t *testing.T, name string) Target {
	plain := newNode(t, name)
	secure := httptest.NewTLSServer(http.HandlerFunc(plain.serve))
	t.Cleanup(secure.Close)
	return Target{Name: name, Address: plain.address, AddressTLS: secure.Listener.Addr().String()}
}

// waitState waits until the balancer thinks so of a target.
func waitState(t *testing.T, b Balancer, target string, want ...State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var state State
	for ctx.Err() == nil {
		state = stat(t, b, target).State
		for _, s := range want {
			if s == state {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("target %s is %s, want %v", target, state, want)
}

func stat(t *testing.T, b Balancer, target string) Stat {
	t.Helper()
	stats, err := b.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		if s.Target == target {
			return s
		}
	}
	t.Fatalf("no target %s in %v", target, stats)
	return Stat{}
}
