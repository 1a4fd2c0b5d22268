package emit

import (
	"github.com/traefik/traefik/v2/pkg/config/dynamic"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// middleware translates one filter into the spec of a Middleware and a tag for
// its name. An empty tag means that the filter does nothing and no object is
// needed: Traefik disables a router whose middleware is empty.
//
// ErrorPages is not here because it needs a service, see errorPages.
func middleware(f ir.Filter, target Target) (tag string, spec v1alpha1.MiddlewareSpec) {
	switch f := f.(type) {
	case ir.IPAllowList:
		return "allow", allowList(f, target)
	case ir.RedirectRegex:
		spec.RedirectRegex = &dynamic.RedirectRegex{Regex: f.Regex, Replacement: f.Replacement, Permanent: f.Permanent}
		return "redirect", spec
	case ir.RedirectScheme:
		spec.RedirectScheme = &dynamic.RedirectScheme{Scheme: f.Scheme, Port: f.Port, Permanent: f.Permanent}
		return "redirect", spec
	case ir.StripPrefix:
		if len(f.Prefixes) == 0 {
			return "", spec
		}
		spec.StripPrefix = &dynamic.StripPrefix{Prefixes: f.Prefixes, ForceSlash: f.ForceSlash}
		return "strip", spec
	case ir.AddPrefix:
		spec.AddPrefix = &dynamic.AddPrefix{Prefix: f.Prefix}
		return "prefix", spec
	case ir.ReplacePathRegex:
		spec.ReplacePathRegex = &dynamic.ReplacePathRegex{Regex: f.Regex, Replacement: f.Replacement}
		return "rewrite", spec
	case ir.ReplacePath:
		spec.ReplacePath = &dynamic.ReplacePath{Path: f.Path}
		return "rewrite", spec
	case ir.Headers:
		if spec.Headers = headers(f, target); spec.Headers == nil {
			return "", spec
		}
		return "headers", spec
	case ir.PassTLSClientCert:
		spec.PassTLSClientCert = &dynamic.PassTLSClientCert{PEM: f.PEM, Info: clientCertInfo(f.Info)}
		return "clientcert", spec
	case ir.BasicAuth:
		spec.BasicAuth = &v1alpha1.BasicAuth{Secret: f.Secret, Realm: f.Realm, RemoveHeader: f.RemoveHeader, HeaderField: f.HeaderField}
		return "auth", spec
	case ir.DigestAuth:
		spec.DigestAuth = &v1alpha1.DigestAuth{Secret: f.Secret, Realm: f.Realm, RemoveHeader: f.RemoveHeader, HeaderField: f.HeaderField}
		return "auth", spec
	case ir.ForwardAuth:
		spec.ForwardAuth = forwardAuth(f)
		return "auth", spec
	case ir.CircuitBreaker:
		spec.CircuitBreaker = &v1alpha1.CircuitBreaker{Expression: f.Expression}
		return "breaker", spec
	case ir.Buffering:
		spec.Buffering = &dynamic.Buffering{
			MaxRequestBodyBytes: f.MaxRequestBodyBytes, MemRequestBodyBytes: f.MemRequestBodyBytes,
			MaxResponseBodyBytes: f.MaxResponseBodyBytes, MemResponseBodyBytes: f.MemResponseBodyBytes,
			RetryExpression: f.RetryExpression,
		}
		return "buffering", spec
	case ir.Retry:
		spec.Retry = &v1alpha1.Retry{Attempts: f.Attempts}
		return "retry", spec
	case ir.InFlightReq:
		spec.InFlightReq = &dynamic.InFlightReq{Amount: f.Amount, SourceCriterion: sourceCriterion(f.Source)}
		return "inflight", spec
	case ir.RateLimit:
		spec.RateLimit = rateLimit(f)
		return "ratelimit", spec
	}
	return "", spec
}

// allowList uses ipWhiteList for the legacy API group: ipAllowList came with
// Traefik 2.11, while clusters on that group run an older one.
func allowList(f ir.IPAllowList, target Target) (spec v1alpha1.MiddlewareSpec) {
	var strategy *dynamic.IPStrategy
	if f.Depth != 0 || len(f.ExcludedIPs) > 0 {
		strategy = &dynamic.IPStrategy{Depth: f.Depth, ExcludedIPs: f.ExcludedIPs}
	}
	if target.APIGroup == LegacyGroup {
		// The only name that Traefik before 2.10 knows.
		//lint:ignore SA1019 see above
		spec.IPWhiteList = &dynamic.IPWhiteList{SourceRange: f.SourceRange, IPStrategy: strategy}
		return spec
	}
	spec.IPAllowList = &dynamic.IPAllowList{SourceRange: f.SourceRange, IPStrategy: strategy}
	return spec
}

// forwardAuth leaves trustForwardHeader out when it is false: since Traefik
// 2.11.50 and 3.7 an explicit false strips every X-Forwarded-* header.
func forwardAuth(f ir.ForwardAuth) *v1alpha1.ForwardAuth {
	auth := &v1alpha1.ForwardAuth{
		Address: f.Address, AuthResponseHeaders: f.ResponseHeaders, AuthRequestHeaders: f.RequestHeaders,
	}
	if f.TrustForwardHeader {
		auth.TrustForwardHeader = new(bool)
		*auth.TrustForwardHeader = true
	}
	if f.TLS {
		auth.TLS = &v1alpha1.ClientTLS{CertSecret: f.TLSCertSecret, InsecureSkipVerify: f.InsecureSkipVerify}
	}
	return auth
}

func rateLimit(f ir.RateLimit) *v1alpha1.RateLimit {
	limit := &v1alpha1.RateLimit{Average: f.Average, Burst: new(int64), SourceCriterion: sourceCriterion(f.Source)}
	*limit.Burst = f.Burst
	if f.Period != "" {
		period := intstr.FromString(f.Period)
		limit.Period = &period
	}
	return limit
}

// sourceCriterion is always explicit: the default of inFlightReq is the request
// host, that of rateLimit the client's address.
func sourceCriterion(s ir.SourceCriterion) *dynamic.SourceCriterion {
	switch {
	case s.RequestHeader != "":
		return &dynamic.SourceCriterion{RequestHeaderName: s.RequestHeader}
	case s.RequestHost:
		return &dynamic.SourceCriterion{RequestHost: true}
	}
	return &dynamic.SourceCriterion{IPStrategy: &dynamic.IPStrategy{}}
}

func clientCertInfo(info *ir.ClientCertInfo) *dynamic.TLSClientCertificateInfo {
	if info == nil {
		return nil
	}
	out := &dynamic.TLSClientCertificateInfo{NotAfter: info.NotAfter, NotBefore: info.NotBefore, Sans: info.Sans}
	if n := info.Subject; n != nil {
		out.Subject = &dynamic.TLSClientCertificateSubjectDNInfo{
			Country: n.Country, Province: n.Province, Locality: n.Locality, Organization: n.Organization,
			CommonName: n.CommonName, SerialNumber: n.SerialNumber, DomainComponent: n.DomainComponent,
		}
	}
	if n := info.Issuer; n != nil {
		out.Issuer = &dynamic.TLSClientCertificateIssuerDNInfo{
			Country: n.Country, Province: n.Province, Locality: n.Locality, Organization: n.Organization,
			CommonName: n.CommonName, SerialNumber: n.SerialNumber, DomainComponent: n.DomainComponent,
		}
	}
	return out
}
