// Command sandbox-binaries builds the programs of the sandbox into the user's
// cache, or the programs named as arguments, and prints their paths.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "sandbox-binaries: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	// These are the oracle's alone, which builds them when it is asked.
	alone := []binaries.Program{binaries.Traefik3, binaries.IngressNginx}
	programs := slices.DeleteFunc(binaries.All(), func(p binaries.Program) bool { return slices.Contains(alone, p) })
	if len(names) > 0 {
		programs = nil
		for _, name := range names {
			programs = append(programs, binaries.Program(name))
		}
	}
	for _, program := range programs {
		path, err := binaries.Ensure(ctx, os.Stderr, program)
		if errors.Is(err, binaries.ErrUnavailable) && len(names) == 0 {
			fmt.Fprintf(os.Stderr, "%s: %v: the sandbox will use its own balancer\n", program, err)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}
