// Package load sends requests at a constant rate, whatever the answers do (open
// loop), and compares every answer with the ones recorded before: a request is
// lost, or its answer changed, or it is fine.
package load

import (
	"context"
	"crypto/tls"
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

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"
)

// CertificateHeader is added to every answer over TLS: the common name and the
// names of the certificate that was presented. It is part of the answer.
const CertificateHeader = "X-Load-Certificate"

// defaultCertificate is the common name of the certificate that Traefik shows
// when no other fits (tls/generate in Traefik 1 and 2).
const defaultCertificate = "TRAEFIK DEFAULT CERT"

// indexParameter tells which Request a result belongs to.
const indexParameter = "n"

// Request is one kind of request of the load.
type Request struct {
	// Name says what it is for, such as "pay/canary http".
	Name   string
	Method string
	// URL has the real host; the client's Routes tell where it is served.
	URL    string
	Header http.Header
	// Interchangeable names backends among which the proxy divides these
	// requests: which of them answered is no part of the answer.
	Interchangeable []string
}

// answer is normalise, less the name of one of several interchangeable backends.
func (r Request) answer(status int, header http.Header, body []byte) string {
	text := normalise(status, header, body)
	for _, name := range r.Interchangeable {
		text = strings.ReplaceAll(text, strconv.Quote(name), `"(one of several)"`)
		text = strings.ReplaceAll(text, ": "+name+"\n", ": (one of several)\n")
	}
	return text
}

// Client speaks to the hosts of the load at the address where the balancer
// listens: a connection for port 80 goes to plain, one for port 443 to secure.
// Connections are not reused, so that every request stands for a new client and
// no retry of a broken idle connection hides a lost one.
func Client(plain, secure string) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: certificateRecorder{&http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				to := plain
				if _, port, _ := net.SplitHostPort(address); port == "443" {
					to = secure
				}
				return dialer.DialContext(ctx, network, to)
			},
			// The sandbox's certificates are signed by nobody; which one is presented is compared.
			TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, //nolint:gosec
			DisableKeepAlives:  true,
			DisableCompression: true,
		}},
	}
}

type certificateRecorder struct{ next http.RoundTripper }

func (c certificateRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(r)
	if err == nil && response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		leaf := response.TLS.PeerCertificates[0]
		shown := fmt.Sprintf("%s %v", leaf.Subject.CommonName, leaf.DNSNames)
		if leaf.Subject.CommonName == defaultCertificate {
			// Every process makes its own, for a random name.
			shown = defaultCertificate
		}
		response.Header.Set(CertificateHeader, shown)
	}
	return response, err
}

// Baseline holds, for each request, the answers that count as the same: mostly
// one, several where the old controller itself does not always answer the same.
type Baseline struct {
	requests []Request
	answers  [][]string
}

// parallel is how many requests Record has under way.
const parallel = 32

// Record sends every request rounds times and keeps the different answers. It
// fails when a request gets no answer at all, or answers 404 or 5xx: such a
// baseline would prove nothing.
func Record(ctx context.Context, client *http.Client, requests []Request, rounds int) (*Baseline, error) {
	b := &Baseline{requests: requests, answers: make([][]string, len(requests))}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, r := range requests {
		group.Go(func() error {
			var err error
			b.answers[i], err = record(ctx, client, target(i, r), r, rounds)
			return err
		})
	}
	return b, group.Wait()
}

func record(ctx context.Context, client *http.Client, t vegeta.Target, r Request, rounds int) ([]string, error) {
	var answers []string
	for range rounds {
		answer, status, err := ask(ctx, client, t, r)
		if err != nil {
			return nil, fmt.Errorf("recording the answer to %s (%s): %w", r.Name, r.URL, err)
		}
		if status == http.StatusNotFound || status >= 500 {
			return nil, fmt.Errorf("recording the answer to %s (%s): status %d proves nothing; the old controller does not serve it", r.Name, r.URL, status)
		}
		if !slices.Contains(answers, answer) {
			answers = append(answers, answer)
		}
	}
	return answers, nil
}

func ask(ctx context.Context, client *http.Client, t vegeta.Target, r Request) (string, int, error) {
	request, err := t.Request()
	if err != nil {
		return "", 0, err
	}
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", 0, err
	}
	return r.answer(response.StatusCode, response.Header, body), response.StatusCode, nil
}

func target(i int, r Request) vegeta.Target {
	separator := "?"
	if u, err := url.Parse(r.URL); err == nil && u.RawQuery != "" {
		separator = "&"
	}
	return vegeta.Target{Method: r.Method, URL: r.URL + separator + indexParameter + "=" + strconv.Itoa(i), Header: r.Header.Clone()}
}

// Run is a load that is going on.
type Run struct {
	baseline *Baseline
	attacker *vegeta.Attacker
	done     chan struct{}

	mu     sync.Mutex
	report Report
}

// Start sends the baseline's requests in turn, rate per second, until Stop.
func Start(client *http.Client, rate int, baseline *Baseline) *Run {
	next := 0
	var mu sync.Mutex
	targeter := func(t *vegeta.Target) error {
		mu.Lock()
		i := next % len(baseline.requests)
		next++
		mu.Unlock()
		*t = target(i, baseline.requests[i])
		return nil
	}
	run := &Run{
		baseline: baseline,
		attacker: vegeta.NewAttacker(vegeta.Client(client), vegeta.MaxWorkers(4096)),
		done:     make(chan struct{}),
		report:   Report{Latency: hdrhistogram.New(1, time.Minute.Microseconds(), 3), Began: time.Now()},
	}
	results := run.attacker.Attack(targeter, vegeta.ConstantPacer{Freq: rate, Per: time.Second}, 0, "")
	go func() {
		defer close(run.done)
		for result := range results {
			run.count(result)
		}
	}()
	return run
}

// Stop sends no more requests, waits for the answers under way and returns the report.
func (r *Run) Stop() Report {
	r.attacker.Stop()
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Ended = time.Now()
	return r.report
}

// Now returns the report so far; its histogram must not be used.
func (r *Run) Now() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := r.report
	report.Ended = time.Now()
	report.Latency = nil
	return report
}
