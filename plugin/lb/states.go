package lb

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// TargetState is what a load balancer says of one target.
type TargetState struct {
	State State
	// Why in a few words.
	Why string
	// Err is why it cannot be told; State is Unknown then.
	Err error
}

// Lister is a Drainer that tells of many targets in one question.
type Lister interface {
	Drainer
	// States are in the order of the targets. An error is one about all of them.
	States(ctx context.Context, targets []Target) ([]TargetState, error)
}

// atOnce is how many questions a load balancer is asked at a time that cannot be
// asked for all targets.
const atOnce = 8

// States asks for many targets: in one question where the load balancer can answer
// that, else in one for each, some at a time.
func States(ctx context.Context, d Drainer, targets []Target) ([]TargetState, error) {
	if lister, ok := d.(Lister); ok {
		return lister.States(ctx, targets)
	}
	states := make([]TargetState, len(targets))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, target := range targets {
		group.Go(func() error {
			s := &states[i]
			s.State, s.Why, s.Err = d.State(ctx, target)
			return nil
		})
	}
	return states, group.Wait()
}
