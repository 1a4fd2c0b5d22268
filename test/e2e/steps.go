package main

import (
	"context"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/workload"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// step is one thing that is done to a cluster.
type step func(context.Context, *world.World) error

func inOrder(ctx context.Context, w *world.World, steps []step) error {
	for _, do := range steps {
		if err := do(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// applyAll applies all Ingresses, as pipelines have.
func applyAll(ctx context.Context, w *world.World, load *workload.Workload) error {
	if err := w.ApplyOld(ctx, load.Before...); err != nil {
		return err
	}
	for _, text := range load.Later {
		if err := w.Modern.Run(ctx, text, "apply", "--output=name", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
}

// convertAll makes the routes of every Ingress, as an administrator does who has
// no webhook.
func convertAll(conversion ...string) step {
	return func(ctx context.Context, w *world.World) error {
		return w.Modern.Run(ctx, nil, slices.Concat([]string{"ingress-migrate", "sync", "-A"}, conversion)...)
	}
}

// create creates an edge.
func create(kind func(edge.Options) (edge.Deployment, error), o edge.Options) step {
	return func(ctx context.Context, w *world.World) error {
		objects, err := kind(o)
		if err != nil {
			return err
		}
		return w.ApplyEdge(ctx, objects)
	}
}

// equipTraefik3 gives the cluster what Traefik 3 needs.
func equipTraefik3(ctx context.Context, w *world.World) error {
	if err := edge.EquipTraefik3(ctx, w.Out, w.Sandbox); err != nil {
		return err
	}
	definitions, err := edge.CRDs3(ctx)
	if err != nil {
		return err
	}
	return w.ApplyEdge(ctx, definitions)
}
