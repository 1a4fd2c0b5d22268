// Package source collects Ingresses and what they refer to, from files, stdin,
// a kustomization or a cluster, as the Input of a conversion.
//
// One bad object never withholds another one: what cannot be read is a
// diagnostic that names file, document, object and field, and the rest goes on.
package source

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Loaded is what was read.
type Loaded struct {
	Input ir.Input
	// Diagnostics tell what could not be read, in the order of the input.
	Diagnostics []diag.Diagnostic
	// Notes are sentences about what was left out on purpose or for lack of
	// rights, one each.
	Notes []string
	// OptedOut are namespaces whose label takes them out, if ReadOptedOut was called.
	OptedOut map[string]bool
}
