package verify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Side is one proxy: where its schemes are served, host:port by scheme.
type Side map[string]string

// Schemes of both sides, in order.
func Schemes(old, new Side) []string {
	var both []string
	for _, scheme := range []string{"http", "https"} {
		if old[scheme] != "" && new[scheme] != "" {
			both = append(both, scheme)
		}
	}
	return both
}

// Options of Run.
type Options struct {
	Old, New Side
	Requests []Request
	Ignore   []Ignore
	// Timeout of one request.
	Timeout time.Duration
	// Parallel is how many requests are under way at the same time.
	Parallel int
	// Progress is told how many requests are done; nil: nobody is.
	Progress func(done int)
}

// Run asks both proxies everything. It returns what was found until ctx ended, and then
// its error.
func Run(ctx context.Context, o Options) (*Report, error) {
	old, new := o.client(o.Old), o.client(o.New)
	type outcome struct {
		asked, steady bool
		how           []string
	}
	outcomes := make([]outcome, len(o.Requests))
	next := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(max(o.Parallel, 1), max(len(o.Requests), 1)) {
		group.Go(func() {
			for i := range next {
				how, known := o.compare(ctx, old, new, o.Requests[i])
				if ctx.Err() != nil {
					continue
				}
				outcomes[i] = outcome{true, known, how}
				mu.Lock()
				done++
				if o.Progress != nil {
					o.Progress(done)
				}
				mu.Unlock()
			}
		})
	}
	for i := range o.Requests {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	report := &Report{Old: o.Old, New: o.New, Planned: len(o.Requests), Different: []Difference{}}
	report.APIVersion, report.Kind = APIVersion, Kind
	for i, outcome := range outcomes {
		switch {
		case !outcome.asked:
			continue
		case !outcome.steady:
			report.Unsteady++
		case len(outcome.how) > 0:
			report.Different = append(report.Different, Difference{o.Requests[i], outcome.how})
		default:
			report.Same++
		}
		report.Asked++
	}
	return report, ctx.Err()
}

// compare asks the old proxy twice, to know what of its answers is steady, and the new
// one once. What differs is asked once more on both sides: a backend may have changed in
// between. steady is false when nothing can be said.
func (o *Options) compare(ctx context.Context, old, new *client, r Request) (how []string, known bool) {
	first, second := old.ask(ctx, r), old.ask(ctx, r)
	for try := 0; ; try++ {
		want := steady(first, second)
		if want[aspectStatus] == "" && want[aspectFailed] == "" {
			return nil, false
		}
		unsteady := map[string]bool{}
		for aspect := range union(first, second) {
			unsteady[aspect] = want[aspect] == ""
		}
		how = differences(want, new.ask(ctx, r), unsteady, func(aspect string) bool {
			return slices.ContainsFunc(o.Ignore, func(i Ignore) bool { return i.matches(r, aspect) })
		})
		if len(how) == 0 || try > 0 {
			return how, true
		}
		first, second = want, old.ask(ctx, r)
	}
}

type client struct {
	side    Side
	timeout time.Duration
}

func (o *Options) client(side Side) *client { return &client{side, o.Timeout} }

// ask sends one request on a connection of its own: a kept one may belong to a process
// that is on its way out.
func (c *client) ask(ctx context.Context, r Request) answer {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var dialer net.Dialer
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, c.side[r.Scheme])
		},
		DisableKeepAlives: true,
		Proxy:             nil, // the proxy is asked itself, whatever the environment says
		// Whose certificate it is gets compared, not trusted.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: r.Host},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, r.Method, r.Scheme+"://"+r.Host+r.Target, nil)
	if err != nil {
		return failed(err)
	}
	request.Header.Set("User-Agent", "kubectl-ingress-migrate/verify")
	if r.Upgrade {
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "websocket")
		request.Header.Set("Sec-WebSocket-Version", "13")
		request.Header.Set("Sec-WebSocket-Key", "aW5ncmVzcy1taWdyYXRlIQ==") // any 16 bytes, RFC 6455 section 4.1
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	return read(response)
}

// Ignore is something that may differ.
type Ignore struct {
	// kind is header, body, status, certificate, host or path.
	kind, value string
}

// ParseIgnore reads a value of --ignore: body, certificate, status, header=NAME,
// host=NAME or host=*.DOMAIN, path=PREFIX.
func ParseIgnore(text string) (Ignore, error) {
	kind, value, found := strings.Cut(text, "=")
	switch kind {
	case aspectBody, aspectCertificate, aspectStatus:
		if !found {
			return Ignore{kind, ""}, nil
		}
	case "header":
		if value != "" {
			return Ignore{kind, http.CanonicalHeaderKey(value)}, nil
		}
	case "host":
		if value != "" {
			return Ignore{kind, strings.ToLower(value)}, nil
		}
	case "path":
		if strings.HasPrefix(value, "/") {
			return Ignore{kind, value}, nil
		}
	}
	return Ignore{}, fmt.Errorf("%q is none of body, certificate, status, header=NAME, host=NAME, host=*.DOMAIN, path=/PREFIX", text)
}

func (i Ignore) matches(r Request, aspect string) bool {
	switch i.kind {
	case "header":
		return aspect == headerAspect+i.value
	case "host":
		if domain, wild := strings.CutPrefix(i.value, "*"); wild {
			return strings.HasSuffix(r.Host, domain)
		}
		return r.Host == i.value
	case "path":
		return strings.HasPrefix(r.Target, i.value)
	}
	return aspect == i.kind
}

// ParseSide reads where a proxy is served: URLs such as http://10.0.0.1:8080, or an
// address alone, which stands for its ports 80 and 443.
func ParseSide(urls []string) (Side, error) {
	side := Side{}
	for _, text := range urls {
		if !strings.Contains(text, "://") {
			if text == "" || strings.ContainsAny(text, "/ ") {
				return nil, fmt.Errorf("%q is neither a URL such as http://10.0.0.1:8080 nor an address", text)
			}
			if host, port, err := net.SplitHostPort(text); err == nil {
				return nil, fmt.Errorf("%q has a port and no scheme: write http://%s:%s or https://%s:%s", text, host, port, host, port)
			}
			host := strings.Trim(text, "[]")
			side["http"], side["https"] = net.JoinHostPort(host, "80"), net.JoinHostPort(host, "443")
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
			return nil, fmt.Errorf("%q is no URL such as http://10.0.0.1:8080", redacted(text))
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		side[u.Scheme] = net.JoinHostPort(u.Hostname(), port)
	}
	return side, nil
}

// redacted is a URL without a password that it may have.
func redacted(text string) string {
	if u, err := url.Parse(text); err == nil {
		return u.Redacted()
	}
	return "what was given"
}
