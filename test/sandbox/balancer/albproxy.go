package balancer

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"time"
)

// ServeHTTP sends a request to one target, once.
func (a *alb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := a.pick()
	if target == nil {
		http.Error(w, "no target is registered", http.StatusServiceUnavailable)
		return
	}
	// Until the answer is complete: an answer that breaks off ends in a panic.
	// A client that went away is nobody's failure.
	failed := true
	defer func() { a.done(target, failed && r.Context().Err() == nil) }()

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.lifeOf(target), cancel)()

	answered := true
	proxy := httputil.ReverseProxy{
		Transport:     target.transport,
		FlushInterval: -1,
		Rewrite: func(out *httputil.ProxyRequest) {
			out.Out.URL.Scheme, out.Out.URL.Host = "http", target.Address
			out.Out.Header["X-Forwarded-For"] = out.In.Header["X-Forwarded-For"]
			out.SetXForwarded()
			out.Out.Header.Del("X-Forwarded-Host") // load balancers send none
			sendOnce(out.Out)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			answered = false
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
	failed = !answered
}

func (a *alb) lifeOf(target *albTarget) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	return target.life
}

// sendOnce keeps http.Transport from sending a request again on another
// connection, which it does if the method may be repeated and it knows that
// there is no body.
func sendOnce(r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		if r.Body == nil {
			r.Body = http.NoBody
		}
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
}

// serveTLS passes connections through, each to the target that is next.
func (a *alb) serveTLS(ctx context.Context) {
	for {
		client, err := a.tls.Accept()
		if err != nil {
			return // Stop has closed the listener
		}
		a.running.Go(func() { a.pass(ctx, client) })
	}
}

func (a *alb) pass(ctx context.Context, client net.Conn) {
	defer client.Close()
	target := a.pick()
	if target == nil {
		return
	}
	dialer := net.Dialer{Timeout: 2 * time.Second}
	server, err := dialer.DialContext(ctx, "tcp", target.AddressTLS)
	if err != nil {
		a.done(target, true)
		return
	}
	defer a.done(target, false)
	defer server.Close()
	cut := func() { client.Close(); server.Close() }
	defer context.AfterFunc(ctx, cut)()
	defer context.AfterFunc(a.lifeOf(target), cut)()

	returned := make(chan struct{})
	go func() {
		defer close(returned)
		io.Copy(server, client)
		closeWrite(server)
	}()
	io.Copy(client, server) // the server's end is the end
	closeWrite(client)
	client.SetReadDeadline(time.Now().Add(time.Second))
	<-returned
}

// closeWrite tells the other side that nothing more comes.
func closeWrite(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
}
