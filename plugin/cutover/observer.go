package cutover

import (
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Kind of an Event.
type Kind string

// The kinds.
const (
	// Info: something about the whole cutover.
	Info Kind = "info"
	// Warn: something that a human should know.
	Warn Kind = "warning"
	// Wait: the engine waits for something that it cannot do itself.
	Wait Kind = "waiting"
	// Step: a node entered a phase.
	Step Kind = "step"
	// Passed: a phase of a node ended well, after Took.
	Passed Kind = "passed"
	// Soaking: a node is watched, for Took by now of the Limit that it takes; told at every
	// look.
	Soaking Kind = "soaking"
	// NodeDone: a node is where it should be, after Took.
	NodeDone Kind = "done"
	// NodeFailed: a node did not pass and was put back.
	NodeFailed Kind = "failed"
	// NodeLost: a node went away while it was worked on.
	NodeLost Kind = "lost"
)

// Event is one thing that happened.
type Event struct {
	Kind Kind
	Node string
	To   fleet.Side
	Text string
	Took time.Duration
	// Limit is set by Soaking.
	Limit time.Duration
}

// Observer is told what happens. It must not block and is called from several
// goroutines at once.
type Observer interface {
	Observe(Event)
}

// Clock tells the time and lets it pass.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// SystemClock is the real one.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// After waits in real time.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
