package cutover_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

const metricsPort = 9100

// metered gives every node a page of metrics, as the proxies of a real edge have. Whenever
// one is read, some more requests have been answered.
type metered struct {
	mu       sync.Mutex
	requests map[string]int
	// more is how many are answered between two looks at a page, of which errors are 5xx.
	more, errors int
}

func meter(r *rig.Rig, more int) *metered {
	r.T.Helper()
	m := &metered{requests: map[string]int{}, more: more}
	failed := map[string]int{}
	for _, n := range r.Sandbox.Nodes() {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", n.Address, metricsPort))
		r.Must(err)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.requests[n.Name] += m.more
			failed[n.Name] += m.errors
			fmt.Fprintf(w, "traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"web\"} %d\n", m.requests[n.Name]-failed[n.Name])
			fmt.Fprintf(w, "traefik_entrypoint_requests_total{code=\"502\",entrypoint=\"web\"} %d\n", failed[n.Name])
		})}
		go func() { _ = server.Serve(listener) }()
		r.T.Cleanup(func() { _ = server.Close() })
	}
	return m
}

func (m *metered) fail(errors int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errors = errors
}

func judging(r *rig.Rig) (*cutover.Engine, *rig.Diary) {
	e, d := r.Engine()
	e.Scraper = &traffic.Scraper{Dial: (&net.Dialer{}).DialContext, Timeout: 5 * time.Second}
	e.Settings.MetricsPort = metricsPort
	e.Settings.CanarySoak, e.Settings.Soak = 100*time.Millisecond, 100*time.Millisecond
	return e, d
}

// A node whose clients get errors is put back, the cutover stops, and goes on when that
// is mended.
func TestTrafficThatGotWorse(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	m := meter(r, 1000)
	e, d := judging(r)
	d.On = rig.At(cutover.Step, "edge-2", func() { m.fail(50) })
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "edge-2 was put back to traefik-1.7 and serves: ") || !strings.Contains(stopped.Reason, "requests ended with 5xx, with the old proxy 0% did") || !strings.Contains(stopped.Next, "cutover resume") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
	want := rig.Everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.WantSame("served after that", want, r.Served())
	if j := r.Fleet().Journal; j.Node("edge-2").Phase != journal.Failed || j.Traffic == nil || j.Traffic.Requests != 4000 {
		t.Errorf("recorded: %+v, %+v", j.Node("edge-2"), j.Traffic)
	}
	m.fail(0)
	r.Must(e.Resume(t.Context()))
	r.WantSame("served in the end", rig.Everywhere(fleet.New), r.Served())
	if !strings.Contains(d.Text(), "requests: 5xx 0%, 404 0%, latency not judged") {
		t.Errorf("nothing is said of good traffic:\n%s", d.Text())
	}
}

// Where nothing can be said, that is said.
func TestTrafficThatCannotBeJudged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		with func(*rig.Rig)
		says []string
	}{
		"too few requests": {func(r *rig.Rig) { meter(r, 10) }, []string{"requests, 100 are needed"}},
		"no metrics":       {func(*rig.Rig) {}, []string{"metrics of traefik-1.7 were read on 0 of 2 nodes", "no judgement of error rate and latency: asking for metrics"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t)
			r.Pair()
			r.Create(rig.OldSet(rig.OnPair))
			r.WaitServed(fleet.Old, 2)
			r.Create(rig.NewSet(rig.OnPair))
			test.with(r)
			e, d := judging(r)
			e.Settings.AcceptSingleNode = true
			r.Must(e.Run(t.Context()))
			for _, says := range append(test.says, "warning edge-1 no judgement", "passed edge-2 traffic not judged") {
				if !strings.Contains(d.Text(), says) {
					t.Errorf("%q was not said:\n%s", says, d.Text())
				}
			}
		})
	}
}

// verifying compares what the nodes answer to one request.
func verifying(ignore ...string) func(context.Context, verify.Side, verify.Side) (*verify.Report, error) {
	return func(ctx context.Context, reference, moved verify.Side) (*verify.Report, error) {
		o := verify.Options{Old: reference, New: moved, Timeout: 5 * time.Second, Parallel: 1}
		o.Requests = []verify.Request{{Method: "GET", Scheme: "http", Host: "shop.test", Target: "/cart"}}
		for _, text := range ignore {
			i, err := verify.ParseIgnore(text)
			if err != nil {
				return nil, err
			}
			o.Ignore = append(o.Ignore, i)
		}
		return verify.Run(ctx, o)
	}
}

// Both proxies of the tests say who they are in the body: routes do not tell that, answers
// do.
func TestVerified(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := r.Engine()
	e.Verify = verifying()
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "edge-1 was put back to traefik-1.7 and serves: verified against edge-2: 1 of 1 answers differ, the first: http://shop.test/cart: body") {
		t.Errorf("reason %q", stopped.Reason)
	}
	r.WantSame("served after that", rig.Everywhere(fleet.Old), r.Served())
	if !strings.Contains(d.Text(), "edge-1 and edge-2 gave the same answers to 1 requests") {
		t.Errorf("the old proxies were not compared:\n%s", d.Text())
	}
	e.Verify = verifying("body")
	r.Must(e.Resume(t.Context()))
	// The last one has no old proxy left to be compared with.
	for _, n := range r.Sandbox.Nodes() {
		if !strings.Contains(d.Text(), "passed "+n.Name+" verified 1/1 same") {
			t.Errorf("%s was not verified:\n%s", n.Name, d.Text())
		}
	}
}

// What the old proxies answer differently among themselves stops a cutover before it has
// moved a node.
func TestVerifiedBefore(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Nodes)
	e, _ := r.Engine()
	e.Verify = func(context.Context, verify.Side, verify.Side) (*verify.Report, error) {
		return &verify.Report{Asked: 3, Different: []verify.Difference{{Request: verify.Request{Method: "GET", Scheme: "http", Host: "shop.test", Target: "/"}, How: []string{"status: 200, 503"}}}}, nil
	}
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "already answer differently: 1 of 3 answers differ, the first: http://shop.test/: status: 200, 503; no node was moved") {
		t.Errorf("reason %q", stopped.Reason)
	}
}

// A node that the load balancer leaves out does not count as serving.
func TestOthersOutOfRotation(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	e, _ := r.Engine()
	e.Drainer, e.Settings.NodeTimeout = &rotation{out: map[string]bool{"edge-3": true}}, time.Second
	stopped := r.Stopped(e.Run(t.Context()))
	if want := "3 of 4 nodes serve, 3 must at any moment; the load balancer says that edge-3 is Out: edge-4 has to wait"; stopped.Reason != want {
		t.Errorf("reason %q, want %q", stopped.Reason, want)
	}
	// It costs nothing to move the one that gets no requests.
	want := rig.Everywhere(fleet.Old)
	want["edge-3"] = fleet.New
	r.WantSame("served", want, r.Served())
	stopped = r.Stopped(e.Move(t.Context(), "edge-1", fleet.New))
	if !strings.Contains(stopped.Reason, "edge-3 is Out: edge-1 cannot be taken out") {
		t.Errorf("reason %q", stopped.Reason)
	}
}
