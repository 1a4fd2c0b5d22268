package scan

import (
	"context"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// Run reads a cluster and compares. It changes nothing; errors keep the API's
// reason, and a *MissingCRDsError says that Traefik's resources are not there.
func Run(ctx context.Context, client kubernetes.Interface, objects dynamic.Interface, scope source.Scope, options convert.Options) (*Report, error) {
	// Resources that are not there at all are found before thousands of
	// Ingresses are read.
	live, err := ReadLive(ctx, objects, options.Target, scope.Namespace)
	if err != nil {
		return nil, err
	}
	extent := source.Routes
	if options.From != convert.FromTraefikV1 {
		extent |= source.Classes
	}
	loaded, err := source.FromCluster(ctx, client, scope, extent)
	if err != nil {
		return nil, err
	}
	if err := loaded.ReadOptedOut(ctx, client, scope); err != nil {
		return nil, err
	}
	return Compare(loaded, scope, loaded.Settle(options), live)
}
