//go:build !traefik36

package gateway

import (
	"context"
	"io"
	"strings"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/config/runtime"
	"github.com/traefik/traefik/v3/pkg/config/static"
	"github.com/traefik/traefik/v3/pkg/observability/metrics"
	"github.com/traefik/traefik/v3/pkg/provider"
	"github.com/traefik/traefik/v3/pkg/provider/traefik"
	"github.com/traefik/traefik/v3/pkg/proxy/httputil"
	"github.com/traefik/traefik/v3/pkg/safe"
	"github.com/traefik/traefik/v3/pkg/server"
	"github.com/traefik/traefik/v3/pkg/server/middleware"
	"github.com/traefik/traefik/v3/pkg/server/service"
	"github.com/traefik/traefik/v3/pkg/tcp"
	"github.com/traefik/traefik/v3/pkg/tls"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// Entry points.
const (
	web       = "web"
	websecure = "websecure"
)

// serve puts Traefik together as its command does: setupServer in cmd/traefik/traefik.go.
func (g *Gateway) serve() error {
	log.Logger = zerolog.New(io.Discard)
	configuration := static.Configuration{Providers: &static.Providers{}, EntryPoints: static.EntryPoints{}, ServersTransport: &static.ServersTransport{}}
	for name, port := range map[string]int{web: judge.PortHTTP, websecure: judge.PortHTTPS} {
		point := &static.EntryPoint{}
		point.SetDefaults()
		point.Address = at(g.config, port)
		configuration.EntryPoints[name] = point
	}
	certificates := tls.NewManager(nil)
	g.pool.GoCtx(certificates.Run)
	registry := metrics.NewMultiRegistry(nil)
	observability := middleware.NewObservabilityMgr(configuration, registry, nil, nil, nil, nil)
	var err error
	if g.entryPoints, err = server.NewTCPEntryPoints(configuration.EntryPoints, nil, registry); err != nil {
		return err
	}
	transports, dialers := service.NewTransportManager(nil), tcp.NewDialerManager(nil)
	services := service.NewManagerFactory(configuration, g.pool, observability, transports, httputil.NewProxyBuilder(transports, nil), nil, certificates)
	routers, err := server.NewRouterFactory(configuration, services, certificates, observability, nil, dialers)
	if err != nil {
		return err
	}
	watcher := server.NewConfigurationWatcher(g.pool, relay{traefik.New(configuration), g.messages}, []string{web, websecure}, "internal", false)
	watcher.AddListener(func(c dynamic.Configuration) {
		certificates.UpdateConfigs(context.Background(), c.TLS.Stores, c.TLS.Options, c.TLS.Certificates)
		transports.Update(c.HTTP.ServersTransports)
		dialers.Update(c.TCP.ServersTransports)
		tcpRouters, _ := routers.CreateRouters(runtime.NewConfig(c))
		g.entryPoints.Switch(tcpRouters)
		select {
		case g.applied <- marker(c):
		default: // nobody waits
		}
	})
	watcher.Start()
	g.entryPoints.Start()
	return nil
}

// marker finds the Middleware that tells loads apart.
func marker(c dynamic.Configuration) string {
	for name := range c.HTTP.Middlewares {
		if name, _, _ = strings.Cut(name, "@"); strings.HasPrefix(name, "load-") {
			return name
		}
	}
	return ""
}

// relay is Traefik's internal provider, and one that hands on what is sent to it.
type relay struct {
	provider.Provider
	messages chan dynamic.Message
}

// Provide hands on until the pool stops.
func (r relay) Provide(to chan<- dynamic.Message, pool *safe.Pool) error {
	pool.GoCtx(func(ctx context.Context) {
		for {
			select {
			case m := <-r.messages:
				to <- m
			case <-ctx.Done():
				return
			}
		}
	})
	return r.Provider.Provide(to, pool)
}
