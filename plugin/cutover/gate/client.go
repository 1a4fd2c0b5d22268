package gate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Answer is what is compared of a response.
type Answer struct {
	Status   int    `json:"status,omitempty"`
	Location string `json:"location,omitempty"`
	// Certificate names what the server showed, for https.
	Certificate string            `json:"certificate,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	// Failed is why there is no response.
	Failed string `json:"failed,omitempty"`
}

// comparedHeaders say what a route does to a response, not what a backend said.
var comparedHeaders = []string{"Access-Control-Allow-Origin", "Strict-Transport-Security", "Www-Authenticate", "X-Frame-Options"}

// Differs says in one clause how got differs from want, or "".
//
// Statuses 2xx and 5xx are compared by class: they are the backend's. The others
// are mostly the proxy's own words, so 4xx must be equal and 3xx must lead to the
// same place.
func (want Answer) Differs(got Answer) string {
	switch {
	case want.Failed != "" && got.Failed != "":
		return ""
	case got.Failed != "":
		return fmt.Sprintf("no answer (%s) instead of %d", got.Failed, want.Status)
	case want.Failed != "":
		return fmt.Sprintf("%d where the old proxy gave no answer", got.Status)
	case want.Status/100 != got.Status/100, want.Status/100 == 4 && want.Status != got.Status:
		return fmt.Sprintf("%d instead of %d", got.Status, want.Status)
	case want.Location != got.Location:
		return fmt.Sprintf("redirects to %q instead of %q", got.Location, want.Location)
	case want.Certificate != got.Certificate:
		return fmt.Sprintf("shows the certificate %q instead of %q", got.Certificate, want.Certificate)
	}
	for _, name := range comparedHeaders {
		if want.Headers[name] != got.Headers[name] {
			return fmt.Sprintf("header %s is %q instead of %q", name, got.Headers[name], want.Headers[name])
		}
	}
	return ""
}

// Dial opens a connection to a node.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Client asks nodes.
type Client struct {
	Dial Dial
	// Timeout of one request.
	Timeout time.Duration
	// Parallel is how many requests a node gets at the same time.
	Parallel int

	mu      sync.Mutex
	tallies map[string]Tally
}

// Tally is what a node answered to this client: its metrics count that, too.
type Tally struct{ Requests, ServerErrors, NotFound int }

// TallyOf a node since this client exists.
func (c *Client) TallyOf(address string) Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tallies[address]
}

func (c *Client) count(address string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tallies == nil {
		c.tallies = map[string]Tally{}
	}
	t := c.tallies[address]
	t.Requests++
	switch {
	case status/100 == 5:
		t.ServerErrors++
	case status == http.StatusNotFound:
		t.NotFound++
	}
	c.tallies[address] = t
}

// Ask sends one request to a node. Every request has a connection of its own: a
// kept one could belong to a process that is on its way out.
func (c *Client) Ask(ctx context.Context, address string, r Request) Answer {
	answer, _ := c.ask(ctx, address, r)
	return answer
}

func (c *Client) ask(ctx context.Context, address string, r Request) (Answer, http.Header) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	target := net.JoinHostPort(address, strconv.Itoa(int(r.Port)))
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, network, _ string) (net.Conn, error) { return c.Dial(ctx, network, target) },
		DisableKeepAlives: true,
		Proxy:             nil, // the node is asked itself, whatever the environment says
		// Whose certificate it is gets compared, not trusted.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: r.Host},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.String(), nil)
	if err != nil {
		return Answer{Failed: err.Error()}, nil
	}
	request.Header.Set("User-Agent", "kubectl-ingress-migrate/gate")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Answer{Failed: reason(err)}, nil
	}
	defer response.Body.Close()
	c.count(address, response.StatusCode)
	// Answers that break off half-way are failures too; longer ones are not read.
	const enough = 1 << 20
	if _, err := io.CopyN(io.Discard, response.Body, enough); err != nil && !errors.Is(err, io.EOF) {
		return Answer{Failed: reason(err)}, nil
	}
	answer := Answer{Status: response.StatusCode}
	if location := response.Header.Get("Location"); location != "" {
		answer.Location = NormalLocation(location)
	}
	for _, name := range comparedHeaders {
		value := response.Header.Get(name)
		if value == "" {
			continue
		}
		if name == "Www-Authenticate" {
			value, _, _ = strings.Cut(value, " ") // a digest challenge has a nonce
		}
		if answer.Headers == nil {
			answer.Headers = map[string]string{}
		}
		answer.Headers[name] = value
	}
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		answer.Certificate = certificateName(response.TLS.PeerCertificates[0])
	}
	return answer, response.Header
}

// IsDefaultCertificate tells whether a certificate is the default one of Traefik
// (tls/generate) or of ingress-nginx (internal/ingress/controller/controller.go), which
// every process makes anew: no client can rely on either.
func IsDefaultCertificate(c *x509.Certificate) bool {
	switch c.Subject.CommonName {
	case "TRAEFIK DEFAULT CERT", "Kubernetes Ingress Controller Fake Certificate":
		return true
	}
	return false
}

// certificateName tells certificates apart.
func certificateName(c *x509.Certificate) string {
	if IsDefaultCertificate(c) {
		return "the proxy's own"
	}
	names := slices.Clone(c.DNSNames)
	slices.Sort(names)
	return strings.Join(append(names, c.SerialNumber.Text(16)), " ")
}

// NormalLocation drops a port that the scheme implies.
func NormalLocation(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return location
	}
	if port := u.Port(); u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		u.Host = u.Hostname()
	}
	return u.String()
}

// reason keeps the cause without addresses and ports, which differ each time.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	return err.Error()
}

// AskAll sends all requests and returns the answers in the same order.
func (c *Client) AskAll(ctx context.Context, address string, requests []Request) []Answer {
	answers := make([]Answer, len(requests))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(max(c.Parallel, 1), len(requests)) {
		wg.Go(func() {
			for i := range next {
				answers[i] = c.Ask(ctx, address, requests[i])
			}
		})
	}
	for i := range requests {
		next <- i
	}
	close(next)
	wg.Wait()
	return answers
}
