package htmlreport_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/page"
)

// serve serves a page until the test ends, and returns its URL.
func serve(t *testing.T, live *htmlreport.Live) (url string, stop func()) {
	t.Helper()
	listener, err := htmlreport.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- live.Serve(ctx, listener) }()
	return "http://" + listener.Addr().String() + live.Path(), func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0", "127.0.0.1", "", "127.0.0.1.evil.test:0"} {
		if listener, err := htmlreport.Listen(address); err == nil {
			t.Errorf("%q listens on %s", address, listener.Addr())
			listener.Close()
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "127.1.2.3:0"} {
		listener, err := htmlreport.Listen(address)
		if err != nil {
			t.Errorf("%q: %v", address, err)
			continue
		}
		if ip := listener.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			t.Errorf("%q listens on %s", address, ip)
		}
		listener.Close()
	}
}

// Only who knows the path, and asks for this machine by a name of its own, gets an
// answer.
func TestWhoMayRead(t *testing.T) {
	live := htmlreport.NewLive()
	if err := live.Set(page.Story()); err != nil {
		t.Fatal(err)
	}
	url, stop := serve(t, live)
	defer stop()
	base := strings.TrimSuffix(url, live.Path())
	cases := map[string]struct {
		method, url, host string
		want              int
	}{
		"the page":           {"GET", url, "", 200},
		"by name":            {"GET", url, "localhost:8080", 200},
		"IPv6":               {"GET", url, "[::1]:8080", 200},
		"rebinding":          {"GET", url, "evil.test", 421},
		"rebinding, port":    {"GET", url, "evil.test:80", 421},
		"like loopback":      {"GET", url, "127.0.0.1.evil.test", 421},
		"rebinding, events":  {"GET", url + "events", "evil.test", 421},
		"without the secret": {"GET", base + "/", "", 404},
		"another secret":     {"GET", base + "/" + strings.Repeat("0", 32) + "/", "", 404},
		"something else":     {"GET", url + "etc/passwd", "", 404},
		"writing":            {"POST", url, "", 405},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = c.host
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.want || strings.Contains(string(body), "prod-eu-1") != (c.want == 200) {
				t.Errorf("status %d, want %d: %.100s", response.StatusCode, c.want, body)
			}
			if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "connect-src 'self'; frame-ancestors 'none'") {
				t.Errorf("policy %q", policy)
			}
		})
	}
}

// Readers are told of every look, and of another version when something is new.
func TestEvents(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	live, p := htmlreport.NewLive(), page.Story()
	set := func() {
		t.Helper()
		if err := live.Set(p); err != nil {
			t.Fatal(err)
		}
	}
	p.Journal = nil // a running move makes every page another one
	set()
	url, stop := serve(t, live)
	response, err := http.Get(url + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	events := bufio.NewReader(response.Body)
	next := func() string {
		t.Helper()
		for {
			line, err := events.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if event, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
				return event
			}
		}
	}
	want := func(event string) {
		t.Helper()
		if got := next(); got != event {
			t.Errorf("event %q, want %q", got, event)
		}
	}
	want("1 2026-03-14T02:31:40Z")
	p.Now = p.Now.Add(2 * time.Second)
	set()
	want("1 2026-03-14T02:31:42Z")
	p.Status.Serving--
	p.Now = p.Now.Add(2 * time.Second)
	set()
	want("2 2026-03-14T02:31:44Z")
	stop()
	if rest, err := io.ReadAll(events); err == nil && len(strings.TrimSpace(string(rest))) > 0 {
		t.Errorf("after the end: %q", rest)
	}
}
