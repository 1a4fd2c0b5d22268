package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// createNginx creates the edge that ingress-nginx is for the Ingresses that there
// are.
func createNginx(o edge.Options) step {
	return func(ctx context.Context, w *world.World) error {
		if err := edge.EquipNginx(ctx, w.Out, w.Sandbox); err != nil {
			return err
		}
		ingresses, err := w.Client.NetworkingV1().Ingresses("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		services, err := w.Client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		secrets, err := w.Client.CoreV1().Secrets("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		objects, err := edge.Nginx(o, edge.NginxObjects{Ingresses: ingresses.Items, Services: services.Items, Secrets: secrets.Items})
		if err != nil {
			return err
		}
		return w.ApplyEdge(ctx, objects)
	}
}

// tlsStore does what the conversion says of --default-ssl-certificate.
const tlsStore = `
apiVersion: traefik.io/v1alpha1
kind: TLSStore
metadata: {name: default, namespace: %s}
spec:
  defaultCertificate: {secretName: %s}
`

func createStore(ctx context.Context, w *world.World) error {
	namespace, name, _ := strings.Cut(workload.NginxCertificate, "/")
	return w.Modern.Run(ctx, fmt.Appendf(nil, tlsStore, namespace, name), "apply", "-f", "-")
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
