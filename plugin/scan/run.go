package scan

import (
	"cmp"
	"context"
	"sync"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// Run reads a cluster and compares. It changes nothing; errors keep the API's
// reason, and a *MissingCRDsError says that Traefik's resources are not there.
func Run(ctx context.Context, client kubernetes.Interface, objects dynamic.Interface, scope source.Scope, options convert.Options, detail Detail) (*Report, error) {
	extent := source.Routes
	if options.From != convert.FromTraefikV1 {
		extent |= source.Classes
	}
	// Resources that are not there at all are found before thousands of Ingresses are
	// read.
	if err := routesAreThere(ctx, objects, options.Target, scope.Namespace); err != nil {
		return nil, err
	}
	var live Live
	var liveErr error
	var group sync.WaitGroup
	group.Go(func() { live, liveErr = ReadLive(ctx, objects, options.Target, scope.Namespace) })
	loaded, err := source.FromCluster(ctx, client, scope, extent)
	if err == nil {
		err = loaded.ReadOptedOut(ctx, client, scope)
	}
	group.Wait()
	if err := cmp.Or(liveErr, err); err != nil {
		return nil, err
	}
	return Compare(loaded, scope, loaded.Settle(options), live, readWhole(ctx, objects, options.Target, scope.Namespace), detail)
}
