package balancer

import (
	"fmt"
	"net"
	"strings"
)

const (
	plainBackend = "plain"
	tlsBackend   = "tls"
)

func backends(o Options) []string {
	if o.ListenTLS == "" {
		return []string{plainBackend}
	}
	return []string{plainBackend, tlsBackend}
}

// renderConfig writes HAProxy's configuration. Retries and redispatch are off:
// a request that fails at one target must be seen to fail.
func renderConfig(o Options, socket string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `global
  stats socket %s mode 600 level admin
  maxconn 4000

defaults
  timeout connect 2s
  timeout client 70s
  timeout server 70s
  timeout http-keep-alive 60s
  timeout check %dms
  retries 0
  no option redispatch

frontend plain
  mode http
  bind %s
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  default_backend %s

backend %s
  mode http
`, socket, o.Check.Timeout.Milliseconds(), o.Listen, plainBackend, plainBackend)
	writeServers(&b, o, func(t Target) string { return t.Address })
	if o.ListenTLS != "" {
		fmt.Fprintf(&b, "\nfrontend tls\n  mode tcp\n  bind %s\n  default_backend %s\n\nbackend %s\n  mode tcp\n", o.ListenTLS, tlsBackend, tlsBackend)
		writeServers(&b, o, func(t Target) string { return t.AddressTLS })
	}
	return b.String()
}

// writeServers checks every server on its plain port, whatever it serves.
func writeServers(b *strings.Builder, o Options, address func(Target) string) {
	fmt.Fprintf(b, "  balance roundrobin\n  option httpchk\n  http-check send meth GET uri %s\n  http-check expect status 200\n", o.Check.Path)
	fmt.Fprintf(b, "  default-server inter %dms rise %d fall %d\n", o.Check.Interval.Milliseconds(), o.Check.Rise, o.Check.Fall)
	for _, target := range o.Targets {
		host, port, err := net.SplitHostPort(target.Address)
		if err != nil {
			continue // validate has refused it
		}
		fmt.Fprintf(b, "  server %s %s check addr %s port %s\n", target.Name, address(target), host, port)
	}
}
