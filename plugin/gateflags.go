package plugin

import (
	"context"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/spf13/pflag"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// gateFlags say by what a node is judged beside its routes.
type gateFlags struct {
	metrics    bool
	limits     traffic.Limits
	port       int32
	prometheus string
	queries    []string
	most       []float64
	verify     int
	ignore     []string
}

func (f *gateFlags) add(flags *pflag.FlagSet) {
	f.limits = traffic.DefaultLimits()
	flags.BoolVar(&f.metrics, "metrics", true, "Judge error rate and latency by the metrics of the new proxy while a node is watched")
	flags.Int32Var(&f.port, "metrics-port", 0, "Port of /metrics (default: told by annotations and port names, else 8080)")
	flags.Float64Var(&f.limits.ServerErrors, "max-5xx", f.limits.ServerErrors, "Share of requests that may end with 5xx beyond the old proxy's")
	flags.Float64Var(&f.limits.NotFound, "max-404", f.limits.NotFound, "Share of requests that may end with 404 beyond the old proxy's")
	flags.Float64Var(&f.limits.Latency, "max-latency", f.limits.Latency, "How many times as long as with the old proxy the 95th percentile may be")
	flags.IntVar(&f.limits.Requests, "min-requests", f.limits.Requests, "Requests that a judgement of metrics needs")
	flags.StringVar(&f.prometheus, "prometheus", "", "URL of a Prometheus that is asked about every node after its soak")
	flags.StringArrayVar(&f.queries, "prometheus-query", nil, "What it is asked, with $NODE, $ADDRESS and $POD (default: share of 5xx)")
	flags.Float64SliceVar(&f.most, "prometheus-max", []float64{0.01}, "The most that it may answer: one number, or one for every query")
	flags.IntVar(&f.verify, "verify", 0, "Requests to compare with another node before the first node, and on every node")
	flags.StringSliceVar(&f.ignore, "ignore", nil, "What may differ with --verify, such as body or header=X-Served-By")
}

// apply puts the flags' choices into settings: all of them, or those that were given.
func (f *gateFlags) apply(s *cutover.Settings, given func(...string) bool) {
	limits := traffic.DefaultLimits()
	if s.Traffic != nil {
		limits = *s.Traffic
	}
	for _, take := range []struct {
		flag     string
		to, from *float64
	}{
		{"max-5xx", &limits.ServerErrors, &f.limits.ServerErrors},
		{"max-404", &limits.NotFound, &f.limits.NotFound},
		{"max-latency", &limits.Latency, &f.limits.Latency},
	} {
		if given(take.flag) {
			*take.to = *take.from
		}
	}
	if given("min-requests") {
		limits.Requests = f.limits.Requests
	}
	switch {
	case given("metrics") && !f.metrics:
		s.Traffic = nil
	case given("metrics") || s.Traffic != nil:
		s.Traffic = &limits
	}
	if given("metrics-port") {
		s.MetricsPort = f.port
	}
	if given("prometheus", "prometheus-query", "prometheus-max") {
		s.Prometheus, s.Queries = f.prometheus, f.asked()
	}
	if given("verify") {
		s.Verify = f.verify
	}
	if given("ignore") {
		s.Ignore = f.ignore
	}
}

func (f *gateFlags) asked() []traffic.Query {
	if f.prometheus == "" {
		return nil
	}
	texts := f.queries
	if len(texts) == 0 {
		texts = []string{traffic.DefaultQuery}
	}
	var out []traffic.Query
	for i, text := range texts {
		out = append(out, traffic.Query{Text: text, Max: f.most[min(i, len(f.most)-1)]})
	}
	return out
}

// comparison finds what makes a query answer nothing when all is well, and also when
// there is nothing to say; quoted text and matchers are not of interest.
var (
	unread     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^}]*\}`)
	comparison = regexp.MustCompile(`(==|!=|>=|<=|>|<)\s*(\w*)`)
)

func (f *gateFlags) validate() error {
	for _, limit := range []struct {
		flag       string
		value, top float64
	}{{"max-5xx", f.limits.ServerErrors, 1}, {"max-404", f.limits.NotFound, 1}} {
		if limit.value < 0 || limit.value > limit.top {
			return usageError("--%s is a share from 0 to 1, not %g", limit.flag, limit.value)
		}
	}
	switch {
	case f.limits.Latency < 1:
		return usageError("--max-latency is 1 or more, not %g", f.limits.Latency)
	case f.limits.Requests < 1:
		return usageError("--min-requests is 1 or more, not %d", f.limits.Requests)
	case f.port < 0 || f.port > 65535:
		return usageError("--metrics-port is a port, not %d", f.port)
	case f.verify < 0:
		return usageError("--verify must not be negative")
	case len(f.queries) > 0 && f.prometheus == "":
		return usageError("--prometheus-query needs --prometheus")
	case len(f.most) != 1 && len(f.most) != max(1, len(f.queries)):
		return usageError("--prometheus-max is one number, or one for each of the %s", plural(len(f.queries), "query"))
	}
	for _, query := range f.queries {
		for _, found := range comparison.FindAllStringSubmatch(unread.ReplaceAllString(query, ""), -1) {
			if found[2] != "bool" {
				return usageError("--prometheus-query %s: with %s it answers nothing when all is well; ask for the number, and say the most in --prometheus-max", query, found[1])
			}
		}
	}
	if f.prometheus != "" {
		if u, err := url.Parse(f.prometheus); err == nil && u.User != nil {
			return usageError("--prometheus: its URL is kept in the journal, which is no place for a password: let a proxy without one answer (kubectl port-forward)")
		}
		if _, err := traffic.NewPrometheus(f.prometheus, nil, nil); err != nil {
			return usageError("--prometheus: %v", err)
		}
		if !strings.HasPrefix(f.prometheus, "http://") && !strings.HasPrefix(f.prometheus, "https://") {
			return usageError("--prometheus %s: it begins with http:// or https://", f.prometheus)
		}
	}
	_, err := parseIgnore(f.ignore)
	return err
}

func parseIgnore(texts []string) ([]verify.Ignore, error) {
	var out []verify.Ignore
	for _, text := range texts {
		ignore, err := verify.ParseIgnore(text)
		if err != nil {
			return nil, usageError("--ignore: %v", err)
		}
		out = append(out, ignore)
	}
	return out, nil
}

// judges gives an engine what judges traffic and answers.
func (c *cluster) judges(e *cutover.Engine, reader *fleet.Reader) (err error) {
	if e.Scraper, e.Prometheus, err = observers(e.Settings); err != nil || e.Settings.Verify == 0 {
		return err
	}
	e.Verify, err = c.comparing(reader, e.Settings.Verify, e.Settings.Ignore)
	return err
}

// observers are what traffic is judged by; a nil Prometheus is not asked.
func observers(s cutover.Settings) (*traffic.Scraper, *traffic.Prometheus, error) {
	dial := (&net.Dialer{}).DialContext
	scraper := &traffic.Scraper{Dial: dial, Timeout: 10 * time.Second}
	if s.Prometheus == "" {
		return scraper, nil, nil
	}
	prometheus, err := traffic.NewPrometheus(s.Prometheus, s.Queries, dial)
	return scraper, prometheus, err
}

// comparing asks two proxies for so many requests made from the cluster's Ingresses.
func (c *cluster) comparing(reader *fleet.Reader, requests int, ignored []string) (func(ctx context.Context, reference, other verify.Side) (*verify.Report, error), error) {
	ignore, err := parseIgnore(ignored)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, reference, other verify.Side) (*verify.Report, error) {
		ingresses, err := c.ingresses(ctx, reader)
		if err != nil {
			return nil, err
		}
		all := verify.Sample(verify.FromIngresses(ingresses, verify.Schemes(reference, other)), requests)
		return verify.Run(ctx, verify.Options{Old: reference, New: other, Requests: all, Ignore: ignore, Timeout: 10 * time.Second, Parallel: 8})
	}, nil
}

// ingresses are all of the cluster.
func (c *cluster) ingresses(ctx context.Context, reader *fleet.Reader) ([]*networkingv1.Ingress, error) {
	loaded, err := source.FromCluster(ctx, reader.Client, source.Scope{}, source.Routes)
	if err != nil {
		return nil, err
	}
	var ingresses []*networkingv1.Ingress
	for _, i := range loaded.Input.Ingresses {
		ingresses = append(ingresses, i.Ingress)
	}
	return ingresses, nil
}
