// Package leadership stands in for a module that the module proxy does not
// always serve. Traefik 1.7 elects a leader only when a key-value store holds
// its configuration, which the sandbox never does: every election fails.
package leadership

import (
	"errors"
	"time"
)

// Candidate would take part in an election.
type Candidate struct{}

// NewCandidate returns a candidate that is never elected.
func NewCandidate(store any, key, node string, ttl time.Duration) *Candidate { return &Candidate{} }

// RunForElection reports at once that there are no elections here.
func (*Candidate) RunForElection() (<-chan bool, <-chan error) {
	failed := make(chan error, 1)
	failed <- errors.New("leader election is not part of the sandbox's Traefik 1.7")
	return make(chan bool), failed
}

// Resign does nothing: nobody was elected.
func (*Candidate) Resign() {}
