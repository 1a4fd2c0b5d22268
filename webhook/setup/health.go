package setup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// health answers /healthz and /readyz from the first moment on. The manager's own
// endpoints begin with its caches, and a replica that waits for what they need, such
// as custom resource definitions, would be ended for not being alive.
type health struct {
	server *http.Server
	ready  atomic.Pointer[healthz.Checker]
}

// serveHealth listens; end it with close.
func serveHealth(ctx context.Context, address string) (*health, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for health checks: %w", err)
	}
	h := &health{}
	h.waitsFor("the start")
	mux := http.NewServeMux()
	for path, check := range map[string]healthz.Checker{"/healthz": healthz.Ping, "/readyz": h.check} {
		handler := http.StripPrefix(path, &healthz.Handler{Checks: map[string]healthz.Checker{"webhook": check}})
		mux.Handle(path, handler)
		mux.Handle(path+"/", handler)
	}
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { _ = h.server.Serve(listener) }() // it ends with close
	return h, nil
}

func (h *health) check(r *http.Request) error { return (*h.ready.Load())(r) }

// waitsFor makes the replica alive and not ready.
func (h *health) waitsFor(what string) {
	h.readyWhen(func(*http.Request) error { return errors.New("waiting for " + what) })
}

// readyWhen lets check decide from now on.
func (h *health) readyWhen(check healthz.Checker) { h.ready.Store(&check) }

func (h *health) close() { _ = h.server.Close() }
