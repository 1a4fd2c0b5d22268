package main

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/runbook"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// follow does what a runbook says, from "load" on under load. Nodes are moved by somebody
// who may do no more than that.
func (r *result) follow(ctx context.Context, w *world.World, p pair, rate int) error {
	stop := func() {}
	defer func() { stop() }()
	does := map[string]func(context.Context, []string) error{
		"load": func(ctx context.Context, _ []string) error {
			measured, err := r.measure(ctx, w, rate)
			if err == nil {
				stop = measured
			}
			return err
		},
	}
	for name, do := range p.sandbox {
		does[name] = func(ctx context.Context, _ []string) error { return do(ctx, w) }
	}
	const plugin = "kubectl ingress-migrate "
	runner := runbook.Runner{
		Dir: w.Sandbox.Dir(), Out: w.Out, Sandbox: does,
		Env: func(command string) []string {
			if strings.HasPrefix(command, plugin+"sync") {
				return w.Modern.Environ()
			}
			return w.Operator.Environ()
		},
		Appended: map[string][]string{
			plugin + "sync":           p.conversion,
			plugin + "recycle":        {"--yes"},
			plugin + "preflight":      slices.Concat(p.conversion, world.BalancerFlags()),
			plugin + "cutover run":    slices.Concat([]string{"--yes"}, p.conversion, world.Pace()),
			plugin + "cutover resume": {"--yes"},
			plugin + "rollback":       {"--yes"},
		},
		Tee: func(command, printed string) {
			moves := &r.forward
			if strings.HasPrefix(command, plugin+"rollback") {
				moves = &r.back
			}
			_, _ = io.WriteString(moves, printed) // which keeps it in memory
		},
	}
	return runner.Run(ctx, filepath.Join("docs", "runbooks", p.runbook))
}
