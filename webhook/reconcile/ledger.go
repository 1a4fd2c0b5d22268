package reconcile

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Ledger remembers how each Ingress stands and since when one waits for its
// route. It is memory only: a restart rebuilds it with its first full pass.
type Ledger struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[types.NamespacedName]entry
}

type entry struct {
	state State
	// waiting is since when the Ingress was seen to need a pass; zero: it does not.
	waiting time.Time
	// said is the fingerprint of the findings that were reported last.
	said string
}

// NewLedger returns an empty Ledger.
func NewLedger(now func() time.Time) *Ledger {
	return &Ledger{now: now, entries: map[types.NamespacedName]entry{}}
}

// Waits notes that an Ingress needs a pass.
func (l *Ledger) Waits(key types.NamespacedName) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[key]
	if e.waiting.IsZero() {
		e.waiting = now
		l.entries[key] = e
	}
}

// Passed notes the outcome of a pass and tells whether its findings are news.
func (l *Ledger) Passed(key types.NamespacedName, outcome Outcome) bool {
	said := outcome.fingerprint()
	l.mu.Lock()
	defer l.mu.Unlock()
	news := said != "" && said != l.entries[key].said
	l.entries[key] = entry{state: outcome.State, said: said}
	return news
}

// Failed notes that a pass could not be finished; the Ingress goes on waiting.
func (l *Ledger) Failed(key types.NamespacedName) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[key]
	e.state = Failed
	if e.waiting.IsZero() {
		e.waiting = now
	}
	l.entries[key] = e
}

// Gone forgets an Ingress.
func (l *Ledger) Gone(key types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, key)
}

// Counts returns how many Ingresses are in each state.
func (l *Ledger) Counts() map[State]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[State]int{}
	for _, e := range l.entries {
		if e.state != "" {
			counts[e.state]++
		}
	}
	return counts
}

// OldestWait is for how long the Ingress that waits longest has been waiting for
// a pass that succeeds. Zero: none waits.
func (l *Ledger) OldestWait() time.Duration {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var oldest time.Duration
	for _, e := range l.entries {
		if !e.waiting.IsZero() {
			oldest = max(oldest, now.Sub(e.waiting))
		}
	}
	return oldest
}
