// Package ir is the language in which a dialect (what the source controller
// does) tells emit (how a target Traefik is told to do the same) what one
// request should meet. It knows neither annotations nor Traefik's CRD types.
package ir

// Translation is everything a dialect understood of an Input.
type Translation struct {
	Routes []Route
	// Certificates are loaded beside the routes (more than one secret of an
	// Ingress; an IngressRoute carries only one).
	Certificates []Certificate
	// Passthroughs hand TLS connections to a Service without ending them.
	Passthroughs []Passthrough
	// Ingresses has one entry per input Ingress, in input order.
	Ingresses []Outcome
}

// Ref names an Ingress.
type Ref struct{ Namespace, Name string }

// String returns namespace/name.
func (r Ref) String() string { return r.Namespace + "/" + r.Name }

// Origin is one place of the input that a route comes from.
type Origin struct {
	Ingress Ref
	// Field is the path inside the Ingress, such as spec.rules[0].http.paths[1].
	Field string
}

// Route is one router of the target: a match, what happens to the request on
// its way (outermost first), and where it goes.
type Route struct {
	// Owner is the Ingress whose IngressRoute carries this route.
	Owner   Ref
	Origins []Origin
	// EntryPoints are names of the target's entry points; empty: its default ones.
	EntryPoints []string
	// TLS is nil for a route that answers plain text only.
	TLS   *TLS
	Match Match
	// Priority is always explicit: never zero, which Traefik reads as the length
	// of the rule. Negative ones are below every rule without a priority.
	Priority int
	Filters  []Filter
	Backend  Backend
	// Observability is nil for the target's defaults.
	Observability *Observability
}

// Observability turns logs, metrics and traces of a route on or off; nil: the
// default.
type Observability struct {
	AccessLogs, Metrics, Tracing *bool
	// TraceVerbosity is minimal, detailed or empty.
	TraceVerbosity string
}

// TLS says that a route answers TLS connections.
type TLS struct {
	// SecretName is a secret in the owner's namespace; empty: the default certificate.
	SecretName string
	// OptionsName is a TLSOption in the owner's namespace, in OptionsNamespace, or
	// of another provider (name@provider); empty: the default.
	OptionsName, OptionsNamespace string
	// CertResolver of the target gets the certificate; Domains are those it is
	// asked for, none: the hosts of the rule.
	CertResolver string
	Domains      []Domain
	// Options asks for a TLSOption of this content; it overrules OptionsName.
	Options *TLSOptions
}

// Domain is a certificate's main name and its further ones.
type Domain struct {
	Main string
	SANs []string
}

// Certificate asks for a secret to be loaded into the certificate store.
type Certificate struct {
	Owner       Ref
	EntryPoints []string
	SecretName  string
}

// Match is a conjunction: (any of Hosts) and (none of NotHosts) and (any of
// Paths) and (all Headers) and (any of ClientIPs). Empty Hosts, Paths or
// ClientIPs match everything. Values are data: emit quotes them.
type Match struct {
	Hosts    []Host
	NotHosts []Host
	Paths    []Path
	Headers  []HeaderMatch
	// ClientIPs are addresses and CIDR ranges of the peer, X-Forwarded-For is not looked at.
	ClientIPs []string
}

// HostKind tells how a Host is compared.
type HostKind int

// Host kinds.
const (
	HostExact    HostKind = iota // the Host header without port, ignoring case
	HostWildcard                 // Value "*.example.com": exactly one label [A-Za-z0-9-_]+ for the star
	HostRegexp                   // Value is an anchored Go regular expression
)

// Host is one alternative for the request's host.
type Host struct {
	Kind  HostKind
	Value string
}

// PathKind tells how a Path is compared with the percent-decoded request path.
type PathKind int

// Path kinds.
const (
	PathExact          PathKind = iota // equal
	PathPrefix                         // plain string prefix: /foo matches /foobar
	PathSegmentPrefix                  // Kubernetes Prefix: /foo matches /foo and /foo/x, not /foobar
	PathExactTemplate                  // gorilla/mux template, whole path
	PathPrefixTemplate                 // gorilla/mux template, prefix
	PathRegexp                         // Go regular expression, anchored as written
)

// Path is one alternative for the request's path.
type Path struct {
	Kind  PathKind
	Value string
}

// HeaderMatch asks for a header to have (or, with Not, not to have) a value.
type HeaderMatch struct {
	Name, Value string
	Regexp, Not bool
}

// Backend is where a route's requests go: one Service, several with weights, or
// nothing (a route whose filters answer by themselves, such as a redirect).
type Backend struct {
	Services []Service
	// Sticky is the cookie that keeps a client on one of several Services.
	Sticky *Sticky
	// Mirror gets a copy of every request; its answers are thrown away.
	Mirror *Mirror
}

// Mirror is the Service that gets copies of requests.
type Mirror struct {
	Service Service
	// WithoutBody: only method, path and headers are copied.
	WithoutBody bool
}

// Service is one Kubernetes Service of the owner's namespace.
type Service struct {
	Name string
	// Port is a port number or name, as the Ingress gave it.
	PortNumber int32
	PortName   string
	// Scheme is http, https or h2c; empty lets the target detect it.
	Scheme string
	// PassHostHeader is nil for the target's default (true).
	PassHostHeader *bool
	// Weight is relative; nil when the Backend has one Service.
	Weight *int
	Sticky *Sticky
	// FlushInterval is a Go duration; empty is the target's default (100ms).
	FlushInterval string
	Transport     *Transport
	// TransportName is a ServersTransport that exists, in the owner's namespace or
	// of another provider (name@provider); Transport is nil then.
	TransportName string
	// Strategy is p2c, hrw or leasttime; empty: round robin.
	Strategy string
	// NativeLB sends to the Service's cluster address instead of its pods.
	NativeLB bool
	// NodePortLB sends to the Service's port on the nodes.
	NodePortLB bool
}

// Sticky keeps a client on one server by a cookie.
type Sticky struct {
	CookieName       string
	Secure, HTTPOnly bool
	// SameSite is none, lax, strict or empty.
	SameSite string
	Path     string
	Domain   string
	MaxAge   int
	// KeepsTerminating: the source too goes on sending clients to pods that are
	// serving while they terminate, as Traefik 3 does.
	KeepsTerminating bool
}

// Transport is how Traefik talks to a Service's servers.
type Transport struct {
	ServerName          string
	InsecureSkipVerify  bool
	RootCASecrets       []string
	CertificatesSecrets []string
	// DialTimeout is a Go duration; empty: the target's default (30s).
	DialTimeout  string
	DisableHTTP2 bool
}
