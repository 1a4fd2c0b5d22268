package nginx

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// backendSettings say how pods are chosen and spoken to.
type backendSettings struct {
	// protocol is HTTP, HTTPS, GRPC, GRPCS, FCGI or AUTO_HTTP.
	protocol    string
	dialTimeout string
	strategy    string
	nativeLB    bool
	tls         *ir.Transport // set with proxy-ssl-secret
}

var protocols = []string{"AUTO_HTTP", "FCGI", "GRPC", "GRPCS", "HTTP", "HTTPS"}

func (t *translator) readBackend(s *source, x *settings) {
	b := &x.backend
	b.protocol = strings.ToUpper(s.ann.str("backend-protocol", "HTTP"))
	if !slices.Contains(protocols, b.protocol) {
		s.ann.ignore("backend-protocol", "not a known protocol, so HTTP holds")
		b.protocol = "HTTP"
	}
	fastCGI := b.protocol == "FCGI"
	if fastCGI {
		x.withhold(s.of("backend-protocol", finding{code: diag.ENginxProtocol, text: "Traefik does not speak FastCGI"}))
	}
	for _, name := range []string{"fastcgi-index", "fastcgi-params-configmap"} {
		switch {
		case fastCGI && s.ann.has(name):
			s.sayOf(diag.ENginxProtocol, name, "Traefik does not speak FastCGI")
		case !fastCGI:
			s.ann.ignoreIfPresent(name, "read only with backend-protocol FCGI")
		}
	}
	b.nativeLB = s.ann.boolean("service-upstream", t.config.boolean("service-upstream", false))
	t.readStrategy(s, b)
	t.readProxySSL(s, x)
}

// readStrategy: a sticky cookie overrules a hash, a hash overrules load-balance.
func (t *translator) readStrategy(s *source, b *backendSettings) {
	sticky := s.ann.str("affinity", "") == "cookie"
	hash, hashed := s.ann.find("upstream-hash-by")
	method, own := s.ann.find("load-balance")
	if !own {
		method = t.config.text("load-balance", "round_robin")
	}
	switch {
	case sticky:
		s.ann.ignoreIfPresent("upstream-hash-by", "affinity wins")
		s.ann.ignoreIfPresent("load-balance", "affinity wins")
	case hashed && slices.Contains([]string{"$remote_addr", "$binary_remote_addr", "${remote_addr}", "${binary_remote_addr}"}, hash):
		b.strategy = "hrw"
		s.sayOf(diag.WNginxLB, "upstream-hash-by", "pods are chosen by another hash of the client's address")
		s.ann.ignoreIfPresent("load-balance", "upstream-hash-by wins")
	case hashed:
		s.sayOf(diag.EAnnUnconverted, "upstream-hash-by", "Traefik can hash only the client's address; requests are spread over all pods")
		s.ann.ignoreIfPresent("load-balance", "upstream-hash-by wins")
	case method == "ewma":
		b.strategy = "p2c"
		if own {
			s.sayOf(diag.WNginxLB, "load-balance", "")
		}
	case own && method != "round_robin":
		s.ann.ignore("load-balance", "neither ewma nor round_robin, so round_robin holds")
	}
	for _, name := range []string{"upstream-hash-by-subset", "upstream-hash-by-subset-size"} {
		switch {
		case !hashed:
			s.ann.ignoreIfPresent(name, "read only with upstream-hash-by")
		case s.ann.has(name):
			s.sayOf(diag.EAnnUnconverted, name, "Traefik has no subsets of pods")
		}
	}
}

// proxySSLNames are read only with proxy-ssl-secret.
var proxySSLNames = []string{
	"proxy-ssl-ciphers", "proxy-ssl-name", "proxy-ssl-protocols", "proxy-ssl-server-name", "proxy-ssl-verify", "proxy-ssl-verify-depth",
}

func (t *translator) readProxySSL(s *source, x *settings) {
	value, ok := s.ann.find("proxy-ssl-secret")
	if !ok {
		for _, name := range proxySSLNames {
			s.ann.ignoreIfPresent(name, "read only with proxy-ssl-secret")
		}
		return
	}
	secretName, ok := t.reference(s, x, "proxy-ssl-secret", value)
	if !ok {
		return
	}
	if _, found, known := t.secret(s, secretName); known && !found {
		x.deny(s.of("proxy-ssl-secret", finding{code: diag.ENginxNotServed, text: "Secret " + secretName + " does not exist, so nginx answers 503"}))
		return
	}
	verify := s.ann.str("proxy-ssl-verify", "off") == "on"
	x.backend.tls = &ir.Transport{
		CertificatesSecrets: []string{secretName}, RootCASecrets: []string{secretName},
		ServerName: s.ann.str("proxy-ssl-name", ""), InsecureSkipVerify: !verify,
	}
	if strings.Contains(x.backend.tls.ServerName, "$") {
		x.withhold(s.of("proxy-ssl-name", finding{code: diag.ENginxRewrite, text: "the name contains a variable of nginx"}))
	}
	if s.ann.str("proxy-ssl-server-name", "off") != "on" && s.ann.has("proxy-ssl-server-name") {
		s.sayMild(diag.EAnnUnconverted, "proxy-ssl-server-name", "Traefik always tells the backend a name")
	}
	for _, loss := range []struct{ name, text string }{
		{"proxy-ssl-ciphers", "cipher suites to the backend are Go's defaults"},
		{"proxy-ssl-protocols", "TLS versions to the backend are Go's defaults (1.2 and 1.3)"},
	} {
		if s.ann.has(loss.name) {
			s.sayOf(diag.WNginxCiphers, loss.name, loss.text)
		}
	}
	if s.ann.number("proxy-ssl-verify-depth", 1) != 1 {
		s.sayOf(diag.EAnnUnconverted, "proxy-ssl-verify-depth", "Traefik does not limit the length of the backend's chain")
	}
}

// ignoreIfPresent is ignore for annotations that may be absent.
func (a *annotations) ignoreIfPresent(name, why string) {
	if a == nil {
		return
	}
	if _, ok := a.byName[name]; ok {
		a.inert[name] = why
	}
}

// scheme is the scheme of the backend for requests over http or https, and how
// Traefik connects. Traefik would guess https from a port 443 or a port name; the
// controller never guesses, so http is written where the guess could be wrong.
func (b backendSettings) scheme(https bool) (scheme string, transport *ir.Transport) {
	secure := b.protocol == "HTTPS" || b.protocol == "GRPCS" || b.protocol == "AUTO_HTTP" && https
	switch {
	case secure:
		transport = &ir.Transport{InsecureSkipVerify: true}
		if b.tls != nil {
			clone := *b.tls
			transport = &clone
		}
		transport.DisableHTTP2 = b.protocol != "GRPCS"
		scheme = "https"
	case b.protocol == "GRPC":
		scheme = "h2c"
	default:
		scheme = "http"
	}
	if b.dialTimeout != "" {
		if transport == nil {
			transport = &ir.Transport{}
		}
		transport.DialTimeout = b.dialTimeout
	}
	return scheme, transport
}
