package ir

// TLSOptions are settings of TLS connections for the hosts of a route. Traefik
// knows one set per host, and takes the default one when routes of a host differ:
// every TLS route of a host carries the same value.
type TLSOptions struct {
	// Owner is the Ingress that carries the object, in whose namespace the
	// secrets are. Routes in another namespace cannot refer to it.
	Owner Ref
	// MinVersion and MaxVersion are VersionTLS10 … VersionTLS13, or empty.
	MinVersion, MaxVersion string
	// CipherSuites are names of Go's crypto/tls.
	CipherSuites []string
	// ClientCASecrets hold the authorities of client certificates under ca.crt.
	ClientCASecrets []string
	// ClientAuth is RequestClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert or empty.
	ClientAuth string
}

// Passthrough hands the TLS connections for a host to a Service as they are.
type Passthrough struct {
	Owner       Ref
	Origins     []Origin
	EntryPoints []string
	Hosts       []string
	Service     Service
}
