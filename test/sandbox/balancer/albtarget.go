package balancer

import (
	"context"
	"net"
	"net/http"
	"time"
)

// albTarget is a target's state; the balancer's lock guards it.
type albTarget struct {
	Target
	transport *http.Transport

	health     State // Initial, Healthy or Unhealthy
	good, bad  int   // checks in a row
	registered bool
	requests   int64
	inFlight   int64
	errors     int64

	// life ends when the deregistration delay is over: what is still under way
	// is cut then.
	life    context.Context
	cut     context.CancelFunc
	pending *time.Timer
}

func newALBTarget(target Target) *albTarget {
	t := &albTarget{Target: target, health: Initial, registered: true}
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	t.transport = &http.Transport{
		DialContext:         dialer.DialContext,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     time.Minute,
	}
	t.life, t.cut = context.WithCancel(context.Background())
	return t
}

// checked counts a check. The first good one of a fresh target is enough.
func (t *albTarget) checked(good bool, check Check) {
	if good {
		t.good, t.bad = t.good+1, 0
	} else {
		t.good, t.bad = 0, t.bad+1
	}
	switch {
	case t.good >= check.Rise, t.good > 0 && t.health == Initial:
		t.health = Healthy
	case t.bad >= check.Fall:
		t.health = Unhealthy
	}
}

func (t *albTarget) deregister(delay time.Duration) {
	if !t.registered {
		return
	}
	t.registered = false
	t.pending = time.AfterFunc(delay, t.cut)
}

// register makes the target a fresh one. Requests of its former life are not
// cut any more.
func (t *albTarget) register() {
	if t.registered {
		return
	}
	t.registered = true
	t.health, t.good, t.bad = Initial, 0, 0
	if !t.pending.Stop() {
		t.life, t.cut = context.WithCancel(context.Background())
	}
}

func (t *albTarget) stat() Stat {
	state := t.health
	switch {
	case t.registered:
	case t.inFlight > 0:
		state = Draining
	default:
		state = Unused
	}
	return Stat{Target: t.Name, State: state, Requests: t.requests, InFlight: t.inFlight, Errors: t.errors}
}
