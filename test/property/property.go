// Package property makes property tests steady: the same inputs on every run, so
// that a change is judged by what it changes. `make explore` draws new ones.
package property

import (
	"flag"
	"testing"

	_ "pgregory.net/rapid" // declares the flag
)

// Main is a TestMain that fixes the seed of pgregory.net/rapid; -rapid.seed on
// the command line overrides it, 0 draws a new one.
func Main(m *testing.M) {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err) // rapid has no such flag any more
	}
	m.Run()
}
