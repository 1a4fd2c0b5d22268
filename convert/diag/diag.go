// Package diag holds the one channel through which the product says that
// something is not carried over exactly. A Diagnostic is one object rendered as
// a table row, JSON, an admission warning, an Event or a metric label.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity orders how far the output is from the input.
type Severity int

// The severities, mildest first.
const (
	// Exact: the same behaviour.
	Exact Severity = iota
	// Equivalent: the same behaviour for every request that clients really send,
	// written differently; or information about the source controller.
	Equivalent
	// Lossy: converted, but some request is answered differently.
	Lossy
	// Unsupported: not converted; a human has to act.
	Unsupported
	// Invalid: the source controller itself refuses or ignores this input.
	Invalid
)

var severityNames = [...]string{"exact", "equivalent", "lossy", "unsupported", "invalid"}

// String returns the lower-case name used in reports.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityNames[s]
}

// MarshalText writes the name, so that JSON reports carry words and not numbers.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name written by MarshalText.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown severity %q", text)
	}
	*s = Severity(i)
	return nil
}

// Code names one kind of finding, for instance "W-MERGE". Codes are stable: they
// appear in reports, metrics and accepted-codes lists of users.
type Code string

// Object names what a diagnostic is about.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// File is where the object was read from, empty for objects of a cluster.
	File string `json:"file,omitempty"`
}

// String returns namespace/name of the object, or its name when it has no namespace.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

// Diagnostic says that one field of one object is not carried over exactly.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Object   Object   `json:"object"`
	// Field is the path inside the object, such as
	// metadata.annotations[traefik.ingress.kubernetes.io/rate-limit] or spec.rules[0].http.paths[1].
	Field string `json:"field,omitempty"`
	// Value is the offending value; the caller shortens it and never puts a secret here.
	Value string `json:"value,omitempty"`
	// Text says in one sentence what differs.
	Text string `json:"text"`
	// Remedy says what to do about it.
	Remedy string `json:"remedy,omitempty"`
	// Blocking is true when a route was withheld because emitting it would expose
	// more than the source controller does (lost protection fails closed).
	Blocking bool `json:"blocking,omitempty"`
}

// Sort orders diagnostics by object, then field, then code, so that output is
// the same on every run.
func Sort(ds []Diagnostic) {
	for i := 1; i < len(ds); i++ {
		if compare(&ds[i-1], &ds[i]) > 0 { // those of one Ingress mostly come sorted
			slices.SortStableFunc(ds, func(a, b Diagnostic) int { return compare(&a, &b) })
			return
		}
	}
}

func compare(a, b *Diagnostic) int {
	if c := compareObjects(&a.Object, &b.Object); c != 0 {
		return c
	}
	if c := strings.Compare(a.Field, b.Field); c != 0 {
		return c
	}
	return cmp.Or(
		strings.Compare(string(a.Code), string(b.Code)),
		strings.Compare(a.Value, b.Value),
		strings.Compare(a.Text, b.Text),
	)
}

func compareObjects(a, b *Object) int {
	if *a == *b {
		return 0 // nearly all are about one object
	}
	return cmp.Or(
		strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Name, b.Name),
		strings.Compare(a.Kind, b.Kind),
	)
}
