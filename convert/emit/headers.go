package emit

import (
	"github.com/traefik/traefik/v2/pkg/config/dynamic"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// headers returns nil when nothing is left to do. Traefik 3 accepts the ssl*
// redirect options and ignores them, so they are left out there; what they did
// is emulated, see sslredirect.go.
func headers(f ir.Headers, target Target) *dynamic.Headers {
	out := &dynamic.Headers{
		CustomRequestHeaders:    f.CustomRequest,
		CustomResponseHeaders:   f.CustomResponse,
		AllowedHosts:            f.AllowedHosts,
		HostsProxyHeaders:       f.ProxyHeaders,
		SSLProxyHeaders:         f.SSLProxyHeaders,
		STSSeconds:              f.STSSeconds,
		STSIncludeSubdomains:    f.STSIncludeSubdomains,
		STSPreload:              f.STSPreload,
		ForceSTSHeader:          f.ForceSTS,
		FrameDeny:               f.FrameDeny,
		CustomFrameOptionsValue: f.CustomFrameOptions,
		ContentTypeNosniff:      f.ContentTypeNosniff,
		BrowserXSSFilter:        f.BrowserXSSFilter,
		CustomBrowserXSSValue:   f.CustomBrowserXSS,
		ContentSecurityPolicy:   f.ContentSecurityPolicy,
		PublicKey:               f.PublicKey,
		ReferrerPolicy:          f.ReferrerPolicy,
		IsDevelopment:           f.IsDevelopment,
	}
	if target.Version == V2 {
		// Deprecated in 2.x and ignored by 3.x, but what Traefik 1 did, to the letter.
		//lint:ignore SA1019 see above
		out.SSLRedirect = f.SSLRedirect
		//lint:ignore SA1019 see above
		out.SSLTemporaryRedirect = f.SSLTemporaryRedirect
		//lint:ignore SA1019 see above
		out.SSLHost = f.SSLHost
		//lint:ignore SA1019 see above
		out.SSLForceHost = f.SSLForceHost
	}
	if f.CORS != nil {
		cors(out, f.CORS)
	}
	if !out.HasCustomHeadersDefined() && !out.HasSecureHeadersDefined() && !out.HasCorsHeadersDefined() {
		return nil
	}
	return out
}

func cors(out *dynamic.Headers, c *ir.CORS) {
	out.AccessControlAllowOriginList = c.AllowOrigins
	out.AccessControlAllowOriginListRegex = c.AllowOriginRegexps
	out.AccessControlAllowMethods = c.AllowMethods
	out.AccessControlAllowHeaders = c.AllowHeaders
	out.AccessControlExposeHeaders = c.ExposeHeaders
	out.AccessControlAllowCredentials = c.AllowCredentials
	out.AccessControlMaxAge = c.MaxAge
	out.AddVaryHeader = true
}
