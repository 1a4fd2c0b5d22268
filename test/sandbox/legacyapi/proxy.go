// Package legacyapi serves extensions/v1beta1 Ingresses out of a current API
// server, for Traefik 1.7, which reads nothing else, and for manifests of its
// time. It is a proxy: those Ingresses are translated to networking.k8s.io/v1
// and back, everything else goes through untouched.
//
// Callers are authenticated by the API server behind it, with their own bearer
// token; client certificates do not pass a proxy. Rights are checked for
// networking.k8s.io, and a patch needs get and update.
package legacyapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
)

// Options say what the proxy stands in front of.
type Options struct {
	// Upstream is the API server. Only its address and certificate authority
	// are used, never its credentials: they would become everybody's.
	Upstream *rest.Config
	// Address to listen on, "127.0.0.1:0" by default.
	Address string
	// Authority signs the proxy's certificate; by default one of its own.
	Authority *pki.Authority
}

// Proxy is a running proxy.
type Proxy struct {
	url    string
	ca     []byte
	server *http.Server
}

// Start listens and serves until Close or the end of ctx.
func Start(ctx context.Context, o Options) (*Proxy, error) {
	handler, err := newHandler(o.Upstream)
	if err != nil {
		return nil, err
	}
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Authority == nil {
		if o.Authority, err = pki.NewAuthority(); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listening for the legacy API: %w", err)
	}
	certificate, err := servingCertificate(o.Authority, listener.Addr())
	if err != nil {
		listener.Close()
		return nil, err
	}
	p := &Proxy{
		url: "https://" + listener.Addr().String(),
		ca:  o.Authority.CertPEM(),
		server: &http.Server{
			Handler:   handler,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		},
	}
	go p.server.ServeTLS(listener, "", "") // ends with Close
	context.AfterFunc(ctx, func() { p.Close() })
	return p, nil
}

func servingCertificate(authority *pki.Authority, address net.Addr) (tls.Certificate, error) {
	host, _, err := net.SplitHostPort(address.String())
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("address of the legacy API: %w", err)
	}
	pair, err := authority.Server(host, "localhost")
	if err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate of the legacy API: %w", err)
	}
	return certificate, nil
}

// Close ends all connections: watches would keep a graceful stop waiting for
// ever.
func (p *Proxy) Close() error {
	if err := p.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// URL is the proxy's address, to be used in place of the API server's.
func (p *Proxy) URL() string { return p.url }

// CA is the certificate authority of the proxy, PEM.
func (p *Proxy) CA() []byte { return p.ca }

// Config is a client configuration for the proxy with a caller's token. It
// speaks JSON, as clients of the old API's time do.
func (p *Proxy) Config(token string) *rest.Config {
	return &rest.Config{
		Host: p.url, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: p.ca},
		ContentConfig: rest.ContentConfig{ContentType: "application/json"},
	}
}

// Kubeconfig is the text of a kubeconfig file for the proxy with a caller's
// token.
func (p *Proxy) Kubeconfig(token string) ([]byte, error) {
	const name = "legacy"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: p.url, CertificateAuthorityData: p.ca}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.Write(*config)
}

// upstream returns the API server's address and a transport that trusts it and
// identifies as nobody.
func upstream(config *rest.Config) (*url.URL, http.RoundTripper, error) {
	address, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, nil, fmt.Errorf("address of the API server: %w", err)
	}
	anonymous := rest.AnonymousClientConfig(config)
	trust, err := rest.TLSConfigFor(anonymous)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate authority of the API server: %w", err)
	}
	return address, &http.Transport{
		TLSClientConfig:     trust,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // frames must come through one by one
		MaxIdleConnsPerHost: 32,
	}, nil
}
