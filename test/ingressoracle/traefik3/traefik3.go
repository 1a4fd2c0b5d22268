// Package traefik3 runs the providers and the muxer of Traefik 3.7, or of 3.6 with
// build tag traefik36 and traefik36.mod.
package traefik3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/middlewares/requestdecorator"
	httpmuxer "github.com/traefik/traefik/v3/pkg/muxer/http"
	"github.com/traefik/traefik/v3/pkg/safe"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/observe"
)

// Provider is one of Traefik's.
type Provider interface {
	Provide(chan<- dynamic.Message, *safe.Pool) error
}

// first is what a provider makes of a cluster.
func first(ctx context.Context, p Provider) (*observe.Config, error) {
	configuration, err := Provide(ctx, p)
	if err != nil {
		return nil, err
	}
	var certificates []string
	if configuration.TLS != nil {
		for _, c := range configuration.TLS.Certificates {
			certificates = append(certificates, string(c.Certificate.CertFile))
		}
	}
	return observe.Read(configuration, certificates)
}

// Provide is the first configuration of a provider: the caches are complete by then.
func Provide(ctx context.Context, p Provider) (*dynamic.Configuration, error) {
	log.Logger = zerolog.New(io.Discard)
	pool := safe.NewPool(ctx)
	defer pool.Stop()
	messages := make(chan dynamic.Message, 1000)
	if err := p.Provide(messages, pool); err != nil {
		return nil, fmt.Errorf("starting a provider of Traefik 3: %w", err)
	}
	select {
	case m := <-messages:
		return m.Configuration, nil
	case <-time.After(time.Minute):
		return nil, fmt.Errorf("a provider of Traefik 3 says nothing")
	}
}

// Muxer answers which of the routers takes a request.
func Muxer(routers map[string]observe.Router, defaultSyntax string) (func(host, path string) string, error) {
	parser, err := httpmuxer.NewSyntaxParser()
	if err != nil {
		return nil, err
	}
	add, serve := newMuxer(parser)
	for name, r := range routers {
		priority, syntax := r.Priority, r.RuleSyntax
		if priority == 0 {
			priority = httpmuxer.GetRulePriority(r.Rule)
		}
		if syntax == "" {
			syntax = defaultSyntax
		}
		// Errors make the router dead; the others go on.
		_ = add(r.Rule, syntax, priority, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("Router", name) }))
	}
	decorator := requestdecorator.New(nil)
	return func(host, path string) string {
		request := httptest.NewRequest(http.MethodGet, "http://x/", http.NoBody)
		request.Host, request.URL.Host, request.URL.Scheme, request.URL.Path = host, "", "", path
		recorder := httptest.NewRecorder()
		decorator.ServeHTTP(recorder, request, serve)
		return recorder.Header().Get("Router")
	}, nil
}
