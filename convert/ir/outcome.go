package ir

import "github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"

// Outcome is what a dialect says of one input Ingress: each annotation and
// finding of it, so that nothing disappears from both output and report.
type Outcome struct {
	Ingress Ref
	File    string
	// Selected is false when the source controller does not serve the Ingress
	// (class, namespace, label selector); Why says so.
	Selected bool
	Why      string
	// Annotations has one entry per annotation of the Ingress, sorted by key.
	Annotations []Annotation
	Diagnostics []diag.Diagnostic
	// DecodesPaths is true when the source controller matches percent-decoded
	// paths, so that %2F in a request is a slash.
	DecodesPaths bool
	// Labels of the Ingress; package convert fills them in, every emitted object gets them.
	Labels map[string]string
}

// Annotation is the fate of one annotation.
type Annotation struct {
	Key     string        `json:"key"`
	Outcome diag.Severity `json:"outcome"`
	// Note is a short phrase: "priority of the route", "not read by Traefik 1.7".
	Note  string      `json:"note,omitempty"`
	Codes []diag.Code `json:"codes,omitempty"`
}
