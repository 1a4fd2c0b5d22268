// Package source collects Ingresses and what they refer to, from files, stdin,
// a kustomization or a cluster, as the Input of a conversion.
//
// One bad object never withholds another one: what cannot be read is a
// diagnostic that names file, document, object and field, and the rest goes on.
package source

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
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
	// Workloads among the files: old controllers may be among them.
	Workloads  []Workload
	configMaps map[string]map[string]string
	// all are the Ingresses of the whole input, those out of scope too.
	all []ir.Ingress
}

// Settle says which controllers are in play, where the options leave that open.
// What Ingresses show of it depends on all of them.
func (l *Loaded) Settle(options convert.Options) convert.Options {
	if options.From != convert.Auto || options.Controllers != nil && len(options.Controllers.InPlay) > 0 {
		return options
	}
	shown := convert.Detect(ir.Input{Ingresses: l.all, IngressClasses: l.Input.IngressClasses}, options)
	options.Controllers = &shown
	return options
}

// Take hands over the input and forgets it, so that it goes as soon as it is used.
func (l *Loaded) Take() ir.Input {
	input := l.Input
	l.Input, l.all, l.Workloads = ir.Input{}, nil, nil
	return input
}
