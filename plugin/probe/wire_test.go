package probe

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// start begins a load on real connections, until the test ends it.
func start(t *testing.T, url string, wire Wire, change func(*Load)) *Run {
	t.Helper()
	load := Load{
		Requests: []Request{{Name: url, Method: "GET", URL: url}},
		Rate:     200, Timeout: 20 * time.Second, Transport: wire.Transport(),
	}
	if change != nil {
		change(&load)
	}
	r, err := Start(load)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Abandon(); r.Wait() })
	return r
}

// until waits for a run to come to a point; machines may be busy.
func until(t *testing.T, what string, r *Run, reached func(*Snapshot) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(r.Now()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within a minute: %+v", what, r.Now().Report)
		}
	}
}

// A real server stalls with requests under way: the load goes on, and when the
// answers come at last, the percentiles have every one of them.
func TestStalledServer(t *testing.T) {
	var stalled atomic.Bool
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if stalled.Load() {
			<-release
		}
	}))
	t.Cleanup(server.Close)
	r := start(t, server.URL, Wire{}, nil)
	until(t, "first answers", r, func(s *Snapshot) bool { return s.Fine >= 50 })
	stalled.Store(true)
	// A closed loop would stop at its number of workers.
	const waiting = 300
	until(t, "requests that wait", r, func(s *Snapshot) bool { return s.InFlight >= waiting })
	oldest := r.Now().Oldest
	if oldest < waiting/200*time.Second/2 {
		t.Errorf("%d requests under way, the oldest for %s", waiting, oldest)
	}
	stalled.Store(false)
	close(release)
	r.Stop()
	report := r.Wait()
	if report.Lost+report.Changed+report.Unanswered > 0 || report.Fine != report.Sent {
		t.Fatalf("%+v", report)
	}
	// The k-th of n that waited did so for about k/n of the stall: half of them for
	// more than half of it, whatever the machine's speed.
	share := float64(waiting) / 2 / float64(report.Sent)
	if got := report.Quantile(100 * (1 - share)); got < oldest/4 {
		t.Errorf("the slowest %.0f%% took %s or more, the stall %s", 100*share, got, oldest)
	}
	if got := report.Quantile(100); got < oldest {
		t.Errorf("the slowest took %s, the stall at least %s", got, oldest)
	}
}

// A server is killed under load and comes back on the same address.
func TestKilledServerShowsWhenAndWhy(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	hold := make(chan struct{})
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/held" {
			<-hold
		}
	})
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	r := start(t, "http://"+address+"/", Wire{}, func(l *Load) {
		l.Requests = append(l.Requests, Request{Name: "held", Method: "GET", URL: "http://" + address + "/held"})
	})
	until(t, "answers and held requests", r, func(s *Snapshot) bool { return s.Fine >= 20 && s.InFlight >= 20 })
	killed := time.Now()
	server.Close() // as a kill does: connections end, nobody listens
	close(hold)
	until(t, "refused connections", r, func(s *Snapshot) bool { return s.Lost >= 60 })
	back := time.Now()
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	again := &http.Server{Handler: handler}
	go func() { _ = again.Serve(listener) }()
	t.Cleanup(func() { again.Close() })
	fine := r.Now().Fine
	until(t, "answers again", r, func(s *Snapshot) bool { return s.Fine >= fine+20 })
	r.Stop()
	report := r.Wait()

	counts := map[Cause]int64{}
	for _, c := range report.Causes {
		counts[c.Cause] += c.Count
	}
	if counts[Refused] < 20 || counts[Closed]+counts[Reset] < 10 || counts[Refused]+counts[Closed]+counts[Reset] != report.Lost {
		t.Errorf("lost %d: %v", report.Lost, counts)
	}
	for _, e := range report.Events {
		failed := e.Time.Add(time.Duration(e.AfterMs * float64(time.Millisecond)))
		if failed.Before(killed.Add(-time.Millisecond)) || e.Cause == Refused && e.Time.After(back.Add(time.Second)) {
			t.Errorf("killed at %s, back at %s, but: %s", killed.Format("05.000"), back.Format("05.000"), e)
		}
		if e.Cause == Refused && !strings.Contains(e.Detail, address) {
			t.Errorf("detail %q does not say where", e.Detail)
		}
	}
}

func TestCauses(t *testing.T) {
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	hello := listen(t, func(c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		_, _ = io.Copy(io.Discard, c)
	})
	half := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
	})
	hangup := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)) })
	reset := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	garbage := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		fmt.Fprint(c, "SSH-2.0-OpenSSH\r\n")
	})
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	for name, c := range map[string]struct {
		url    string
		wire   Wire
		cause  Cause
		detail string
	}{
		"silent":      {url: "http://" + silent, cause: Timeout, detail: "no answer within 300ms"},
		"slow body":   {url: "http://" + hello, cause: Timeout, detail: "no complete answer within 300ms"},
		"silent TLS":  {url: "https://" + silent, cause: Timeout, detail: "no end of the TLS handshake within 300ms"},
		"half":        {url: "http://" + half, cause: Closed, detail: "no complete answer"},
		"hang-up":     {url: "http://" + hangup, cause: Closed, detail: "closed by the server: no answer"},
		"reset":       {url: "http://" + reset, cause: Reset},
		"garbage":     {url: "http://" + garbage, cause: Other, detail: "malformed HTTP"},
		"certificate": {url: secure.URL, cause: TLS, detail: "certificate"},
		"plain TLS":   {url: "https://" + garbage, cause: TLS},
		"no name":     {url: "http://nosuch.invalid/", cause: DNS},
		"nobody":      {url: "http://shop.test/", wire: Wire{Resolve: map[string]string{"shop.test:80": "127.0.0.1:1"}}, cause: Refused, detail: "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, c.url, c.wire, func(l *Load) {
				l.Rate, l.Duration = 10, 100*time.Millisecond
				if c.cause == Timeout {
					l.Timeout = 300 * time.Millisecond
				}
			})
			report := r.Wait()
			if len(report.Events) != 1 || report.Lost != 1 {
				t.Fatalf("%+v", report)
			}
			e := report.Events[0]
			// A resolver may not answer in time, which is a timeout of its own kind.
			if e.Cause != c.cause && !(name == "no name" && e.Cause == Timeout) || !strings.Contains(e.Detail, c.detail) {
				t.Errorf("%s: %s, want %s: %s", e.Cause, e.Detail, c.cause, c.detail)
			}
		})
	}
}

// listen serves raw connections.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return listener.Addr().String()
}

// Connections are new for every request, or kept; what a client sends twice because
// a kept one was closed is not hidden.
func TestReuse(t *testing.T) {
	for _, reuse := range []bool{false, true} {
		t.Run(fmt.Sprint(reuse), func(t *testing.T) {
			var opened, served atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, served.Add(1))
			}))
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					opened.Add(1)
				}
			}
			server.Start()
			t.Cleanup(server.Close)
			r := start(t, server.URL, Wire{Reuse: reuse}, nil)
			until(t, "answers", r, func(s *Snapshot) bool { return s.Fine >= 200 })
			r.Stop()
			report := r.Wait()
			if reuse && opened.Load() > report.Sent/2 || !reuse && opened.Load() != report.Sent {
				t.Errorf("%d connections for %d requests", opened.Load(), report.Sent)
			}
		})
	}
}

func TestRetriesAreCounted(t *testing.T) {
	// Serves one request per connection and hangs up at the second one.
	address := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_, _ = c.Read(make([]byte, 4096))
	})
	r := start(t, "http://"+address, Wire{Reuse: true}, func(l *Load) { l.Rate = 20 })
	until(t, "answers", r, func(s *Snapshot) bool { return s.Fine >= 10 })
	r.Stop()
	if report := r.Wait(); report.Retried == 0 || report.Lost > 0 {
		t.Errorf("retried %d, lost %d of %d", report.Retried, report.Lost, report.Sent)
	}
}

func TestServerNameAndResolve(t *testing.T) {
	var host, name atomic.Value
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		name.Store(r.TLS.ServerName)
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	for _, resolve := range []map[string]string{{"shop.test:443": address}, {"*:443": address}, {"*:443": "127.0.0.1:1", "shop.test:443": address}} {
		r := start(t, "https://shop.test/", Wire{Resolve: resolve, Insecure: true, ServerName: "other.test"}, func(l *Load) {
			l.Duration = 10 * time.Millisecond
			l.Requests[0].Host = "other.test"
		})
		if report := r.Wait(); report.Fine != report.Sent || report.Sent == 0 {
			t.Fatalf("%+v", report)
		}
		if host.Load() != "other.test" || name.Load() != "other.test" {
			t.Errorf("host %v, name %v", host.Load(), name.Load())
		}
	}
}

func TestParseResolve(t *testing.T) {
	for text, want := range map[string]string{
		"shop.test:443:10.0.0.1":       "shop.test:443 10.0.0.1:443",
		"Shop.test:443:10.0.0.1:8443":  "shop.test:443 10.0.0.1:8443",
		"*:80:::1":                     "*:80 [::1]:80",
		"shop.test:80:[::1]":           "shop.test:80 [::1]:80",
		"shop.test:80:[2001:db8::]:81": "shop.test:80 [2001:db8::]:81",
		"shop.test:443":                "want HOST:PORT:ADDRESS",
		":443:10.0.0.1":                "want HOST:PORT:ADDRESS",
		"shop.test:https:10.0.0.1":     `"https" is no port`,
		"shop.test:0:10.0.0.1":         `"0" is no port`,
		"shop.test:443:node-1":         `"node-1" is no IP address`,
		"shop.test:443:10.0.0.1,::1":   `"10.0.0.1,::1" is no IP address`,
	} {
		from, to, err := ParseResolve(text)
		got := from + " " + to
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
