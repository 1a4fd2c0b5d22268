package edge

import (
	"context"
	"fmt"
	"io"

	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/legacyapi"
)

// Cluster is the sandbox, as far as the edge needs it.
type Cluster interface {
	RESTConfig() *rest.Config
	SetImage(image string, program kubelet.Program)
}

// Equip makes a sandbox able to run Traefik 1.7 and 2.11: it starts the API that
// Traefik 1.7 reads and tells the nodes which programs the two images are. The
// proxy ends with Close or with ctx.
func Equip(ctx context.Context, log io.Writer, cluster Cluster) (*legacyapi.Proxy, error) {
	traefik1, err := binaries.Ensure(ctx, log, binaries.Traefik1)
	if err != nil {
		return nil, err
	}
	traefik2, err := binaries.Ensure(ctx, log, binaries.Traefik2)
	if err != nil {
		return nil, err
	}
	proxy, err := legacyapi.Start(ctx, legacyapi.Options{Upstream: cluster.RESTConfig()})
	if err != nil {
		return nil, fmt.Errorf("API for Traefik 1.7: %w", err)
	}
	cluster.SetImage(ImageTraefik1, kubelet.Program{
		Path: traefik1,
		// Its configuration file may name other mounted files.
		RewriteFiles: true,
		APIServer:    &kubelet.APIServer{URL: proxy.URL(), CA: proxy.CA()},
	})
	cluster.SetImage(ImageTraefik2, kubelet.Program{Path: traefik2})
	return proxy, nil
}

// EquipTraefik3 tells the nodes which program Traefik 3 is. It is not part of
// Equip because its build takes long and few need it.
func EquipTraefik3(ctx context.Context, log io.Writer, cluster Cluster) error {
	traefik3, err := binaries.Ensure(ctx, log, binaries.Traefik3)
	if err != nil {
		return err
	}
	cluster.SetImage(ImageTraefik3, kubelet.Program{Path: traefik3})
	return nil
}
