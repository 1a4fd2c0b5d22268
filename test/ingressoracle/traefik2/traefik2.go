// Package traefik2 runs the providers and the muxer of Traefik 2.11.
package traefik2

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gorilla/mux"
	"github.com/sirupsen/logrus"
	"github.com/traefik/traefik/v2/pkg/config/dynamic"
	"github.com/traefik/traefik/v2/pkg/middlewares/requestdecorator"
	httpmuxer "github.com/traefik/traefik/v2/pkg/muxer/http"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/ingress"
	"github.com/traefik/traefik/v2/pkg/safe"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/observe"
)

// Ingresses are what the Ingress provider makes of a cluster.
func Ingresses(ctx context.Context, endpoint string, facts traefikingress.Facts) (*observe.Config, error) {
	return first(ctx, &ingress.Provider{
		Endpoint: endpoint, IngressClass: facts.IngressClass, LabelSelector: facts.LabelSelector, Namespaces: facts.Namespaces,
		AllowEmptyServices: facts.AllowEmptyServices, AllowExternalNameServices: facts.AllowExternalNameServices,
		CrossProviderNamespaces: facts.CrossProviderNamespaces,
	})
}

// Routes are what the CRD provider makes of a cluster.
func Routes(ctx context.Context, endpoint string, facts traefikingress.Facts) (*observe.Config, error) {
	return first(ctx, &crd.Provider{
		Endpoint: endpoint, AllowCrossNamespace: facts.AllowCrossNamespace,
		AllowEmptyServices: facts.AllowEmptyServices, AllowExternalNameServices: facts.AllowExternalNameServices,
	})
}

type provider interface {
	Provide(chan<- dynamic.Message, *safe.Pool) error
}

// first is the first configuration: the caches are complete by then.
func first(ctx context.Context, p provider) (*observe.Config, error) {
	logrus.SetOutput(io.Discard)
	pool := safe.NewPool(ctx)
	defer pool.Stop()
	messages := make(chan dynamic.Message, 1000)
	if err := p.Provide(messages, pool); err != nil {
		return nil, fmt.Errorf("starting a provider of Traefik 2: %w", err)
	}
	select {
	case m := <-messages:
		var certificates []string
		if m.Configuration.TLS != nil {
			for _, c := range m.Configuration.TLS.Certificates {
				certificates = append(certificates, string(c.Certificate.CertFile))
			}
		}
		return observe.Read(m.Configuration, certificates)
	case <-time.After(time.Minute):
		return nil, fmt.Errorf("a provider of Traefik 2 says nothing")
	}
}

// Muxer answers which of the routers takes a request.
func Muxer(routers map[string]observe.Router) (func(host, path string) string, error) {
	muxer, err := httpmuxer.NewMuxer()
	if err != nil {
		return nil, err
	}
	for name, r := range routers {
		// Errors make the router dead; the others go on.
		_ = muxer.AddRoute(r.Rule, r.Priority, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("Router", name) }))
	}
	muxer.SortRoutes()
	decorator := requestdecorator.New(nil)
	return func(host, path string) string {
		request := httptest.NewRequest(http.MethodGet, "http://x/", http.NoBody)
		request.Host, request.URL.Host, request.URL.Scheme, request.URL.Path = host, "", "", path
		request = request.WithContext(context.WithValue(request.Context(), mux.RoutingPathKey, path))
		recorder := httptest.NewRecorder()
		decorator.ServeHTTP(recorder, request, muxer.ServeHTTP)
		return recorder.Header().Get("Router")
	}, nil
}
