package lb_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/balancer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// edge is a real HAProxy before two nodes.
type edge struct {
	t       *testing.T
	haproxy balancer.Balancer
	socket  string
	targets []lb.Target
	release chan struct{} // ends requests to /slow
	sick    atomic.Bool   // edge-2 answers 503
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	program, err := binaries.Ensure(t.Context(), os.Stderr, binaries.HAProxy)
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{t: t, release: make(chan struct{})}
	var targets []balancer.Target
	for i := range 2 {
		name := fmt.Sprintf("edge-%d", i+1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-e.release
			}
			if name == "edge-2" && e.sick.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprint(w, name)
		}))
		t.Cleanup(server.Close)
		targets = append(targets, balancer.Target{Name: "srv-" + name, Address: server.Listener.Addr().String()})
		host, port, err := net.SplitHostPort(server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		e.targets = append(e.targets, lb.Target{Node: name, Address: host, Ports: []int32{int32(number)}})
	}
	e.haproxy, err = balancer.StartHAProxy(t.Context(), program, balancer.Options{
		Listen: "127.0.0.1:0", Targets: targets, Check: balancer.Check{Interval: 50 * time.Millisecond, Timeout: time.Second, Rise: 3, Fall: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.haproxy.Stop(); err != nil {
			t.Error(err)
		}
	})
	e.socket = "unix:" + balancer.RuntimeSocket(e.haproxy)
	return e
}

// counted is a way to the runtime socket that counts commands: each has a connection
// of its own.
func (e *edge) counted() (address string, commands *atomic.Int64) {
	e.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { listener.Close() })
	commands = &atomic.Int64{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			commands.Add(1)
			go func() {
				defer client.Close()
				server, err := net.Dial("unix", strings.TrimPrefix(e.socket, "unix:"))
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(server, client) }()
				_, _ = io.Copy(client, server)
			}()
		}
	}()
	return listener.Addr().String(), commands
}

// who answers one request.
func (e *edge) who(path string) (string, error) {
	answer, err := http.Get("http://" + e.haproxy.Address() + path)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// await waits for a state; how long is of no matter.
func (e *edge) await(h *lb.HAProxy, target lb.Target, want lb.State) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	for {
		state, why, err := h.State(ctx, target)
		if err == nil && state == want {
			return
		}
		select {
		case <-ctx.Done():
			e.t.Fatalf("%s is %s (%s), not %s: %v", target.Node, state, why, want, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestHAProxyDrains(t *testing.T) {
	e := newEdge(t)
	h := lb.NewHAProxy([]string{e.socket})
	first, second := e.targets[0], e.targets[1]
	e.await(h, first, lb.InService)
	e.await(h, second, lb.InService)

	// One request is under way at each node: there is one at the first for sure.
	slow := make(chan string, 2)
	for range 2 {
		go func() {
			name, err := e.who("/slow")
			slow <- fmt.Sprint(name, err)
		}()
	}
	for {
		stats, err := e.haproxy.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if stats[0].InFlight == 1 && stats[1].InFlight == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for range 2 { // idempotent
		if err := h.Drain(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	e.await(h, first, lb.Draining)
	for range 4 {
		if name, err := e.who("/"); err != nil || name != "edge-2" {
			t.Errorf("answered by %q while edge-1 is drained: %v", name, err)
		}
	}
	close(e.release)
	for range 2 {
		if name := <-slow; !strings.HasPrefix(name, "edge-") || !strings.HasSuffix(name, "<nil>") {
			t.Errorf("a request under way was lost: %s", name)
		}
	}
	e.await(h, first, lb.Out)
	e.await(h, second, lb.InService)

	for range 2 {
		if err := h.Undrain(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	e.await(h, first, lb.InService)
	seen := map[string]bool{}
	for range 4 {
		name, err := e.who("/")
		if err != nil {
			t.Fatal(err)
		}
		seen[name] = true
	}
	if !seen["edge-1"] {
		t.Error("edge-1 is in service and answers nothing")
	}
}

func TestHAProxyDescribe(t *testing.T) {
	e := newEdge(t)
	got, err := lb.NewHAProxy([]string{e.socket}).Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lb.Facts{Name: "HAProxy at " + e.socket, Healthy: 3, Unhealthy: 2}, got); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
}

// Many targets are one question: two commands to each instance, however many.
func TestHAProxyStates(t *testing.T) {
	e := newEdge(t)
	address, commands := e.counted()
	h := lb.NewHAProxy([]string{address})
	e.await(h, e.targets[0], lb.InService)
	e.await(h, e.targets[1], lb.InService)
	if err := h.Drain(t.Context(), e.targets[1]); err != nil {
		t.Fatal(err)
	}
	e.await(h, e.targets[1], lb.Out)
	commands.Store(0)
	stranger := lb.Target{Node: "edge-9", Address: "192.0.2.9", Ports: []int32{80}}
	states, err := lb.States(t.Context(), h, []lb.Target{e.targets[0], stranger, e.targets[1]})
	if err != nil {
		t.Fatal(err)
	}
	if states[0].State != lb.InService || states[1].Err == nil || states[2].State != lb.Out {
		t.Errorf("states %+v, want InService, an error, Out", states)
	}
	if n := commands.Load(); n != 2 {
		t.Errorf("%d commands for three targets, want 2", n)
	}
}

func TestHAProxyErrors(t *testing.T) {
	e := newEdge(t)
	stranger := lb.Target{Node: "edge-9", Address: "192.0.2.9", Ports: []int32{80}}
	byName := lb.Target{Node: "srv-edge-1", Address: "192.0.2.1", Ports: []int32{80}} // behind an address of its own
	for name, tc := range map[string]struct {
		addresses []string
		target    lb.Target
		want      string // empty: none
	}{
		"no such server":     {[]string{e.socket}, stranger, "no server with address 192.0.2.9"},
		"found by name":      {[]string{e.socket}, byName, ""},
		"no such socket":     {[]string{"unix:/nonexistent"}, e.targets[0], "ask HAProxy at unix:/nonexistent"},
		"one of two is away": {[]string{e.socket, "unix:/nonexistent"}, e.targets[0], "unix:/nonexistent"},
	} {
		t.Run(name, func(t *testing.T) {
			h := lb.NewHAProxy(tc.addresses)
			state, _, err := h.State(t.Context(), tc.target)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || state != lb.Unknown {
				t.Errorf("state %s, %v; want an error with %q", state, err, tc.want)
			}
			if err := h.Drain(t.Context(), tc.target); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("drain: %v; want %q", err, tc.want)
			}
		})
	}
}
