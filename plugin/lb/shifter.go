package lb

import (
	"context"
	"fmt"
)

// Side is one of the two controllers between which a Shifter divides requests.
type Side string

// The sides.
const (
	OldSide Side = "old"
	NewSide Side = "new"
)

// Sides are what the load balancer calls the two: target groups, Services, servers.
type Sides struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Header is what a request has that goes to the new side whatever the weights.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (h *Header) String() string {
	if h == nil {
		return "none"
	}
	return h.Name + "=" + h.Value
}

// Split says which requests go to the new side.
type Split struct {
	// Header sends testers there; nil: no such rule.
	Header *Header `json:"header,omitempty"`
	// Weight is how many percent of all other requests go there.
	Weight int `json:"weight"`
}

func (s Split) String() string {
	return fmt.Sprintf("%d%% new, header %s", s.Weight, s.Header)
}

// Shifter is a load balancer that divides the requests between the old controller and
// the new one, both of which run all the time. What a shift changes of it are Parts, such
// as the actions of a rule: they are kept as they were, compared with what was written
// last, and put back.
type Shifter interface {
	Describe(ctx context.Context) (Facts, error)
	// Read returns the parts as they are. known are those that are recorded: they are
	// read wherever they lead now. Nil: the shift has not begun, and a balancer on which
	// it could not is an error.
	Read(ctx context.Context, known Parts) (Parts, error)
	// Plan says what parts that were such before the first change are to be for a split.
	// It asks nobody.
	Plan(original Parts, split Split) (Parts, error)
	// Write makes one change. It is idempotent, and conditional on what it changes where
	// the balancer can do that.
	Write(ctx context.Context, change Change) error
	// Health is that of a side's targets.
	Health(ctx context.Context, side Side) ([]TargetHealth, error)
}

// TargetHealth is what the load balancer thinks of one target.
type TargetHealth struct {
	Target string `json:"target"`
	State  State  `json:"state"`
	Why    string `json:"why,omitempty"`
}
