package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// State is how an Ingress stands after a pass.
type State string

// The states.
const (
	// Current: everything that the conversion wants is there.
	Current State = "current"
	// Drifted: somebody edited an object of ours; it is kept.
	Drifted State = "drifted"
	// Diverged: somebody edited an object of ours and the Ingress changed too; it is kept.
	Diverged State = "diverged"
	// Foreign: an object that is not ours has a name that we want; it is kept.
	Foreign State = "foreign"
	// Outdated: another version of the program wrote it, and this one would write it
	// otherwise although the Ingress has not changed; it is kept.
	Outdated State = "outdated"
	// Blocked: a route was withheld because it would expose more than before.
	Blocked State = "blocked"
	// Unrouted: the source controller serves nothing of it, or nothing can be converted.
	Unrouted State = "unrouted"
	// NotOurs: of another class.
	NotOurs State = "not_ours"
	// OptedOut: by annotation or by its namespace's label.
	OptedOut State = "opted_out"
	// Failed: the pass could not be finished; it is tried again.
	Failed State = "failed"
)

// States lists all states.
func States() []State {
	return []State{Current, Drifted, Diverged, Foreign, Outdated, Blocked, Unrouted, NotOurs, OptedOut, Failed}
}

// Finding is one object that is not as the conversion wants it, and stays so.
type Finding struct {
	State State
	// Object is such as "IngressRoute/web".
	Object string
	// Text says what is the matter in one sentence.
	Text string
}

// Outcome is what one pass over one Ingress did and found.
type Outcome struct {
	State    State
	Findings []Finding
	// Written and Removed name objects such as "IngressRoute/web".
	Written, Removed []string
}

// add records a finding; the first one gives the outcome its state.
func (o *Outcome) add(f Finding) {
	o.Findings = append(o.Findings, f)
	if o.State == Current {
		o.State = f.State
	}
}

// fingerprint is equal for outcomes that say the same to people.
func (o *Outcome) fingerprint() string {
	if len(o.Findings) == 0 {
		return ""
	}
	var lines []string
	for _, f := range o.Findings {
		lines = append(lines, string(f.State)+" "+f.Object+" "+f.Text)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}
