// Command migrationtool converts one file of Ingresses with
// traefik-migration-tool, for a comparison of processor time. It is a module of
// its own because that tool needs modules of its own time.
package main

import (
	"fmt"
	"os"

	"github.com/traefik/traefik-migration-tool/ingress"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: migrationtool FILE FOLDER")
		os.Exit(2)
	}
	if err := ingress.Convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
