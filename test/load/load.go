// Package load compares every answer to a probe's requests with the ones recorded
// before: a request is lost, or its answer changed, or it is fine.
package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
)

// CertificateHeader is added to every answer over TLS: the common name and the
// names of the certificate that was presented. It is part of the answer.
const CertificateHeader = "X-Load-Certificate"

// defaultCertificate is the common name of the certificate that Traefik shows
// when no other fits (tls/generate in Traefik 1 and 2).
const defaultCertificate = "TRAEFIK DEFAULT CERT"

// Request is one kind of request of the load.
type Request struct {
	// Name says what it is for, such as "pay/canary http".
	Name   string
	Method string
	// URL has the real host; the Client tells where it is served.
	URL    string
	Header http.Header
	// Interchangeable names backends among which the proxy divides these
	// requests: which of them answered is no part of the answer.
	Interchangeable []string
	// Told are differences between the two controllers that the conversion tells of.
	Told Told
}

// Told says what is no part of an answer because a conversion says that it changes.
type Told struct {
	// Echoed are headers as the backend saw them.
	Echoed []string
	// Pages of proxies: the bodies of answers that no backend gave.
	Pages bool
}

// answer is normalise, less the name of one of several interchangeable backends.
func (r Request) answer(status int, header http.Header, body []byte) string {
	text := normalise(status, header, body, r.Told)
	for _, name := range r.Interchangeable {
		text = strings.ReplaceAll(text, strconv.Quote(name), `"(one of several)"`)
		text = strings.ReplaceAll(text, ": "+name+"\n", ": (one of several)\n")
	}
	return text
}

// bodyLimit is how much of an answer's body is compared.
const bodyLimit = 1 << 20

// timeout bounds one request; a quarter of the load takes a second by design.
const timeout = 30 * time.Second

// Client speaks to the hosts of the load at the address where the balancer
// listens: a connection for port 80 goes to plain, one for port 443 to secure.
// Connections are not reused, so that every request stands for a new client and
// no retry of a broken idle connection hides a lost one.
func Client(plain, secure string) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: certificateRecorder{probe.Wire{
			Resolve: map[string]string{"*:80": plain, "*:443": secure},
			// The sandbox's certificates are signed by nobody; which one is presented is compared.
			Insecure: true,
		}.Transport()},
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
			b.answers[i], err = record(ctx, client, r, rounds)
			return err
		})
	}
	return b, group.Wait()
}

func record(ctx context.Context, client *http.Client, r Request, rounds int) ([]string, error) {
	var answers []string
	for range rounds {
		answer, status, err := ask(ctx, client, r)
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

func ask(ctx context.Context, client *http.Client, r Request) (string, int, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, http.NoBody)
	if err != nil {
		return "", 0, err
	}
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	response, err := client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		return "", 0, err
	}
	return r.answer(response.StatusCode, response.Header, body), response.StatusCode, nil
}

// Run is a load that is going on.
type Run struct{ *probe.Run }

// Start sends the baseline's requests in turn, rate per second, until Stop.
func Start(client *http.Client, rate int, baseline *Baseline) (Run, error) {
	load := probe.Load{Rate: float64(rate), Timeout: timeout, Transport: client.Transport, Body: bodyLimit}
	for i, r := range baseline.requests {
		load.Requests = append(load.Requests, probe.Request{
			Name: r.Name, Method: r.Method, URL: r.URL, Header: r.Header,
			Judge: func(a probe.Answer) probe.Verdict { return r.judge(baseline.answers[i], a) },
		})
	}
	run, err := probe.Start(load)
	return Run{run}, err
}

// Stop sends no more requests, waits for the answers under way and returns the report.
func (r Run) Stop() *probe.Report {
	r.Run.Stop()
	return r.Wait()
}
