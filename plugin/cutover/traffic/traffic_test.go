package traffic_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

const page = `# TYPE traefik_config_reloads_total counter
traefik_config_reloads_total 2
# TYPE traefik_entrypoint_requests_total counter
traefik_entrypoint_requests_total{code="200",entrypoint="http",method="GET",protocol="http"} 900
traefik_entrypoint_requests_total{code="502",entrypoint="http",method="GET",protocol="http"} 30
traefik_entrypoint_requests_total{code="404",entrypoint="https",method="GET",protocol="http"} 70
traefik_entrypoint_requests_total{code="404",entrypoint="traefik",method="GET",protocol="http"} 5000
# TYPE traefik_entrypoint_request_duration_seconds histogram
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="http",method="GET",protocol="http",le="0.1"} 800
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="http",method="GET",protocol="http",le="0.3"} 900
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="http",method="GET",protocol="http",le="+Inf"} 900
traefik_entrypoint_request_duration_seconds_sum{code="200",entrypoint="http",method="GET",protocol="http"} 9
traefik_entrypoint_request_duration_seconds_count{code="200",entrypoint="http",method="GET",protocol="http"} 900
traefik_entrypoint_request_duration_seconds_bucket{code="404",entrypoint="https",method="GET",protocol="http",le="0.1"} 70
traefik_entrypoint_request_duration_seconds_bucket{code="404",entrypoint="https",method="GET",protocol="http",le="0.3"} 70
traefik_entrypoint_request_duration_seconds_bucket{code="404",entrypoint="https",method="GET",protocol="http",le="+Inf"} 100
traefik_entrypoint_request_duration_seconds_sum{code="404",entrypoint="https",method="GET",protocol="http"} 9
traefik_entrypoint_request_duration_seconds_count{code="404",entrypoint="https",method="GET",protocol="http"} 100
`

func counts(requests, serverErrors, notFound float64, buckets ...float64) traffic.Counts {
	c := traffic.Counts{Requests: requests, ServerErrors: serverErrors, NotFound: notFound, Timed: requests}
	for i, bound := range []float64{0.1, 0.3, 1.2, 5} {
		if i < len(buckets) {
			c.Buckets = append(c.Buckets, traffic.Bucket{Bound: bound, Count: buckets[i]})
		}
	}
	return c
}

func TestRead(t *testing.T) {
	got, err := traffic.Read(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counts(1000, 30, 70, 870, 970), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// The 950th of 1,000 is the 80th of the hundred between 0.1 s and 0.3 s.
	if q := got.Quantile(0.95); math.Abs(q-0.26) > 1e-9 {
		t.Errorf("p95 is %v", q)
	}
	if diff := cmp.Diff(counts(0, 0, 0, 0, 0), got.Since(got)); diff != "" {
		t.Errorf("nothing happened since, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(counts(5, 0, 0), counts(5, 0, 0).Since(got)); diff != "" {
		t.Errorf("after a restart, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(counts(2000, 60, 140, 1740, 1940), got.Plus(got)); diff != "" {
		t.Errorf("two proxies, -want +got:\n%s", diff)
	}
	for name, page := range map[string]string{
		"somebody else's": "# TYPE go_goroutines gauge\ngo_goroutines 8\n",
		"no metrics":      "<html>",
	} {
		if _, err := traffic.Read(strings.NewReader(page)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	fresh, err := traffic.Read(strings.NewReader("# TYPE traefik_config_reloads_total counter\ntraefik_config_reloads_total 1\n"))
	if err != nil || fresh.Requests != 0 {
		t.Errorf("a proxy without requests: %v, %v", fresh, err)
	}
}

func TestJudge(t *testing.T) {
	quick := counts(1000, 0, 50, 990, 1000)
	for name, test := range map[string]struct {
		now    traffic.Counts
		old    *traffic.Counts
		bad    string // part of Bad
		text   string // part of Text
		judged bool
	}{
		"like before":               {now: counts(200, 0, 10, 198, 200), old: &quick, judged: true, text: "200 requests: 5xx 0%, 404 5%, p95 96"},
		"errors":                    {now: counts(200, 5, 10, 198, 200), old: &quick, judged: true, bad: "2.5% of 200 requests ended with 5xx"},
		"a few errors":              {now: counts(200, 2, 10, 198, 200), old: &quick, judged: true},
		"not found":                 {now: counts(200, 0, 15, 198, 200), old: &quick, judged: true, bad: "7.5% of 200 requests ended with 404, with the old proxy 5% did"},
		"slow":                      {now: counts(200, 0, 10, 100, 150, 200), old: &quick, judged: true, bad: "95% of the requests took up to 1.02s"},
		"too few":                   {now: counts(99, 99, 0, 0, 0), old: &quick, text: "no judgement of error rate and latency: 99 requests, 100 are needed"},
		"nothing of the old":        {now: counts(200, 0, 1, 100, 150, 200), judged: true, text: "latency not judged"},
		"errors, nothing of theirs": {now: counts(200, 3, 1, 100, 150, 200), judged: true, bad: "an unknown share"},
		"the old one just started":  {now: counts(200, 0, 1, 100, 150, 200), old: &traffic.Counts{Requests: 3}, judged: true, text: "latency not judged"},
	} {
		t.Run(name, func(t *testing.T) {
			v := traffic.DefaultLimits().Judge(test.now, test.old)
			if v.Judged != test.judged || (v.Bad == "") != (test.bad == "") || !strings.Contains(v.Bad, test.bad) || !strings.Contains(v.Text, test.text) {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestPrometheus asks a real Prometheus that scrapes a page of Traefik's.
func TestPrometheus(t *testing.T) {
	program, err := binaries.Prometheus(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	// What is scraped grows: a rate needs two different moments.
	began := time.Now()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := time.Since(began).Milliseconds()
		fmt.Fprintf(w, "traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"web\"} %d\ntraefik_entrypoint_requests_total{code=\"503\",entrypoint=\"web\"} %d\n", 9*n, n)
	}))
	defer target.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: traefik\n  static_configs:\n  - targets: [%q]\n", target.Listener.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	server := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=error")
	server.Stdout, server.Stderr = os.Stderr, os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	}()
	judge := func(address2 string, queries ...traffic.Query) traffic.Verdict {
		p, err := traffic.NewPrometheus("http://"+address, queries, (&net.Dialer{}).DialContext)
		if err != nil {
			t.Fatal(err)
		}
		return p.Judge(t.Context(), traffic.Target{Node: "edge-1", Address: address2, Pod: "traefik2-x"}, time.Now())
	}
	var v traffic.Verdict
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for v = judge("127.0.0.1", traffic.Query{Text: traffic.DefaultQuery, Max: 0.2}); !v.Judged; v = judge("127.0.0.1", traffic.Query{Text: traffic.DefaultQuery, Max: 0.2}) {
		select {
		case <-ctx.Done():
			t.Fatalf("Prometheus never had an answer: %+v", v)
		case <-time.After(200 * time.Millisecond):
		}
	}
	if v.Bad != "" || !strings.Contains(v.Text, "of 0.2") {
		t.Errorf("a tenth, with 0.2 allowed: %+v", v)
	}
	for name, test := range map[string]struct {
		address string
		query   traffic.Query
		judged  bool
		bad     string
		text    string
	}{
		"too many errors":     {"127.0.0.1", traffic.Query{Text: traffic.DefaultQuery, Max: 0.05}, true, "more than 0.05", ""},
		"another node":        {"127.0.0.9", traffic.Query{Text: traffic.DefaultQuery, Max: 0.05}, false, "", "it has no value for"},
		"no query":            {"127.0.0.1", traffic.Query{Text: "sum(("}, false, "", "parse error"},
		"no number":           {"127.0.0.1", traffic.Query{Text: "up[1m]"}, false, "", "not a number or a vector"},
		"a number":            {"127.0.0.1", traffic.Query{Text: "scalar(up)", Max: 1}, true, "", "1 of 1"},
		"no address of a pod": {"x\"} or vector(0) #", traffic.Query{Text: traffic.DefaultQuery, Max: 1}, false, "", "is no IP address"},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(test.address, test.query)
			if v.Judged != test.judged || (v.Bad == "") != (test.bad == "") || !strings.Contains(v.Bad, test.bad) || !strings.Contains(v.Text, test.text) {
				t.Errorf("%+v", v)
			}
		})
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
