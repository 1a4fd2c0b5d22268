package probe

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MaxEvents is how many lost and changed requests a report lists.
const MaxEvents = 1000

// MaxLatest is how many of the last events a Snapshot has.
const MaxLatest = 10

// longest is the longest latency that is told apart from longer ones.
const longest = time.Hour

// tally counts. Everything in it is bounded, however long a run takes.
type tally struct {
	mu     sync.Mutex
	report Report
	rate   float64
	// sendingEnded is zero while requests are sent.
	sendingEnded time.Time
	statuses     map[int]int64
	causes       map[CauseCount]*CauseCount
	latency      *hdrhistogram.Histogram
	bins         *bins
	recent       recent
	course       course
	latest       []Event
	// flying are the due times of requests under way, by number; none is below
	// oldest, and next is the first that was not sent.
	flying       map[int64]time.Time
	oldest, next int64
}

func newTally(load *Load, began time.Time) *tally {
	t := &tally{
		rate:     load.Rate,
		statuses: map[int]int64{},
		causes:   map[CauseCount]*CauseCount{},
		latency:  hdrhistogram.New(1, longest.Microseconds(), 3),
		bins:     newBins(),
		course:   course{began: began, width: time.Second},
		flying:   map[int64]time.Time{},
	}
	t.report = Report{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: Kind},
		Began:    began, Rate: load.Rate, TimeoutMs: milliseconds(load.Timeout), DurationMs: milliseconds(load.Duration),
		Targets: make([]TargetCount, len(load.Requests)),
	}
	for i, r := range load.Requests {
		t.report.Targets[i].Target = r.Name
	}
	return t
}

func (t *tally) skip(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Skipped += n
}

func (t *tally) begin(n int64, target int, due, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Sent++
	t.report.Targets[target].Sent++
	t.report.LateMs = max(t.report.LateMs, milliseconds(now.Sub(due)))
	t.flying[n] = due
	t.next = n + 1
	t.recent.at(now).sent++
}

func (t *tally) end(n int64, target int, r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flying, n)
	slot := t.recent.at(r.due.Add(r.took))
	t.report.Retried += int64(r.retries)
	if r.status > 0 {
		t.statuses[r.status]++
	}
	count := &t.report.Targets[target]
	switch r.Outcome {
	case Fine:
		t.report.Fine++
	case Changed:
		t.report.Changed++
		count.Changed++
		slot.changed++
	case Lost:
		t.report.Lost++
		count.Lost++
		slot.lost++
	case unanswered:
		t.report.Unanswered++
	}
	part := t.course.at(r.due)
	part.count(r.Outcome)
	if r.Outcome != Lost || r.Cause == Timeout {
		took := min(max(r.took, time.Microsecond), longest)
		// The only error is a value out of range, which it is not.
		_ = t.latency.RecordValue(took.Microseconds())
		_ = slot.latency.RecordValue(took.Microseconds())
		_ = part.latency.RecordValue(took.Microseconds())
		t.bins.add(took)
	}
	if r.Outcome == Lost || r.Outcome == Changed {
		t.event(Event{
			Time: r.due, Target: count.Target, Outcome: r.Outcome, Cause: r.Cause, Detail: r.Detail,
			Status: r.status, Address: r.address, AfterMs: milliseconds(r.took),
		})
	}
}

func (t *tally) event(e Event) {
	key := CauseCount{Target: e.Target, Outcome: e.Outcome, Cause: e.Cause}
	count := t.causes[key]
	if count == nil {
		count = &CauseCount{Target: e.Target, Outcome: e.Outcome, Cause: e.Cause, First: e.Time, Last: e.Time}
		t.causes[key] = count
	}
	count.Count++
	if e.Time.Before(count.First) {
		count.First = e.Time
	}
	if e.Time.After(count.Last) {
		count.Last = e.Time
	}
	if len(t.latest) == MaxLatest {
		t.latest = slices.Delete(t.latest, 0, 1)
	}
	t.latest = append(t.latest, e)
	if len(t.report.Events) < MaxEvents {
		t.report.Events = append(t.report.Events, e)
	} else {
		t.report.Omitted++
	}
}

func (t *tally) sentAll(now time.Time, interrupted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sendingEnded = now
	t.report.Interrupted = interrupted
}

func (t *tally) ended(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Ended = now
}

// final is the report of a run that has ended.
func (t *tally) final() *Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.current(t.report.Ended)
	r.latency = t.latency
	r.Slices = t.course.slices()
	r.complete(t.latency)
	return r
}

// snapshot only copies while it holds the lock: whoever looks at a run must not make
// its requests late.
func (t *tally) snapshot(now time.Time) *Snapshot {
	t.mu.Lock()
	s := &Snapshot{Report: t.current(now), InFlight: len(t.flying), Latest: slices.Clone(t.latest)}
	for ; t.oldest < t.next; t.oldest++ {
		if due, ok := t.flying[t.oldest]; ok {
			s.Oldest = now.Sub(due)
			break
		}
	}
	latency, recent := t.latency.Export(), t.recent.export()
	t.mu.Unlock()
	s.complete(hdrhistogram.Import(latency))
	s.Recent = sum(recent, s.Began, now)
	return s
}

// current is the report so far, but for what complete does. It shares nothing that
// changes later.
func (t *tally) current(now time.Time) *Report {
	r := t.report
	if r.Ended.IsZero() {
		r.Ended = now
	}
	r.AchievedRate = t.achieved(now)
	r.Histogram = t.bins.all()
	r.Targets = slices.Clone(r.Targets)
	r.Events = append([]Event{}, r.Events...)
	r.Statuses, r.Causes = []StatusCount{}, []CauseCount{} // [] in JSON, not null
	for status, count := range t.statuses {
		r.Statuses = append(r.Statuses, StatusCount{Status: status, Count: count})
	}
	for _, count := range t.causes {
		r.Causes = append(r.Causes, *count)
	}
	return &r
}

// complete sorts and sums up.
func (r *Report) complete(latency *hdrhistogram.Histogram) {
	r.Latency = summarise(latency)
	slices.SortStableFunc(r.Events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	slices.SortFunc(r.Statuses, func(a, b StatusCount) int { return cmp.Compare(a.Status, b.Status) })
	slices.SortFunc(r.Causes, func(a, b CauseCount) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Cause, b.Cause))
	})
}

// achieved is the rate at which requests were sent. The last has its share of the
// time, or a run would always begin too fast.
func (t *tally) achieved(now time.Time) float64 {
	if !t.sendingEnded.IsZero() {
		now = t.sendingEnded
	}
	seconds := max(now.Sub(t.report.Began).Seconds(), float64(t.report.Sent)/t.rate)
	if seconds <= 0 {
		return 0
	}
	return float64(t.report.Sent) / seconds
}
