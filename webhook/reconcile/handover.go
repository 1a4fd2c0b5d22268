package reconcile

import (
	"sync"
	"time"
)

// handOverFor is how long an admitted Ingress is waited for: longer than an API
// request may take (60 s, the API server's --request-timeout).
const handOverFor = 90 * time.Second

// Desk holds the Ingresses that this replica admitted, until they had time to be
// stored. It lets a replica that does not lead write the routes of what it
// admitted itself, so that a dead leader delays nothing.
type Desk struct {
	now func() time.Time

	mu      sync.Mutex
	expiry  map[string]time.Time
	sweepAt time.Time
}

// NewDesk returns an empty Desk.
func NewDesk(now func() time.Time) *Desk {
	return &Desk{now: now, expiry: map[string]time.Time{}}
}

// HandOver puts the Ingress namespace/name on the desk. A request that is
// refused later leaves it there until it expires, which does no harm: only what
// is stored is ever looked at.
func (d *Desk) HandOver(key string) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expiry[key] = now.Add(handOverFor)
	if now.Before(d.sweepAt) {
		return
	}
	d.sweepAt = now.Add(handOverFor)
	for k, expiry := range d.expiry {
		if now.After(expiry) {
			delete(d.expiry, k)
		}
	}
}

// Holds tells whether namespace/name was handed over lately.
func (d *Desk) Holds(key string) bool {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	expiry, ok := d.expiry[key]
	return ok && !now.After(expiry)
}
