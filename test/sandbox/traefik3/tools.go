//go:build tools

// Package traefik3 pins the Traefik 3 that the sandbox runs: its command is
// built from the module proxy, never imported.
package traefik3

import _ "github.com/traefik/traefik/v3/cmd/traefik"
