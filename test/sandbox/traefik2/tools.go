//go:build tools

// Package traefik2 pins the Traefik 2 that the sandbox runs: its command is
// built from the module proxy, never imported.
package traefik2

import _ "github.com/traefik/traefik/v2/cmd/traefik"
