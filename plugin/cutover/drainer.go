package cutover

import (
	"context"
	"encoding/json"
	"time"
)

// Target is a node as a load balancer knows it.
type Target struct {
	Node, Address string
	Ports         []int32
}

// TargetState is what a load balancer does with a target.
type TargetState string

// The states. Unknown is never treated as good.
const (
	InService TargetState = "InService"
	Initial   TargetState = "Initial"
	LeavingLB TargetState = "Draining"
	Out       TargetState = "Out"
	Unhealthy TargetState = "Unhealthy"
	Unknown   TargetState = "Unknown"
)

// Facts are what a load balancer says about itself.
type Facts struct {
	Balancer
	DeregistrationDelay time.Duration
	Sticky              bool
	Owner               string
}

// Backend is a load balancer that can be asked and put back.
type Backend interface {
	Describe(ctx context.Context) (Facts, error)
	// Snapshot is everything that Restore needs; it is kept in the journal.
	Snapshot(ctx context.Context) (json.RawMessage, error)
	// Restore is idempotent.
	Restore(ctx context.Context, snapshot json.RawMessage) error
}

// Drainer is a load balancer that takes single nodes out of rotation. Without
// one the cutover is passive: the balancer's own health check sees the leaving
// proxy's /ping turn bad, and the proxy goes on serving long enough.
type Drainer interface {
	Backend
	// Drain and Undrain are idempotent and return at once; State tells the rest.
	Drain(ctx context.Context, target Target) error
	Undrain(ctx context.Context, target Target) error
	State(ctx context.Context, target Target) (TargetState, string, error)
}
