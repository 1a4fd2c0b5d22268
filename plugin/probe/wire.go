package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Wire says how requests get to a server.
type Wire struct {
	// Resolve maps HOST:PORT, or *:PORT, to the address to connect to instead.
	Resolve map[string]string
	// ServerName is the name that TLS asks for, unless empty: that of the URL.
	ServerName string
	// Insecure accepts any certificate.
	Insecure bool
	// Reuse keeps connections for the next request. Without it every request is a
	// new client, and no resend over another connection can hide a lost one.
	Reuse bool
}

// Transport speaks HTTP/1.1. It knows no proxy: what is measured is the server.
func (w Wire) Transport() *http.Transport {
	dialer := &net.Dialer{}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, w.route(address))
		},
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: w.Insecure, ServerName: w.ServerName}, //nolint:gosec // as asked for
		DisableKeepAlives:  !w.Reuse,
		DisableCompression: true,
		// The default of 2 would close most connections that were kept.
		MaxIdleConnsPerHost: 1 << 20,
		IdleConnTimeout:     90 * time.Second,
	}
}

func (w Wire) route(address string) string {
	if to, ok := w.Resolve[address]; ok {
		return to
	}
	if _, port, err := net.SplitHostPort(address); err == nil {
		if to, ok := w.Resolve["*:"+port]; ok {
			return to
		}
	}
	return address
}

// ParseResolve reads HOST:PORT:ADDRESS, as curl's --resolve has it, where HOST may
// be * and ADDRESS may have a port of its own.
func ParseResolve(text string) (from, to string, err error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 3 || parts[0] == "" {
		return "", "", fmt.Errorf("%q: want HOST:PORT:ADDRESS", text)
	}
	host, port, address := strings.ToLower(parts[0]), parts[1], parts[2]
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("%q: %q is no port", text, port)
	}
	from = host + ":" + port
	if to, err := netip.ParseAddrPort(address); err == nil {
		return from, to.String(), nil
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
	if err != nil {
		return "", "", fmt.Errorf("%q: %q is no IP address", text, address)
	}
	return from, net.JoinHostPort(ip.String(), port), nil
}
