package main

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/workload"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// pair is one migration.
type pair struct {
	name     string
	old, new string // as a human says it
	workload func() (*workload.Workload, error)
	// before brings the old edge up, arrive makes the routes of the new one and then
	// its DaemonSet.
	before, arrive []step
	// conversion are flags that say how routes are made.
	conversion []string
}

// pairs are all migrations there are.
func pairs() []pair { return []pair{traefik1To2()} }

// entryPoints tell where the sandbox's entry points are: the ports are high,
// because low ones need privileges.
var entryPoints = fmt.Sprintf("--entry-points=http=web:%d,https=websecure:%d:tls", world.HTTPPort, world.HTTPSPort)

func traefik1To2() pair {
	o := world.EdgeOptions()
	return pair{
		name: "v1-v2", old: "Traefik 1.7", new: "Traefik 2.11", workload: workload.Shops,
		before:     []step{create(edge.Traefik1, o)},
		arrive:     []step{convertAll(entryPoints), create(edge.Traefik2, o)},
		conversion: []string{entryPoints},
	}
}
