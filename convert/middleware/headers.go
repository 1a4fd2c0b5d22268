package middleware

import (
	"encoding/json"
	"errors"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

type headersSpec struct {
	CustomRequestHeaders, CustomResponseHeaders                     map[string]string
	AccessControlAllowCredentials, AddVaryHeader                    bool
	AccessControlAllowHeaders, AccessControlAllowMethods            []string
	AccessControlAllowOriginList, AccessControlAllowOriginListRegex []string
	AccessControlExposeHeaders                                      []string
	AccessControlMaxAge                                             *int64
	AllowedHosts, HostsProxyHeaders                                 []string
	SSLProxyHeaders                                                 map[string]string
	STSSeconds                                                      int64
	STSIncludeSubdomains, STSPreload, ForceSTSHeader, FrameDeny     bool
	CustomFrameOptionsValue, CustomBrowserXSSValue                  string
	ContentTypeNosniff, BrowserXSSFilter, IsDevelopment             bool
	ContentSecurityPolicy, ContentSecurityPolicyReportOnly          string
	PublicKey, ReferrerPolicy, PermissionsPolicy, FeaturePolicy     string
	SSLRedirect, SSLTemporaryRedirect, SSLForceHost                 bool
	SSLHost                                                         string
}

func headers(raw json.RawMessage, source Source) ([]ir.Filter, error) {
	var f headersSpec
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	out := ir.Headers{
		CustomRequest: f.CustomRequestHeaders, CustomResponse: map[string]string{},
		AllowedHosts: f.AllowedHosts, ProxyHeaders: f.HostsProxyHeaders, SSLProxyHeaders: f.SSLProxyHeaders,
		STSSeconds: f.STSSeconds, STSIncludeSubdomains: f.STSIncludeSubdomains, STSPreload: f.STSPreload, ForceSTS: f.ForceSTSHeader,
		FrameDeny: f.FrameDeny, CustomFrameOptions: f.CustomFrameOptionsValue, ContentTypeNosniff: f.ContentTypeNosniff,
		BrowserXSSFilter: f.BrowserXSSFilter, CustomBrowserXSS: f.CustomBrowserXSSValue, ContentSecurityPolicy: f.ContentSecurityPolicy,
		PublicKey: f.PublicKey, ReferrerPolicy: f.ReferrerPolicy, IsDevelopment: f.IsDevelopment,
	}
	if !source.V3 {
		out.SSLRedirect, out.SSLTemporaryRedirect, out.SSLHost, out.SSLForceHost = f.SSLRedirect, f.SSLTemporaryRedirect, f.SSLHost, f.SSLForceHost
	}
	for name, value := range f.CustomResponseHeaders {
		out.CustomResponse[name] = value
	}
	for _, policy := range [...]struct{ name, value string }{
		{"Content-Security-Policy-Report-Only", f.ContentSecurityPolicyReportOnly},
		{"Feature-Policy", f.FeaturePolicy}, {"Permissions-Policy", f.PermissionsPolicy},
	} {
		if policy.value != "" && (policy.name != "Feature-Policy" || !source.V3) {
			out.CustomResponse[policy.name] = policy.value
		}
	}
	cors, err := crossOrigin(f)
	out.CORS = cors
	return []ir.Filter{out}, err
}

// crossOrigin is nil without origins: the other fields do nothing then
// (pkg/middlewares/headers).
func crossOrigin(f headersSpec) (*ir.CORS, error) {
	if len(f.AccessControlAllowOriginList)+len(f.AccessControlAllowOriginListRegex) == 0 {
		if len(f.AccessControlAllowHeaders)+len(f.AccessControlAllowMethods)+len(f.AccessControlExposeHeaders) > 0 || f.AccessControlAllowCredentials || f.AccessControlMaxAge != nil {
			return nil, errors.New("answers other origins and names none")
		}
		return nil, nil
	}
	cors := &ir.CORS{
		AllowOrigins: f.AccessControlAllowOriginList, AllowOriginRegexps: f.AccessControlAllowOriginListRegex,
		AllowMethods: f.AccessControlAllowMethods, AllowHeaders: f.AccessControlAllowHeaders, ExposeHeaders: f.AccessControlExposeHeaders,
		AllowCredentials: f.AccessControlAllowCredentials,
	}
	if f.AccessControlMaxAge != nil {
		cors.MaxAge = *f.AccessControlMaxAge
	}
	return cors, nil
}
