package reconcile

import (
	"sync"
	"time"
)

// handOverFor is how long an admitted Ingress is waited for: longer than an API
// request may take (60 s, the API server's --request-timeout).
const handOverFor = 90 * time.Second

// maxHandedOver bounds the desk to about 2 MB. Admitted Ingresses stay on it until
// they expire, stored or refused, so whoever may apply could fill any memory.
const maxHandedOver = 10_000

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
// is stored is ever looked at. A full desk takes nothing more: the leader looks at
// it all the same, and this replica does after its standby.
func (d *Desk) HandOver(key string) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sweep(now)
	if _, held := d.expiry[key]; held || len(d.expiry) < maxHandedOver {
		d.expiry[key] = now.Add(handOverFor)
	}
}

// sweep drops what has expired, once in a while.
func (d *Desk) sweep(now time.Time) {
	if now.Before(d.sweepAt) {
		return
	}
	d.sweepAt = now.Add(handOverFor / 3)
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
