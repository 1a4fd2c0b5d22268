//go:build !traefik36

// Package gateway is a whole Traefik 3.7 in the process of a test: its own entry
// points, routers, middlewares and services behind one of its own providers. Its
// command needs modules that not every module proxy serves.
package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/safe"
	"github.com/traefik/traefik/v3/pkg/server"
	"github.com/traefik/traefik/v3/pkg/tls"
	"github.com/traefik/traefik/v3/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/kube"
)

// What a gateway serves.
const (
	// Ingresses of ingress-nginx, as Traefik's own provider for them reads them.
	Ingresses judge.Version = "3.7 with provider kubernetesIngressNGINX"
	// Routes are the objects of the CRD provider.
	Routes judge.Version = "3.7"
)

// Gateway is one running Traefik. It is not safe for parallel Loads.
type Gateway struct {
	config      judge.Config
	api         *kube.Server
	pool        *safe.Pool
	entryPoints server.TCPEntryPoints
	// messages go to Traefik as those of a provider do; applied are the markers of
	// the configurations that it serves.
	messages chan dynamic.Message
	applied  chan string
	client   judge.Client
	loads    int
}

// Start runs a Traefik on an empty API.
func Start(ctx context.Context, _ io.Writer, config judge.Config) (*Gateway, error) {
	g := &Gateway{
		config: config, pool: safe.NewPool(context.WithoutCancel(ctx)), messages: make(chan dynamic.Message), applied: make(chan string, 16),
		client: judge.NewClient(at(config, judge.PortHTTP), at(config, judge.PortHTTPS)),
	}
	var err error
	if g.api, err = kube.Start(config.Address); err != nil {
		return nil, err
	}
	if err := g.serve(); err != nil {
		g.Close()
		return nil, fmt.Errorf("starting Traefik %s: %w", config.Version, err)
	}
	return g, nil
}

func at(config judge.Config, port int) string {
	return net.JoinHostPort(config.Address, strconv.Itoa(port))
}

// Close ends it.
func (g *Gateway) Close() {
	g.client.Close()
	g.entryPoints.Stop()
	g.pool.Stop()
	g.api.Close()
}

// patience with a load, which takes milliseconds.
const patience = time.Minute

// Load makes objects everything there is in the cluster and returns when they are
// served.
func (g *Gateway) Load(ctx context.Context, objects []any) error {
	if err := g.api.Set(objects); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name, configuration, err := g.provide(ctx)
	if err != nil {
		return err
	}
	g.loads++
	marker := fmt.Sprint("load-", g.loads)
	configuration.HTTP.Middlewares[marker] = &dynamic.Middleware{Chain: &dynamic.Chain{}}
	g.setCertificate(configuration)
	select {
	case g.messages <- dynamic.Message{ProviderName: name, Configuration: configuration}:
	case <-ctx.Done():
		return fmt.Errorf("handing a configuration to Traefik %s: %w", g.config.Version, ctx.Err())
	}
	for {
		select {
		case served := <-g.applied:
			if served == marker {
				g.client.Close()
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("waiting for Traefik %s to serve a configuration: %w", g.config.Version, ctx.Err())
		}
	}
}

// setCertificate sets the default one.
func (g *Gateway) setCertificate(configuration *dynamic.Configuration) {
	if configuration.TLS == nil {
		configuration.TLS = &dynamic.TLSConfiguration{}
	}
	configuration.TLS.Stores = map[string]tls.Store{tls.DefaultTLSStoreName: {DefaultCertificate: &tls.Certificate{
		CertFile: types.FileOrContent(g.config.Certificate.Cert), KeyFile: types.FileOrContent(g.config.Certificate.Key),
	}}}
}

// Ask sends one request. Parallel calls are fine, but not during a Load.
func (g *Gateway) Ask(ctx context.Context, r judge.Request) (judge.Answer, error) {
	return g.client.Ask(ctx, r)
}
