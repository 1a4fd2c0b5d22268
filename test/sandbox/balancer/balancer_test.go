package balancer

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// quick checks make the tests short; nothing depends on how long they take.
func quick() Check {
	return Check{Interval: 50 * time.Millisecond, Timeout: time.Second}
}

// both runs a test with HAProxy and with the Go balancer.
func both(t *testing.T, test func(t *testing.T, start func(Options) Balancer)) {
	t.Run("haproxy", func(t *testing.T) {
		program, err := binaries.Ensure(t.Context(), os.Stderr, binaries.HAProxy)
		if err != nil {
			t.Fatal(err)
		}
		test(t, starter(t, func(o Options) (Balancer, error) { return StartHAProxy(t.Context(), program, o) }))
	})
	t.Run("alb", func(t *testing.T) { test(t, starter(t, StartALB)) })
}

func starter(t *testing.T, start func(Options) (Balancer, error)) func(Options) Balancer {
	return func(o Options) Balancer {
		t.Helper()
		b, err := start(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.Stop(); err != nil {
				t.Error(err)
			}
		})
		return b
	}
}

// get sends a request once: a client that repeats what failed on a connection
// it had used before, as http.Client does by itself, would hide losses.
func get(client *http.Client, url string) (int, string, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	sendOnce(request)
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func TestBalancesOverHealthyTargets(t *testing.T) {
	both(t, func(t *testing.T, start func(Options) Balancer) {
		one, two := newNode(t, "one"), newNode(t, "two")
		b := start(Options{Targets: []Target{one.target(), two.target()}, Check: quick()})
		waitState(t, b, "one", Healthy)
		waitState(t, b, "two", Healthy)
		for range 10 {
			if code, body, err := get(http.DefaultClient, "http://"+b.Address()+"/"); code != http.StatusOK || err != nil {
				t.Fatalf("%d %s %v", code, body, err)
			}
		}
		if one.seen.Load() != 5 || two.seen.Load() != 5 {
			t.Errorf("one got %d, two got %d of 10 requests", one.seen.Load(), two.seen.Load())
		}
		if s := stat(t, b, "one"); s.Requests != 5 || s.Errors != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestNothingIsLostWhenTargetsDrain is what the whole sandbox is for: targets
// leave one after the other, each lame until the balancer has seen it, while
// requests come all the time, some of them long.
func TestNothingIsLostWhenTargetsDrain(t *testing.T) {
	both(t, func(t *testing.T, start func(Options) Balancer) {
		nodes := []*node{newNode(t, "one"), newNode(t, "two"), newNode(t, "three")}
		var targets []Target
		for _, n := range nodes {
			targets = append(targets, n.target())
		}
		b := start(Options{Targets: targets, Check: quick()})
		for _, n := range nodes {
			waitState(t, b, n.name, Healthy)
		}
		stop := load(t, "http://"+b.Address())
		for _, n := range nodes {
			n.lame.Store(true)
			waitState(t, b, n.name, Unhealthy)
			n.drain()
			n.up()
			waitState(t, b, n.name, Healthy)
		}
		sent, lost := stop()
		if lost != 0 || sent == 0 {
			t.Errorf("%d of %d requests lost", lost, sent)
		}
	})
}

// load sends requests from eight clients, every fourth request long, until the
// returned function is called.
func load(t *testing.T, url string) (stop func() (sent, lost int64)) {
	ctx, cancel := context.WithCancel(t.Context())
	var sent, lost atomic.Int64
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for n := i; ctx.Err() == nil; n++ {
				query := "/?sleep=2ms"
				if n%4 == 0 {
					query = "/?sleep=150ms"
				}
				sent.Add(1)
				if code, body, err := get(client, url+query); err != nil || code != http.StatusOK {
					lost.Add(1)
					t.Errorf("lost: %d %q %v", code, body, err)
				}
			}
		})
	}
	return func() (int64, int64) {
		cancel()
		clients.Wait()
		return sent.Load(), lost.Load()
	}
}

func TestRequestIsNeverSentTwice(t *testing.T) {
	both(t, func(t *testing.T, start func(Options) Balancer) {
		one, two := newNode(t, "one"), newNode(t, "two")
		b := start(Options{Targets: []Target{one.target(), two.target()}, Check: quick()})
		waitState(t, b, "one", Healthy)
		waitState(t, b, "two", Healthy)
		for range 4 { // the later ones on connections that were used before
			if code, _, err := get(http.DefaultClient, "http://"+b.Address()+"/"); code != http.StatusOK || err != nil {
				t.Fatalf("%d %v", code, err)
			}
		}
		// HAProxy closes a client's connection without a word, and counts
		// nothing, if that connection was used before: the client may decide.
		if code, _, err := get(http.DefaultClient, "http://"+b.Address()+"/break"); err == nil && code != http.StatusBadGateway {
			t.Errorf("a request that was not answered gave %d", code)
		}
		if seen := one.seen.Load() + two.seen.Load(); seen != 5 {
			t.Errorf("targets saw %d requests of 5", seen)
		}
		before := stat(t, b, "one").Errors + stat(t, b, "two").Errors
		fresh := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if code, _, err := get(fresh, "http://"+b.Address()+"/break"); code != http.StatusBadGateway || err != nil {
			t.Errorf("a request that was not answered gave %d %v, want 502", code, err)
		}
		if failed := stat(t, b, "one").Errors + stat(t, b, "two").Errors - before; failed != 1 {
			t.Errorf("%d errors counted, want 1", failed)
		}
	})
}

func TestDeregisteredTargetFinishesItsRequests(t *testing.T) {
	both(t, func(t *testing.T, start func(Options) Balancer) {
		one, two := newNode(t, "one"), newNode(t, "two")
		b := start(Options{Targets: []Target{one.target(), two.target()}, Check: quick()})
		waitState(t, b, "one", Healthy)
		waitState(t, b, "two", Healthy)

		answers := make(chan string, 2) // one long request for each target
		for range 2 {
			go func() {
				code, body, err := get(http.DefaultClient, "http://"+b.Address()+"/?sleep=1s")
				answers <- fmt.Sprintf("%d %s %v", code, body, err)
			}()
		}
		for one.seen.Load() == 0 || two.seen.Load() == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		if err := b.Deregister(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		waitState(t, b, "one", Draining)
		for range 4 {
			if _, body, err := get(http.DefaultClient, "http://"+b.Address()+"/"); body != "two" || err != nil {
				t.Errorf("a new request went to %q, %v", body, err)
			}
		}
		got := []string{<-answers, <-answers}
		if all := strings.Join(got, " "); !strings.Contains(all, "200 one <nil>") || !strings.Contains(all, "200 two <nil>") {
			t.Errorf("the requests under way gave %q", got)
		}
		waitState(t, b, "one", Unused)
		if err := b.Register(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		waitState(t, b, "one", Healthy)
		if err := b.Deregister(t.Context(), "nobody"); err == nil {
			t.Error("an unknown target was deregistered")
		}
	})
}

func TestTLSConnectionsPassThrough(t *testing.T) {
	both(t, func(t *testing.T, start func(Options) Balancer) {
		listen, err := withPort("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b := start(Options{ListenTLS: listen, Targets: []Target{tlsNode(t, "one"), tlsNode(t, "two")}, Check: quick()})
		waitState(t, b, "one", Healthy)
		waitState(t, b, "two", Healthy)
		seen := map[string]int{}
		for range 4 {
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
			code, body, err := get(client, "https://"+listen+"/")
			if code != http.StatusOK || err != nil {
				t.Fatalf("%d %v", code, err)
			}
			seen[body]++
		}
		if seen["one"] != 2 || seen["two"] != 2 {
			t.Errorf("connections went to %v", seen)
		}
	})
}

func TestFailOpen(t *testing.T) {
	only := newNode(t, "only")
	only.lame.Store(true)
	b := starter(t, StartALB)(Options{Targets: []Target{only.target()}, Check: quick()})
	waitState(t, b, "only", Unhealthy)
	if code, _, err := get(http.DefaultClient, "http://"+b.Address()+"/"); code != http.StatusOK || err != nil {
		t.Errorf("with no healthy target: %d %v, want it sent to the unhealthy one", code, err)
	}
	if err := b.Deregister(t.Context(), "only"); err != nil {
		t.Fatal(err)
	}
	if code, _, err := get(http.DefaultClient, "http://"+b.Address()+"/"); code != http.StatusServiceUnavailable || err != nil {
		t.Errorf("with no target: %d %v, want 503", code, err)
	}
}

func TestDeregistrationDelayEnds(t *testing.T) {
	only := newNode(t, "only")
	b := starter(t, StartALB)(Options{Targets: []Target{only.target()}, Check: quick(), DeregistrationDelay: time.Millisecond})
	waitState(t, b, "only", Healthy)
	status := make(chan int)
	go func() {
		code, _, _ := get(http.DefaultClient, "http://"+b.Address()+"/?sleep=10s")
		status <- code
	}()
	for only.seen.Load() == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := b.Deregister(t.Context(), "only"); err != nil {
		t.Fatal(err)
	}
	if code := <-status; code != http.StatusBadGateway {
		t.Errorf("the request that took too long gave %d, want 502", code)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Target{Name: "one", Address: "127.0.0.1:1"}
	cases := map[string]Options{
		"no targets":         {},
		"no name":            {Targets: []Target{{Address: "127.0.0.1:1"}}},
		"same name":          {Targets: []Target{good, good}},
		"no port":            {Targets: []Target{{Name: "one", Address: "127.0.0.1"}}},
		"no address for TLS": {ListenTLS: "127.0.0.1:8443", Targets: []Target{good}},
		"free port for TLS":  {ListenTLS: "127.0.0.1:0", Targets: []Target{{Name: "one", Address: "127.0.0.1:1", AddressTLS: "127.0.0.1:2"}}},
	}
	for name, options := range cases {
		t.Run(name, func(t *testing.T) {
			if b, err := StartALB(options); err == nil {
				t.Error("started")
				b.Stop()
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	both(t, func(t *testing.T, _ func(Options) Balancer) {
		o := Options{Listen: taken.Addr().String(), Targets: []Target{{Name: "one", Address: "127.0.0.1:1"}}}
		if strings.HasSuffix(t.Name(), "alb") {
			_, err = StartALB(o)
		} else {
			_, err = StartHAProxy(t.Context(), "/nonexistent", o)
		}
		if err == nil {
			t.Error("started on an address in use")
		}
	})
}
