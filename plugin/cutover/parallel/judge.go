package parallel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// tolerated is how many looks in a row may be bad before a weight fails.
const tolerated = 3

// soak watches a weight and judges its traffic. What the new side does at this weight is
// a reason for the last good one; one that is not well at all gets nothing.
func (s *session) soak(ctx context.Context, weight, good int, d time.Duration) (said string, err error) {
	name := label(weight)
	s.Observer.Observe(cutover.Event{Kind: cutover.Step, Node: name, To: fleet.New, Text: "soaking for " + d.String()})
	begun := s.Clock.Now()
	before, err := s.look(ctx)
	if err != nil {
		return "", err
	}
	sick, bad := 0, 0
	for s.Clock.Now().Sub(begun) < d {
		if err := s.mayGoOn(ctx, weight); err != nil {
			return "", err
		}
		if err := s.pause(ctx, min(s.every(), d)); err != nil {
			return "", err
		}
		s.Observer.Observe(cutover.Event{Kind: cutover.Soaking, Node: name, To: fleet.New, Took: min(s.Clock.Now().Sub(begun), d), Limit: d})
		now, err := s.look(ctx)
		if err != nil {
			return "", err
		}
		why := s.unwell(ctx, before, now)
		if sick = count(sick, why); sick >= tolerated {
			return "", &failure{why, 0}
		}
		v := s.verdict(before, now)
		if bad = count(bad, v.Bad); bad >= tolerated {
			return "", &failure{v.Bad, good}
		}
	}
	now, err := s.look(ctx)
	if err != nil {
		return "", err
	}
	if why := s.unwell(ctx, before, now); why != "" {
		return "", &failure{why, 0}
	}
	s.passed(name, "soaked", begun)
	return s.sentence(ctx, weight, good, before, now)
}

// unwell says what is wrong with the new side's pods or targets; "" when nothing is.
func (s *session) unwell(ctx context.Context, before, now *sight) string {
	if why := now.worse(before, s.Settings.MinHealthy); why != "" {
		return why
	}
	return s.health(ctx, true)
}

func count(n int, why string) int {
	if why == "" {
		return 0
	}
	return n + 1
}

// sentence is the judgement at the end: a failure, or what was seen.
func (s *session) sentence(ctx context.Context, weight, good int, before, now *sight) (string, error) {
	var verdicts []traffic.Verdict
	if s.scrapes() {
		verdicts = append(verdicts, s.verdict(before, now))
	}
	if s.Prometheus != nil {
		verdicts = append(verdicts, s.ask(ctx, now))
	}
	var said []string
	for _, v := range verdicts {
		switch {
		case v.Bad != "":
			return "", &failure{v.Bad, good}
		case !v.Judged:
			s.Observer.Observe(cutover.Event{Kind: cutover.Warn, Node: label(weight), To: fleet.New, Text: v.Text})
			s.Observer.Observe(cutover.Event{Kind: cutover.Passed, Node: label(weight), To: fleet.New, Text: "traffic not judged"})
		default:
			s.Observer.Observe(cutover.Event{Kind: cutover.Passed, Node: label(weight), To: fleet.New, Text: v.Text})
		}
		said = append(said, v.Text)
	}
	return strings.Join(said, "; "), nil
}

// ask asks Prometheus about every pod; the worst answer counts.
func (s *session) ask(ctx context.Context, now *sight) traffic.Verdict {
	if now.workload == nil {
		return traffic.Verdict{Text: "no judgement by Prometheus: it is asked about the pods of the new controller, which is not known (--new)"}
	}
	all := traffic.Verdict{Judged: true}
	for i := range now.workload.Pods {
		p := &now.workload.Pods[i]
		if !p.Serves() {
			continue
		}
		v := s.Prometheus.Judge(ctx, traffic.Target{Node: p.Node, Address: p.IP, Pod: p.Name}, s.Clock.Now())
		if v.Bad != "" {
			v.Bad = p.Name + ": " + v.Bad
			return v
		}
		all.Judged = all.Judged && v.Judged
		if all.Text == "" || !v.Judged {
			all.Text = p.Name + ": " + v.Text
		}
	}
	return all
}

// sight is the new controller at one moment.
type sight struct {
	workload *fleet.Workload
	counts   map[types.UID]traffic.Counts
	// unread is why some pod's metrics are not known.
	unread error
}

func (s *sight) has(uid types.UID) bool {
	return s.workload != nil && slices.ContainsFunc(s.workload.Pods, func(p fleet.WorkloadPod) bool { return p.UID == uid && p.Serves() })
}

func (s *session) scrapes() bool { return s.Scraper != nil && s.Settings.Traffic != nil }

func (s *session) look(ctx context.Context) (*sight, error) {
	w, err := s.workload(ctx, s.New)
	if err != nil {
		return nil, err
	}
	out := &sight{workload: w}
	if s.scrapes() {
		out.counts, out.unread = s.scrape(ctx, w)
	}
	return out, nil
}

// scrape reads the metrics of all pods that serve.
func (s *session) scrape(ctx context.Context, w *fleet.Workload) (map[types.UID]traffic.Counts, error) {
	if w == nil {
		return nil, errors.New("its pods are not known (--old, --new)")
	}
	const atOnce = 8
	pages := make([]*traffic.Counts, len(w.Pods))
	failures := make([]error, len(w.Pods))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range w.Pods {
		p := &w.Pods[i]
		url := w.MetricsURL(p, s.Settings.MetricsPort)
		if !p.Serves() || url == "" {
			continue
		}
		group.Go(func() error {
			counts, err := s.Scraper.Scrape(ctx, url)
			if failures[i] = err; err == nil {
				pages[i] = &counts
			}
			return nil
		})
	}
	_ = group.Wait() // failures are kept one by one
	out := map[types.UID]traffic.Counts{}
	for i, page := range pages {
		if page != nil {
			out[w.Pods[i].UID] = *page
		}
	}
	return out, errors.Join(failures...)
}

// worse says what has become of the pods since; "" when they are well.
func (s *sight) worse(before *sight, minHealthy int) string {
	if s.workload == nil || before.workload == nil {
		return ""
	}
	// Pods that are added are not ready at first.
	w := s.workload
	if w.Ready == 0 || w.Ready*100 < min(w.Desired, before.workload.Ready)*minHealthy {
		return fmt.Sprintf("%d of %d pods of %s %s are ready", w.Ready, w.Desired, w.Kind, w.Name)
	}
	restarts := map[types.UID]int32{}
	for i := range before.workload.Pods {
		restarts[before.workload.Pods[i].UID] = before.workload.Pods[i].Restarts
	}
	for i := range w.Pods {
		p := &w.Pods[i]
		if n, ok := restarts[p.UID]; ok && p.Restarts > n {
			return fmt.Sprintf("pod %s restarted (kubectl logs -n %s %s --previous)", p.Name, p.Namespace, p.Name)
		}
	}
	return ""
}

// verdict on the requests between two moments.
func (s *session) verdict(before, now *sight) traffic.Verdict {
	if !s.scrapes() {
		return traffic.Verdict{}
	}
	var sum traffic.Counts
	for uid, counts := range now.counts {
		// A pod that is new counts from nothing; of one that could not be read it is not
		// known from what.
		if _, ok := before.counts[uid]; ok || !before.has(uid) {
			sum = sum.Plus(counts.Since(before.counts[uid]))
		}
	}
	if unread := errors.Join(before.unread, now.unread); unread != nil && len(now.counts) == 0 {
		first, _, _ := strings.Cut(unread.Error(), "\n")
		return traffic.Verdict{Text: "no judgement of error rate and latency: " + first}
	}
	return s.Settings.Traffic.Judge(sum, s.old)
}

// takeTraffic is what the old proxies' metrics say since their start; nil when they
// cannot be read.
func (s *session) takeTraffic(ctx context.Context) (*traffic.Counts, error) {
	if !s.scrapes() {
		return nil, nil
	}
	w, err := s.workload(ctx, s.Old)
	if err != nil {
		return nil, err
	}
	counts, unread := s.scrape(ctx, w)
	var sum traffic.Counts
	for _, c := range counts {
		sum = sum.Plus(c)
	}
	if len(counts) == 0 {
		if unread == nil {
			unread = errors.New("no pod of it serves")
		}
		first, _, _ := strings.Cut(unread.Error(), "\n")
		s.Observer.Observe(cutover.Event{Kind: cutover.Warn, Text: "metrics of the old side were not read (" + first + "): error rate is judged alone, latency is not"})
		return nil, nil
	}
	said := strings.TrimPrefix(s.Settings.Traffic.Judge(sum, &sum).Text, "no judgement of error rate and latency: ")
	s.Observer.Observe(cutover.Event{Kind: cutover.Info, Text: fmt.Sprintf("%s since its start in %d pods: %s", w.Title, len(counts), said)})
	return &sum, nil
}
