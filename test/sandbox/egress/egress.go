// Package egress lets an API server reach Services in a cluster that has no
// kube-proxy: webhooks registered by Service reference above all.
//
// The API server is told to dial everything in "the cluster" through an HTTP
// CONNECT proxy on a unix socket (KEP-1281, EgressSelectorConfiguration). It asks
// for ClusterIP:port; this proxy finds the Service, one of its ready pods by
// selector, and dials the pod's address and target port.
package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Resolver translates what the API server dials into an address that answers.
type Resolver interface {
	Resolve(ctx context.Context, hostPort string) (string, error)
}

// Proxy is a running CONNECT proxy.
type Proxy struct {
	server   *http.Server
	resolver Resolver
	log      io.Writer
	ctx      context.Context
	cancel   context.CancelFunc
	// tunnels counts copying goroutines, which Close waits for.
	tunnels sync.WaitGroup
	served  chan struct{}
}

const dialTimeout = 5 * time.Second

// Listen serves on a unix socket until Close. What cannot be resolved or dialled
// is told on log and answered with 502.
func Listen(socket string, resolver Resolver, log io.Writer) (*Proxy, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listen for the API server: %w", err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		listener.Close()
		return nil, fmt.Errorf("protect the egress socket: %w", err)
	}
	p := &Proxy{resolver: resolver, log: log, served: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: dialTimeout}
	go func() {
		defer close(p.served)
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(log, "egress proxy ended: %v\n", err)
		}
	}()
	return p, nil
}

// Close ends the proxy and every tunnel.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.server.Close()
	<-p.served
	p.tunnels.Wait()
	return err
}

// ServeHTTP answers one CONNECT request.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	p.tunnels.Add(1)
	defer p.tunnels.Done()
	upstream, err := p.dial(r.Context(), r.Host)
	if err != nil {
		fmt.Fprintf(p.log, "egress to %s: %v\n", r.Host, err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	// The API server sends nothing before it has read the answer, so nothing can
	// be in the buffered reader that Hijack returns.
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	p.tunnel(client, upstream)
}

func (p *Proxy) dial(ctx context.Context, hostPort string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	address, err := p.resolver.Resolve(ctx, hostPort)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

// tunnel copies both ways until either side ends or the proxy is closed.
func (p *Proxy) tunnel(a, b net.Conn) {
	stop := context.AfterFunc(p.ctx, func() {
		a.Close()
		b.Close()
	})
	defer stop()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			// Ending both is right for TLS: a half-closed one is of no use.
			way[0].Close()
			way[1].Close()
			done <- struct{}{}
		}()
	}
	<-done
	<-done
}
