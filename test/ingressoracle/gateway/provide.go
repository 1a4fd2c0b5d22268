//go:build !traefik36

package gateway

import (
	"context"
	"fmt"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd"
	ingressnginx "github.com/traefik/traefik/v3/pkg/provider/kubernetes/ingress-nginx"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/traefik3"
)

// provide asks the provider what is in the cluster now.
func (g *Gateway) provide(ctx context.Context) (string, *dynamic.Configuration, error) {
	if g.config.Version == Ingresses {
		p := &ingressnginx.Provider{}
		p.SetDefaults()
		p.Endpoint, p.HTTPEntryPoint, p.HTTPSEntryPoint = g.api.URL(), web, websecure
		if err := p.Init(); err != nil {
			return "", nil, fmt.Errorf("starting the provider for ingress-nginx: %w", err)
		}
		configuration, err := traefik3.Provide(ctx, p)
		return ingressnginx.ProviderName, configuration, err
	}
	// As the report on conversions from ingress-nginx asks for.
	p := &crd.Provider{Endpoint: g.api.URL(), AllowEmptyServices: true, AllowExternalNameServices: true}
	if err := p.Init(); err != nil {
		return "", nil, fmt.Errorf("starting the CRD provider: %w", err)
	}
	configuration, err := traefik3.Provide(ctx, p)
	return "kubernetescrd", configuration, err
}
