package emitnginx

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (b *builder) headers(f ir.Headers) {
	if len(f.CustomRequest) > 0 {
		names := slices.Sorted(maps.Keys(f.CustomRequest))
		b.block(diag.EToNginxHeaders, "nginx does not set request header "+strings.Join(names, ", ")+" for a single Ingress, and clients could send it themselves")
		return
	}
	if f.CORS != nil && !b.cors(f.CORS) {
		return
	}
	if len(f.AllowedHosts) > 0 && !f.IsDevelopment && !b.hostAllowed(f.AllowedHosts) {
		b.block(diag.EToNginxHeaders, "Traefik refuses requests for other hosts than "+strings.Join(f.AllowedHosts, ", "))
		return
	}
	if redirect := f.Redirect(b.tls); redirect != nil {
		if len(f.SSLProxyHeaders) > 0 {
			b.forwardedProto()
		}
		b.filter(redirect)
	} else if f.SSLHost != "" && b.tls {
		b.say(diag.WToNginxHeaders, "nginx does not turn a Location of http://"+f.SSLHost+" that the backend sends into https")
	}
	b.responseHeaders(f)
}

func (b *builder) hostAllowed(hosts []string) bool {
	return !b.manyHosts() && slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, b.host) })
}

// forwardedProto is about requests that came over TLS to a load balancer.
func (b *builder) forwardedProto() {
	b.o.all.forwarded = true
	b.say(diag.WToNginxProto, "")
}

// responseHeaders are those that github.com/unrolled/secure writes and the custom ones.
func (b *builder) responseHeaders(f ir.Headers) {
	set := map[string]string{}
	put := func(name, value string) {
		if value != "" {
			set[name] = value
		}
	}
	if f.FrameDeny {
		put("X-Frame-Options", "DENY")
	}
	put("X-Frame-Options", f.CustomFrameOptions)
	if f.ContentTypeNosniff {
		put("X-Content-Type-Options", "nosniff")
	}
	if f.BrowserXSSFilter {
		put("X-XSS-Protection", "1; mode=block")
	}
	put("X-XSS-Protection", f.CustomBrowserXSS)
	put("Content-Security-Policy", f.ContentSecurityPolicy)
	put("Referrer-Policy", f.ReferrerPolicy)
	if !f.IsDevelopment {
		put("Public-Key-Pins", f.PublicKey)
		put("Strict-Transport-Security", hsts(f))
	}
	for _, name := range slices.Sorted(maps.Keys(f.CustomResponse)) {
		if f.CustomResponse[name] == "" {
			b.say(diag.WToNginxHeaders, "response header "+name+" of the backend is not removed")
			continue
		}
		put(name, f.CustomResponse[name])
	}
	if len(set) == 0 {
		return
	}
	if b.answer.headers == nil {
		b.answer.headers = map[string]string{}
	}
	maps.Copy(b.answer.headers, set)
	b.say(diag.WToNginxHeaders, "response headers are taken from a ConfigMap, and nginx answers 503 until the controller's global-allowed-response-headers lists "+strings.Join(slices.Sorted(maps.Keys(set)), ", "))
}

// hsts is on plain answers too, where browsers do not look at it: otherwise these
// would be other answers than those over TLS.
func hsts(f ir.Headers) string {
	if f.STSSeconds == 0 {
		return ""
	}
	value := "max-age=" + strconv.FormatInt(f.STSSeconds, 10)
	if f.STSIncludeSubdomains {
		value += "; includeSubDomains"
	}
	if f.STSPreload {
		value += "; preload"
	}
	return value
}
