package plugin

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
)

// probeFlags say what probe sends.
type probeFlags struct {
	rate         float64
	duration     time.Duration
	timeout      time.Duration
	method       string
	headers      []string
	host         string
	resolve      []string
	insecure     bool
	connections  string
	expectStatus string
	expectHeader []string
	expectBody   string
}

const (
	mostPerSecond  = 100_000
	longestTimeout = 30 * time.Minute
	// bodyLooked is how much of a body --expect-body looks at.
	bodyLooked = 256 << 10
)

func (f *probeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Float64Var(&f.rate, "rate", 10, "Requests per second, to all URLs together")
	flags.DurationVar(&f.duration, "duration", 0, "How long to send requests; 0: until ctrl-C")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "How long one request may take")
	flags.StringVarP(&f.method, "method", "X", http.MethodGet, "Method of the requests")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "Header of the requests as `'NAME: VALUE'`, or @FILE with one a line; can be repeated")
	flags.StringVar(&f.host, "host", "", "Name to ask for, in the Host header and in TLS, instead of the URL's")
	flags.StringArrayVar(&f.resolve, "resolve", nil, "Connect to an address instead of what DNS says, as `HOST:PORT:ADDRESS`, where HOST may be * and ADDRESS may have another port; can be repeated")
	flags.BoolVarP(&f.insecure, "insecure", "k", false, "Accept any certificate")
	flags.StringVar(&f.connections, "connections", "new", "Connections: new for every request, or reuse, as browsers do")
	flags.StringVar(&f.expectStatus, "expect-status", "first", "Statuses of good answers, such as 200,3xx; first: that of a URL's first answer; any: all but 5xx")
	flags.StringArrayVar(&f.expectHeader, "expect-header", nil, "Header of good answers, as `'NAME'`, or 'NAME: TEXT' to have the text in its value; can be repeated")
	flags.StringVar(&f.expectBody, "expect-body", "", "Text that the first 256 KiB of good answers have")
	for name, values := range map[string][]string{
		"connections": {"new", "reuse"}, "expect-status": {"first", "any", "2xx"},
		"method": {http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost},
	} {
		// The only error is an unknown flag, which the tests would show at once.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// load checks the flags. Its errors name the flag and what it wants.
func (f *probeFlags) load(urls []string) (probe.Load, error) {
	load := probe.Load{Rate: f.rate, Duration: f.duration, Timeout: f.timeout}
	switch {
	case !(f.rate > 0 && f.rate <= mostPerSecond):
		return load, fmt.Errorf("--rate is more than 0 and at most %s per second, not %v", thousands(mostPerSecond), f.rate)
	case f.duration < 0:
		return load, fmt.Errorf("--duration must not be negative; 0 is until ctrl-C")
	case f.timeout <= 0 || f.timeout > longestTimeout:
		return load, fmt.Errorf("--timeout is more than 0 and at most %s, not %s", longestTimeout, f.timeout)
	case f.connections != "new" && f.connections != "reuse":
		return load, fmt.Errorf("--connections is new or reuse, not %q", f.connections)
	}
	wire := probe.Wire{Resolve: map[string]string{}, Insecure: f.insecure, Reuse: f.connections == "reuse", ServerName: serverName(f.host)}
	for _, text := range f.resolve {
		from, to, err := probe.ParseResolve(text)
		if err != nil {
			return load, fmt.Errorf("--resolve %w", err)
		}
		wire.Resolve[from] = to
	}
	header, err := f.header()
	if err != nil {
		return load, err
	}
	load.Transport = wire.Transport()
	if f.expectBody != "" {
		load.Body = bodyLooked
	}
	names := map[string]int{}
	for i, text := range urls {
		u, err := probeURL(text)
		if err != nil {
			return load, fmt.Errorf("URL %d %w", i+1, err)
		}
		expectation, err := f.expectation()
		if err != nil {
			return load, err
		}
		r := probe.Request{Name: publicURL(u), Method: strings.ToUpper(f.method), URL: u.String(), Header: header, Host: f.host, Judge: expectation.Judge}
		if names[r.Name]++; names[r.Name] > 1 {
			r.Name += fmt.Sprintf(" (%d)", names[r.Name])
		}
		if _, err := http.NewRequest(r.Method, "http://x/", nil); err != nil {
			return load, fmt.Errorf("--method: %q is no method", f.method)
		}
		load.Requests = append(load.Requests, r)
	}
	return load, nil
}

// expectation is made for each URL: the first answer is one URL's.
func (f *probeFlags) expectation() (*probe.Expectation, error) {
	statuses, err := probe.ParseStatuses(f.expectStatus)
	if err != nil {
		return nil, fmt.Errorf("--expect-status: %w", err)
	}
	e := &probe.Expectation{Statuses: statuses, Body: f.expectBody}
	for _, text := range f.expectHeader {
		h, err := probe.ParseHeaderText(text)
		if err != nil {
			return nil, fmt.Errorf("--expect-header: %w", err)
		}
		e.Headers = append(e.Headers, h)
	}
	return e, nil
}

func (f *probeFlags) header() (http.Header, error) {
	header := http.Header{"User-Agent": {"kubectl-ingress-migrate-probe"}}
	given := http.Header{}
	for i, text := range f.headers {
		lines, where := []string{text}, fmt.Sprintf("--header (number %d)", i+1)
		if path, ok := strings.CutPrefix(text, "@"); ok {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("--header @%s: %w", path, err)
			}
			lines, where = strings.Split(string(content), "\n"), "--header @"+path
		}
		for _, line := range lines {
			if strings.TrimSpace(line) == "" && len(lines) > 1 {
				continue
			}
			name, value, err := probe.ParseHeader(strings.TrimSuffix(line, "\r"))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			if name == "Host" {
				return nil, fmt.Errorf("%s: the Host header is set by --host", where)
			}
			given.Add(name, value)
		}
	}
	for _, name := range sortedKeys(given) {
		header[name] = given[name]
	}
	return header, nil
}

// serverName is a host without its port.
func serverName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// probeURL reads an argument. Its errors quote nothing that may be a password.
func probeURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(text, "@"):
		return nil, fmt.Errorf("cannot be read as one (it is not shown, for it may have a password)")
	case err != nil:
		return nil, fmt.Errorf("%q cannot be read as one: want http://HOST/PATH or https://HOST/PATH", text)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%q: want http://HOST/PATH or https://HOST/PATH", publicText(u, text))
	}
	return u, nil
}

// publicURL names a URL without what may be a secret.
func publicURL(u *url.URL) string {
	text := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		text += "?..."
	}
	return text
}

// publicText is for what turned out to be no usable URL.
func publicText(u *url.URL, text string) string {
	if u.User != nil || strings.Contains(text, "@") {
		return "(not shown)"
	}
	return text
}
