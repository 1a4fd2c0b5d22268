package world

import (
	"context"
	"fmt"
	"time"
)

// Poll asks until there is no error any more, for at most two minutes.
func Poll(ctx context.Context, what string, ask func() error) error {
	return PollFor(ctx, 2*time.Minute, what, ask)
}

// PollFor asks until there is no error any more, for at most limit.
func PollFor(ctx context.Context, limit time.Duration, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
