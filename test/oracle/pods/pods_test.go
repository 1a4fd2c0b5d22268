package pods

import (
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
)

// TestWithoutTLS: whoever speaks no TLS to the port for it is answered, each time.
func TestWithoutTLS(t *testing.T) {
	slot, err := loopback.Claim()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slot.Release() })
	address := slot.Pod(1)
	authority, err := pki.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("pod.test")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Start([]Pod{{Name: "one/a/0", Address: address}}, certificate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	http2 := &http.Protocols{}
	http2.SetUnencryptedHTTP2(true)
	at := net.JoinHostPort(address, strconv.Itoa(PortTLS))
	for name, test := range map[string]struct {
		transport *http.Transport
		url       string
		want      int
	}{
		"HTTP/1.1":           {&http.Transport{}, "http://" + at, http.StatusBadRequest},
		"HTTP/2 without TLS": {&http.Transport{Protocols: http2}, "http://" + at, http.StatusBadRequest},
		"TLS":                {&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, "https://" + at, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				response, err := (&http.Client{Transport: test.transport}).Post(test.url, "text/plain", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if response.StatusCode != test.want {
					t.Fatalf("status %d, want %d", response.StatusCode, test.want)
				}
				test.transport.CloseIdleConnections()
			}
		})
	}
}
