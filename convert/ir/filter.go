package ir

// Filter is what happens to a request between match and backend. The sum is
// closed: emit switches over it and a test proves that every kind is handled.
type Filter interface{ filter() }

// The filters, in the order in which Traefik 1.7 runs them.
type (
	// ErrorPages replaces answers of the given status ranges ("500-599", "404").
	ErrorPages struct {
		Status  []string
		Query   string
		Service Backend
	}
	// IPAllowList admits the listed addresses and CIDR ranges, others get 403.
	IPAllowList struct {
		SourceRange []string
		// Depth and ExcludedIPs select the client address from X-Forwarded-For.
		Depth       int
		ExcludedIPs []string
	}
	// RedirectRegex answers with a redirect when the whole URL matches.
	RedirectRegex struct {
		Regex, Replacement string
		Permanent          bool
	}
	// RedirectScheme answers with a redirect to another scheme.
	RedirectScheme struct {
		Scheme, Port string
		Permanent    bool
	}
	// StripPrefix removes the longest of Prefixes; the rest always begins with a slash when ForceSlash.
	StripPrefix struct {
		Prefixes   []string
		ForceSlash bool
	}
	// AddPrefix puts Prefix before the path.
	AddPrefix struct{ Prefix string }
	// ReplacePathRegex rewrites the path.
	ReplacePathRegex struct{ Regex, Replacement string }
	// ReplacePath replaces the path; the old one goes to X-Replaced-Path.
	ReplacePath struct{ Path string }
	// Headers changes request and response headers and enforces the "secure" options.
	Headers struct {
		CustomRequest, CustomResponse map[string]string // empty value deletes
		AllowedHosts, ProxyHeaders    []string
		SSLRedirect                   bool
		SSLTemporaryRedirect          bool
		SSLHost                       string
		SSLForceHost                  bool
		SSLProxyHeaders               map[string]string
		STSSeconds                    int64
		STSIncludeSubdomains          bool
		STSPreload, ForceSTS          bool
		FrameDeny                     bool
		CustomFrameOptions            string
		ContentTypeNosniff            bool
		BrowserXSSFilter              bool
		CustomBrowserXSS              string
		ContentSecurityPolicy         string
		PublicKey, ReferrerPolicy     string
		IsDevelopment                 bool
		// CORS is nil for none.
		CORS *CORS
	}
	// PassTLSClientCert hands the client certificate to the backend in headers.
	PassTLSClientCert struct {
		PEM  bool
		Info *ClientCertInfo
	}
	// BasicAuth asks for a user of Secret.
	BasicAuth struct {
		Secret, HeaderField, Realm string
		RemoveHeader               bool
	}
	// DigestAuth asks for a user of Secret.
	DigestAuth struct {
		Secret, HeaderField, Realm string
		RemoveHeader               bool
	}
	// ForwardAuth asks another server.
	ForwardAuth struct {
		Address            string
		ResponseHeaders    []string
		RequestHeaders     []string
		TrustForwardHeader bool
		TLSCertSecret      string
		InsecureSkipVerify bool
		TLS                bool // write the tls section
	}
	// CircuitBreaker stops calling a failing backend.
	CircuitBreaker struct{ Expression string }
	// Buffering reads requests and responses whole. Zero is "no limit".
	Buffering struct {
		MaxRequestBodyBytes, MemRequestBodyBytes   int64
		MaxResponseBodyBytes, MemResponseBodyBytes int64
		RetryExpression                            string
	}
	// Retry tries again when the backend cannot be reached.
	Retry struct{ Attempts int }
	// InFlightReq limits simultaneous requests per source.
	InFlightReq struct {
		Amount int64
		Source SourceCriterion
	}
	// RateLimit limits requests per source: Average per Period (a Go duration), Burst at once.
	RateLimit struct {
		Average, Burst int64
		Period         string
		Source         SourceCriterion
	}
	// ExistingMiddleware refers to a Middleware that the user wrote and keeps:
	// one of the owner's namespace, of Namespace, or of another provider
	// (Name is name@provider then).
	ExistingMiddleware struct{ Namespace, Name string }
)

// CORS answers browsers that ask whether another origin may call.
type CORS struct {
	// AllowOrigins are whole origins, or "*"; AllowOriginRegexps Go regular expressions.
	AllowOrigins, AllowOriginRegexps          []string
	AllowMethods, AllowHeaders, ExposeHeaders []string
	AllowCredentials                          bool
	// MaxAge is in seconds.
	MaxAge int64
}

// SourceCriterion says what counts as one source; exactly one member is set.
type SourceCriterion struct {
	ClientIP      bool
	RequestHost   bool
	RequestHeader string
}

// ClientCertInfo selects fields of the client certificate.
type ClientCertInfo struct {
	NotAfter, NotBefore, Sans bool
	Subject, Issuer           *DistinguishedName
}

// DistinguishedName selects parts of a subject or issuer.
type DistinguishedName struct {
	Country, Province, Locality, Organization, CommonName, SerialNumber, DomainComponent bool
}

func (ErrorPages) filter()         {}
func (IPAllowList) filter()        {}
func (RedirectRegex) filter()      {}
func (RedirectScheme) filter()     {}
func (StripPrefix) filter()        {}
func (AddPrefix) filter()          {}
func (ReplacePathRegex) filter()   {}
func (ReplacePath) filter()        {}
func (Headers) filter()            {}
func (PassTLSClientCert) filter()  {}
func (BasicAuth) filter()          {}
func (DigestAuth) filter()         {}
func (ForwardAuth) filter()        {}
func (CircuitBreaker) filter()     {}
func (Buffering) filter()          {}
func (Retry) filter()              {}
func (InFlightReq) filter()        {}
func (RateLimit) filter()          {}
func (ExistingMiddleware) filter() {}
