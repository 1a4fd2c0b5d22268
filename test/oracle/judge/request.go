// Package judge asks the real Traefiks: processes of 1.7, 2.11 and 3, fed with
// objects by a fake Kubernetes API, answer the same requests.
package judge

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
)

// Request is one HTTP request, written to the wire as it stands.
type Request struct {
	// TLS sends it to the entry point that ends TLS.
	TLS          bool
	Method, Host string
	// Target is the request target: path and query, escaped or not.
	Target string
	Header http.Header
	// Body is the length of the body.
	Body int
}

// String writes the request as one line: METHOD URL, headers behind it.
func (r Request) String() string {
	scheme := "http"
	if r.TLS {
		scheme = "https"
	}
	text := fmt.Sprintf("%s %s://%s%s", r.Method, scheme, r.Host, r.Target)
	for _, name := range sortedKeys(r.Header) {
		for _, value := range r.Header[name] {
			text += fmt.Sprintf(" %s=%s", name, url.QueryEscape(value))
		}
	}
	if r.Body > 0 {
		text += fmt.Sprintf(" body=%d", r.Body)
	}
	return text
}

// URL is what a client would call it by.
func (r Request) URL() string {
	if r.TLS {
		return "https://" + r.Host + r.Target
	}
	return "http://" + r.Host + r.Target
}

// ParseRequest reads what String wrote.
func ParseRequest(line string) (Request, error) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return Request{}, fmt.Errorf("request %q: want METHOD URL [Header=value …]", line)
	}
	scheme, rest, ok := strings.Cut(fields[1], "://")
	if !ok {
		return Request{}, fmt.Errorf("request %q: the URL has no scheme", line)
	}
	r := Request{Method: fields[0], TLS: scheme == "https", Host: rest, Target: "/", Header: http.Header{}}
	if slash := strings.IndexAny(rest, "/?"); slash >= 0 {
		r.Host, r.Target = rest[:slash], rest[slash:]
	}
	for _, field := range fields[2:] {
		name, value, _ := strings.Cut(field, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			return Request{}, fmt.Errorf("request %q: %w", line, err)
		}
		if name == "body" {
			if _, err := fmt.Sscan(value, &r.Body); err != nil {
				return Request{}, fmt.Errorf("request %q: %w", line, err)
			}
			continue
		}
		r.Header.Add(name, value)
	}
	return r, nil
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	// Seen is the request as a pod saw it; nil when no pod answered.
	Seen *pods.Seen
	// Body of an answer that no pod gave.
	Body string
	// Certificate are the names in the certificate that TLS was ended with.
	Certificate string
	// Failure is not empty when the answer is missing or breaks off.
	Failure string
}

// client sends requests to the entry points of one process.
type client struct {
	plain string // address
	http  *http.Client
}

func newClient(plain, secure string) *client {
	// The host of a URL is the name that TLS is asked for; where the process
	// listens is known.
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, ":443") {
			address = secure
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return &client{plain: plain, http: &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			MaxIdleConns: 256, MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second,
			DisableCompression: true,
			DialContext:        dial,
			TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// serverName matches what can be asked of TLS.
var serverName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$`)

// asked is the server name for a Host header: a Host that cannot be one gets
// another.
func asked(host string) string {
	name, _, _ := strings.Cut(host, ":")
	name = strings.TrimSuffix(name, ".")
	if !serverName.MatchString(name) {
		return "sni.oracle.test"
	}
	return name
}

func (c *client) close() { c.http.CloseIdleConnections() }

// ask sends one request.
func (c *client) ask(ctx context.Context, r Request) (Answer, error) {
	target, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return Answer{}, fmt.Errorf("request target %q: %w", r.Target, err)
	}
	target.Scheme, target.Host = "http", c.plain
	if r.TLS {
		target.Scheme, target.Host = "https", asked(r.Host)
	}
	var body io.Reader
	if r.Body > 0 {
		body = strings.NewReader(strings.Repeat("x", r.Body))
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, "http://placeholder/", body)
	if err != nil {
		return Answer{}, err
	}
	request.URL, request.Host = target, r.Host
	for name, values := range r.Header {
		request.Header[name] = append([]string{}, values...)
	}
	if _, ok := request.Header["User-Agent"]; !ok {
		request.Header.Set("User-Agent", "oracle")
	}
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return Answer{}, ctx.Err()
		}
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return Answer{}, fmt.Errorf("no answer in time: %w", err) // of the machine's making
		}
		return Answer{Failure: "no answer"}, nil
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	answer := read(response, content)
	if response.TLS != nil {
		answer.Certificate = strings.Join(response.TLS.PeerCertificates[0].DNSNames, " ")
	}
	if err != nil {
		answer.Failure = "half an answer"
	}
	return answer, nil
}

// read makes the answer. Error pages carry the body of a pod but a status and
// headers of their own, so the body decides and not the header.
func read(response *http.Response, body []byte) Answer {
	a := Answer{Status: response.StatusCode, Header: response.Header}
	var seen pods.Seen
	if err := json.Unmarshal(body, &seen); err == nil && seen.Pod != "" {
		a.Seen = &seen
		return a
	}
	a.Body = string(body)
	return a
}
