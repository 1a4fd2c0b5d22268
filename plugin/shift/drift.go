package shift

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Drift is a part that is neither as it was written last nor as it was about to be.
type Drift struct {
	Part string `json:"part"`
	// Differences lead from what was written to what is found.
	Differences []lb.Difference `json:"differences"`
}

// DriftError: somebody else has changed the load balancer since the last step.
type DriftError struct{ Drift []Drift }

// mostShown bounds the lines of an error.
const mostShown = 10

func (e *DriftError) Error() string {
	return e.What() + "\nNext: put that back by hand, or add --overwrite to the command: what was changed is written over, what appeared is taken in, what is gone is left so"
}

// What was changed, without what to do about it.
func (e *DriftError) What() string {
	var b strings.Builder
	b.WriteString("somebody else has changed the load balancer since the last step of this shift; nothing was written")
	lines := 0
	for _, d := range e.Drift {
		for _, difference := range d.Differences {
			if lines++; lines > mostShown {
				continue
			}
			place := d.Part
			if difference.Path != "" {
				place += ": " + difference.Path
			}
			fmt.Fprintf(&b, "\n  %s\n    written %s\n    found   %s", place, difference.From, difference.To)
		}
	}
	if lines > mostShown {
		fmt.Fprintf(&b, "\n  and %d more: kubectl ingress-migrate shift status -o json", lines-mostShown)
	}
	return b.String()
}

// drift compares what is with what was written, and with what was about to be written by
// whoever died over it.
func drift(r *Record, current lb.Parts) []Drift {
	var out []Drift
	known := r.known()
	for _, name := range lb.Names(known, current) {
		found := current[name]
		if lb.Same(found, r.Written[name]) || r.Intended != nil && lb.Same(found, r.Intended.Parts[name]) {
			continue
		}
		out = append(out, Drift{Part: name, Differences: lb.Differences(r.Written[name], found)})
	}
	return out
}
