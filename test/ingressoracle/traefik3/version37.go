//go:build !traefik36

package traefik3

import (
	"context"
	"net/http"

	httpmuxer "github.com/traefik/traefik/v3/pkg/muxer/http"
	"github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd"
	"github.com/traefik/traefik/v3/pkg/provider/kubernetes/ingress"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/observe"
)

// Version is the one that is built in.
const Version = "3.7.13"

// Ingresses are what the Ingress provider makes of a cluster.
func Ingresses(ctx context.Context, endpoint string, facts traefikingress.Facts) (*observe.Config, error) {
	return first(ctx, &ingress.Provider{
		Endpoint: endpoint, IngressClass: facts.IngressClass, LabelSelector: facts.LabelSelector, Namespaces: facts.Namespaces,
		AllowEmptyServices: facts.AllowEmptyServices, AllowExternalNameServices: facts.AllowExternalNameServices,
		CrossProviderNamespaces: facts.CrossProviderNamespaces,
		StrictPrefixMatching:    facts.StrictPrefixMatching, DefaultRuleSyntax: facts.DefaultRuleSyntax, NativeLBByDefault: facts.NativeLBByDefault,
	})
}

// Routes are what the CRD provider makes of a cluster.
func Routes(ctx context.Context, endpoint string, facts traefikingress.Facts) (*observe.Config, error) {
	p := &crd.Provider{
		Endpoint: endpoint, AllowCrossNamespace: facts.AllowCrossNamespace,
		AllowEmptyServices: facts.AllowEmptyServices, AllowExternalNameServices: facts.AllowExternalNameServices,
	}
	if err := p.Init(); err != nil {
		return nil, err
	}
	return first(ctx, p)
}

func newMuxer(parser httpmuxer.SyntaxParser) (add func(rule, syntax string, priority int, handler http.Handler) error, serve http.HandlerFunc) {
	muxer := httpmuxer.NewMuxer(parser, nil)
	return func(rule, syntax string, priority int, handler http.Handler) error {
		return muxer.AddRoute(rule, syntax, priority, "", handler)
	}, muxer.ServeHTTP
}
