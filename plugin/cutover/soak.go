package cutover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// soak watches the node and judges its traffic; it ends early when this process is
// asked to stop or another command asks for a pause.
func (s *session) soak(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, a arrival, d time.Duration) error {
	stop := make(chan struct{})
	watching, done := context.WithCancel(ctx)
	defer done()
	go func() {
		defer close(stop)
		for {
			select {
			case <-watching.Done():
				return
			case <-s.Stop:
				return
			case <-s.Clock.After(max(s.Settings.Poll, time.Second)):
			}
			// Nobody else uses the journal's store for reading this.
			if cm, err := s.Client.CoreV1().ConfigMaps(f.Namespace()).Get(watching, journal.Name(s.id), metav1.GetOptions{}); err == nil && cm.Annotations[journal.RequestAnnotation] != "" {
				return
			}
		}
	}()
	step := s.Clock.Now()
	j := s.judge(ctx, f, name, to, a)
	look := func(ctx context.Context) error {
		s.Observer.Observe(Event{Kind: Soaking, Node: name, To: to, Took: min(s.Clock.Now().Sub(step), d), Limit: d})
		return j.look(ctx)
	}
	if err := s.watch(ctx, f, name, to, a, d, stop, look); err != nil {
		return err
	}
	s.passed(name, to, "soaked", step)
	return j.sentence(ctx)
}

// judge looks at the traffic of one node from now on.
type judge struct {
	*session
	node string
	to   fleet.Side
	a    arrival
	url  string
	// before are the counts, and the gate's own requests, when this began; unread is why
	// they are not known.
	before traffic.Counts
	own    gate.Tally
	unread error
	looked time.Time
	bad    int
}

func (s *session) judge(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, a arrival) *judge {
	j := &judge{session: s, node: name, to: to, a: a, looked: s.Clock.Now()}
	if !s.judges(to) {
		return j
	}
	n := f.Node(name)
	j.url = f.Set(to).MetricsURL(n, &fleet.Pod{IP: a.ip}, s.Settings.MetricsPort)
	j.own = s.Gate.TallyOf(a.address)
	j.before, j.unread = s.Scraper.Scrape(ctx, j.url)
	return j
}

// judges: the old proxy is what others are held against.
func (s *session) judges(to fleet.Side) bool {
	return s.Scraper != nil && s.Settings.Traffic != nil && to == fleet.New
}

// verdict on the traffic since this judge looked first.
func (j *judge) verdict(ctx context.Context) traffic.Verdict {
	now, err := j.before, j.unread
	if err == nil {
		now, err = j.Scraper.Scrape(ctx, j.url)
	}
	if err != nil {
		return traffic.Verdict{Text: "no judgement of error rate and latency: " + err.Error()}
	}
	// What the gate asked meanwhile is nobody's traffic.
	own := j.Gate.TallyOf(j.a.address)
	c := now.Since(j.before)
	c.Requests = max(0, c.Requests-float64(own.Requests-j.own.Requests))
	c.ServerErrors = max(0, c.ServerErrors-float64(own.ServerErrors-j.own.ServerErrors))
	c.NotFound = max(0, c.NotFound-float64(own.NotFound-j.own.NotFound))
	j.mu.Lock()
	old := j.j.Traffic
	j.mu.Unlock()
	return j.Settings.Traffic.Judge(c, old)
}

// look fails a node early whose traffic is bad several times in a row.
func (j *judge) look(ctx context.Context) error {
	const every, tolerated = 5 * time.Second, 3
	if !j.judges(j.to) || j.unread != nil || j.Clock.Now().Sub(j.looked) < max(every, j.Settings.GateEvery) {
		return nil
	}
	j.looked = j.Clock.Now()
	v := j.verdict(ctx)
	if v.Bad == "" {
		j.bad = 0
		return nil
	}
	if j.bad++; j.bad < tolerated {
		return nil
	}
	return &failedError{node: j.node, why: v.Bad}
}

// sentence is the judgement at the end: a failed node, or what was seen.
func (j *judge) sentence(ctx context.Context) error {
	var verdicts []traffic.Verdict
	if j.judges(j.to) {
		verdicts = append(verdicts, j.verdict(ctx))
	}
	if j.Prometheus != nil && j.to == fleet.New {
		verdicts = append(verdicts, j.Prometheus.Judge(ctx, traffic.Target{Node: j.node, Address: j.a.address, Pod: j.a.name}, j.Clock.Now()))
	}
	for _, v := range verdicts {
		switch {
		case v.Bad != "":
			return &failedError{node: j.node, why: v.Bad}
		case !v.Judged:
			j.Observer.Observe(Event{Kind: Warn, Node: j.node, To: j.to, Text: v.Text})
			j.Observer.Observe(Event{Kind: Passed, Node: j.node, To: j.to, Text: "traffic not judged"})
		default:
			j.Observer.Observe(Event{Kind: Passed, Node: j.node, To: j.to, Text: v.Text})
		}
	}
	return nil
}

// takeTraffic keeps what the old proxies' metrics say, before the first node is moved.
func (s *session) takeTraffic(ctx context.Context, f *fleet.Fleet, to fleet.Side) error {
	if !s.judges(to) || s.j.Traffic != nil {
		return nil
	}
	type page struct {
		counts traffic.Counts
		err    error
	}
	var urls []string
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Serves() != fleet.Old {
			continue
		}
		if url := f.Old.MetricsURL(n, &n.Pods[0], s.Settings.MetricsPort); url != "" {
			urls = append(urls, url)
		}
	}
	pages := make([]page, len(urls))
	next := make(chan int)
	var group sync.WaitGroup
	const parallel = 8
	for range min(parallel, len(urls)) {
		group.Go(func() {
			for i := range next {
				pages[i].counts, pages[i].err = s.Scraper.Scrape(ctx, urls[i])
			}
		})
	}
	for i := range urls {
		next <- i
	}
	close(next)
	group.Wait()
	var sum traffic.Counts
	read := 0
	var unread error
	for _, p := range pages {
		if p.err != nil {
			unread = p.err
			continue
		}
		sum, read = sum.Plus(p.counts), read+1
	}
	if unread == nil && read == 0 {
		unread = errors.New("no node is served by it")
	}
	if unread != nil {
		s.Observer.Observe(Event{Kind: Warn, Text: fmt.Sprintf("metrics of %s were read on %d of %d nodes (%v): what could not be read is not compared", f.Old.Title, read, len(urls), unread)})
	}
	if read == 0 {
		return nil
	}
	said := strings.TrimPrefix(s.Settings.Traffic.Judge(sum, &sum).Text, "no judgement of error rate and latency: ")
	s.info("%s since its start on %d nodes: %s", f.Old.Title, read, said)
	return s.write(ctx, func(j *journal.Journal) { j.Traffic = &sum })
}
