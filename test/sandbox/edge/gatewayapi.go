package edge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// HTTPRouteCRD is the Gateway API's own definition of HTTPRoutes, of its standard channel.
func HTTPRouteCRD(ctx context.Context) (Deployment, error) {
	dir, err := binaries.ModuleSources(ctx, "test/ingressoracle", "sigs.k8s.io/gateway-api")
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(dir, "config", "crd", "standard", "gateway.networking.k8s.io_httproutes.yaml"))
	if err != nil {
		return nil, fmt.Errorf("definition of HTTPRoutes: %w", err)
	}
	defer file.Close()
	known, err := Scheme()
	if err != nil {
		return nil, err
	}
	return decode(file, known)
}
