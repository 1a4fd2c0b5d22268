// Package servicefabric stands in for a module that the module proxy does not
// always serve. Traefik 1.7 names its type in the configuration; the sandbox
// never enables that provider.
package servicefabric

import (
	"errors"

	"github.com/traefik/traefik/provider"
	"github.com/traefik/traefik/safe"
	"github.com/traefik/traefik/types"
)

// Provider has the fields that Traefik 1.7 gives defaults to.
type Provider struct {
	provider.BaseProvider `mapstructure:",squash"`
	APIVersion            string
	RefreshSeconds        int
}

// Init takes the constraints and needs none.
func (*Provider) Init(types.Constraints) error { return nil }

// Provide refuses: a configuration that enables the provider must be noticed.
func (*Provider) Provide(chan<- types.ConfigMessage, *safe.Pool) error {
	return errors.New("the Service Fabric provider is not part of the sandbox's Traefik 1.7")
}
