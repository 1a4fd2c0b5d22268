package gate

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
)

func ingress(host string, paths ...string) *networkingv1.Ingress {
	rule := networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
	for _, p := range paths {
		rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: p})
	}
	return &networkingv1.Ingress{Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{rule}}}
}

func TestFromIngresses(t *testing.T) {
	ports := Ports{HTTP: []int32{80}, HTTPS: []int32{443}}
	tests := map[string]struct {
		ingresses []*networkingv1.Ingress
		want      []string
	}{
		"every host and path on every port, once": {
			ingresses: []*networkingv1.Ingress{ingress("b.test", "/x", ""), ingress("a.test", "/"), ingress("b.test", "/x")},
			want:      []string{"http://a.test/", "https://a.test/", "http://b.test/", "https://b.test/", "http://b.test/x", "https://b.test/x"},
		},
		"a wildcard and no host": {
			ingresses: []*networkingv1.Ingress{ingress("*.b.test", "/"), ingress("", "/")},
			want:      []string{"http://any-host.ingress-migrate.invalid/", "https://any-host.ingress-migrate.invalid/", "http://ingress-migrate-probe.b.test/", "https://ingress-migrate-probe.b.test/"},
		},
		"patterns and what is no path": {
			ingresses: []*networkingv1.Ingress{ingress("a.test", "/api(/|$)(.*)", "relative", "/back`tick", "/a b")},
		},
		"a rule without http": {
			ingresses: []*networkingv1.Ingress{{Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: "a.test"}}}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range FromIngresses(test.ingresses, ports) {
				got = append(got, r.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSampleKeepsEveryHost(t *testing.T) {
	var requests []Request
	for _, host := range []string{"a", "b", "c"} {
		for _, path := range []string{"/1", "/2", "/3", "/4"} {
			requests = append(requests, Request{Host: host, Path: path})
		}
	}
	for limit, hosts := range map[int]int{2: 2, 3: 3, 5: 3, 12: 3, 100: 3} {
		got := Sample(requests, limit)
		seen := map[string]bool{}
		for _, r := range got {
			seen[r.Host] = true
		}
		if len(got) != min(limit, len(requests)) || len(seen) != hosts {
			t.Errorf("limit %d: %d requests of %d hosts", limit, len(got), len(seen))
		}
	}
}

func TestDiffers(t *testing.T) {
	headers := func(name, value string) map[string]string { return map[string]string{name: value} }
	tests := map[string]struct {
		want, got Answer
		says      string
	}{
		"the same":               {Answer{Status: 200}, Answer{Status: 200}, ""},
		"another good one":       {Answer{Status: 200}, Answer{Status: 204}, ""},
		"not found":              {Answer{Status: 200}, Answer{Status: 404}, "404 instead of 200"},
		"forbidden for unauthed": {Answer{Status: 401}, Answer{Status: 403}, "403 instead of 401"},
		"another failure":        {Answer{Status: 502}, Answer{Status: 503}, ""},
		"another redirect":       {Answer{Status: 301, Location: "https://a/"}, Answer{Status: 302, Location: "https://b/"}, `redirects to "https://b/" instead of "https://a/"`},
		"as permanent as before": {Answer{Status: 302, Location: "https://a/"}, Answer{Status: 307, Location: "https://a/"}, ""},
		"nobody":                 {Answer{Status: 200}, Answer{Failed: "timeout"}, "no answer (timeout) instead of 200"},
		"nobody before either":   {Answer{Failed: "read: reset"}, Answer{Failed: "timeout"}, ""},
		"a certificate":          {Answer{Status: 200, Certificate: "a"}, Answer{Status: 200, Certificate: "b"}, `shows the certificate "b" instead of "a"`},
		"a lost header":          {Answer{Status: 200, Headers: headers("X-Frame-Options", "DENY")}, Answer{Status: 200}, `header X-Frame-Options is "" instead of "DENY"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if says := test.want.Differs(test.got); says != test.says {
				t.Errorf("says %q, want %q", says, test.says)
			}
		})
	}
}

// node is a server at an address, asked as a node would be.
func node(t *testing.T, handler http.HandlerFunc) (*Client, string, int32) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().(*net.TCPAddr)
	return &Client{Dial: (&net.Dialer{}).DialContext, Timeout: 10 * time.Second, Parallel: 4}, address.IP.String(), int32(address.Port)
}

func TestAskSendsTheHostAndFollowsNothing(t *testing.T) {
	c, address, port := node(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Www-Authenticate", `Digest realm="x", nonce="`+r.RemoteAddr+`"`)
		http.Redirect(w, r, "https://"+r.Host+":443"+r.URL.Path, http.StatusFound)
	})
	got := c.Ask(t.Context(), address, Request{Scheme: "http", Port: port, Host: "shop.test", Path: "/cart"})
	want := Answer{Status: 302, Location: "https://shop.test/cart", Headers: map[string]string{"Www-Authenticate": "Digest"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Which of its processes answers, or whether it is Traefik's or ingress-nginx's, is no
// difference for a client that cannot trust the certificate anyway.
func TestDefaultCertificatesAreOne(t *testing.T) {
	name := func(common string, serial int64) string {
		return certificateName(&x509.Certificate{Subject: pkix.Name{CommonName: common}, DNSNames: []string{"x"}, SerialNumber: big.NewInt(serial)})
	}
	nginx, traefik := name("Kubernetes Ingress Controller Fake Certificate", 1), name("TRAEFIK DEFAULT CERT", 2)
	if nginx != traefik || nginx == name("shop.test", 1) {
		t.Errorf("%q and %q", nginx, traefik)
	}
	if name("shop.test", 1) == name("shop.test", 2) {
		t.Error("a certificate that was renewed is the same")
	}
}

func TestIdentify(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		want    Identity
	}{
		"the new proxy": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.Host, "gate-7f3a.") {
				w.Header().Set(Header, "7f3a")
			}
			w.WriteHeader(http.StatusTeapot)
		}, Identity{New: true, Answered: true, Said: "marker 7f3a"}},
		"an earlier cutover's": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(Header, "0000") },
			Identity{Other: true, Answered: true, Said: "status 200 without the marker"}},
		// Both proxies do that, where both are told to.
		"a redirection of all to https": {func(w http.ResponseWriter, r *http.Request) {
			host, _, _ := strings.Cut(r.Host, ":")
			http.Redirect(w, r, "https://"+host+":8443/", http.StatusFound)
		}, Identity{Answered: true, Said: "redirects to https"}},
		"a redirection elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.test/", http.StatusFound)
		}, Identity{Other: true, Answered: true, Said: "status 302 without the marker"}},
		"somebody else": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
			Identity{Other: true, Answered: true, Said: "status 404 without the marker"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, address, port := node(t, test.handler)
			got := c.Identify(t.Context(), address, "7f3a", Ports{HTTP: []int32{port}})
			test.want.Said = fmt.Sprintf("%d: %s", port, test.want.Said)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	// An old process that lingers on one port is found behind a new one on another,
	// whichever is asked first; a port of nobody's does not matter.
	t.Run("two of them", func(t *testing.T) {
		c, address, fresh := node(t, tests["the new proxy"].handler)
		_, _, old := node(t, tests["somebody else"].handler)
		closed := httptest.NewServer(nil)
		nobody := int32(closed.Listener.Addr().(*net.TCPAddr).Port)
		closed.Close()
		for _, ports := range [][]int32{{fresh, old}, {old, fresh}} {
			if got := c.Identify(t.Context(), address, "7f3a", Ports{HTTP: ports}); !got.New || !got.Other {
				t.Errorf("asked %v: %+v", ports, got)
			}
		}
		if got := c.Identify(t.Context(), address, "7f3a", Ports{HTTP: []int32{fresh, nobody}}); !got.New || got.Other {
			t.Errorf("asked one that nobody serves, too: %+v", got)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		c := &Client{Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: net.UnknownNetworkError("refused")}
		}, Timeout: time.Second}
		if got := c.Identify(t.Context(), "127.0.0.1", "7f3a", Ports{HTTP: []int32{1}}); got.Answered {
			t.Errorf("somebody answered: %+v", got)
		}
	})
}

// TestBaseline: what changes by itself is not compared, and what has changed for
// everybody says nothing about one node.
func TestBaseline(t *testing.T) {
	var count, broken atomic.Int64
	handler := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/flaky" && count.Add(1)%2 == 0:
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/app" && broken.Load() > 0:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
	c, address, port := node(t, handler)
	request := func(path string) Request { return Request{Scheme: "http", Port: port, Host: "a.test", Path: path} }
	b := c.Take(t.Context(), address, []Request{request("/app"), request("/flaky"), request("/")})
	if diff := cmp.Diff([]Request{request("/app"), request("/")}, b.Requests); diff != "" {
		t.Fatalf("compared:\n%s", diff)
	}
	if m := c.Compare(t.Context(), address, b); len(m) > 0 {
		t.Errorf("a node differs from itself: %v", m)
	}
	broken.Store(1)
	m := c.Compare(t.Context(), address, b)
	if diff := cmp.Diff([]Mismatch{{request("/app"), "500 instead of 200"}}, m); diff != "" {
		t.Errorf("mismatches:\n%s", diff)
	}
	if left := c.Confirm(t.Context(), address, &b, m); len(left) > 0 {
		t.Errorf("blamed on the node although the old proxy answers so too: %v", left)
	}
	if diff := cmp.Diff([]Request{request("/")}, b.Requests); diff != "" {
		t.Errorf("still compared:\n%s", diff)
	}
}
