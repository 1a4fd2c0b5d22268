package nginx

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// setting is one key of the controller's ConfigMap.
type setting struct {
	key string
	// fallback is the value that means nothing special.
	fallback string
	// text says what is lost; empty: the conversion reads it, or it changes no answer.
	text string
}

// settingsRegistry has a line for every key that changes answers, sorted by key.
// Keys that tune nginx have an empty text.
var settingsRegistry = [...]setting{
	{"add-headers", "", ""},
	{"allow-cross-namespace-resources", "", ""},
	{"allow-snippet-annotations", "", ""},
	{"annotation-value-word-blocklist", "", "Ingresses with forbidden words, which the controller ignores, are converted"},
	{"annotations-risk-level", "", ""},
	{"block-cidrs", "", ""},
	{"block-referers", "", ""},
	{"block-user-agents", "", ""},
	{"client-body-timeout", "60", "set respondingTimeouts.readTimeout on the entry points"},
	{"client-header-timeout", "60", "set respondingTimeouts.readTimeout on the entry points"},
	{"compute-full-forwarded-for", "false", "X-Forwarded-For is appended to by Traefik for trusted proxies, see forwardedHeaders.trustedIPs of the entry points"},
	{"custom-http-errors", "", ""},
	{"denylist-source-range", "", ""},
	{"disable-proxy-intercept-errors", "", ""},
	{"enable-brotli", "false", "answers are not compressed: add the compress middleware to the entry points"},
	{"enable-modsecurity", "false", ""},
	{"enable-opentelemetry", "false", "traces are a matter of the target's static configuration (tracing)"},
	{"enable-owasp-modsecurity-crs", "false", "Traefik has no ModSecurity without a plugin"},
	{"enable-real-ip", "false", "set forwardedHeaders.trustedIPs on the entry points"},
	{"enable-underscores-in-headers", "false", "Traefik passes headers with underscores, which nginx drops by default"},
	{"force-ssl-redirect", "", ""},
	{"forwarded-for-header", "X-Forwarded-For", "Traefik reads X-Forwarded-For only"},
	{"generate-request-id", "true", ""},
	{"global-allowed-response-headers", "", ""},
	{"global-auth-always-set-cookie", "false", "cookies of the authentication server do not reach the client"},
	{"global-auth-cache-duration", "", ""},
	{"global-auth-cache-key", "", "every request asks the authentication server"},
	{"global-auth-method", "GET", "the authentication server is asked with GET"},
	{"global-auth-request-redirect", "", "the authentication server gets no X-Auth-Request-Redirect"},
	{"global-auth-response-headers", "", ""},
	{"global-auth-signin", "", "clients without credentials are not redirected to the sign-in page"},
	{"global-auth-signin-redirect-param", "", "clients without credentials are not redirected to the sign-in page"},
	{"global-auth-snippet", "", ""},
	{"global-auth-url", "", ""},
	{"gzip-level", "", ""},
	{"gzip-min-length", "", ""},
	{"gzip-types", "", ""},
	{"hide-headers", "", ""},
	{"hsts", "", ""},
	{"hsts-include-subdomains", "", ""},
	{"hsts-max-age", "", ""},
	{"hsts-preload", "", ""},
	{"http-redirect-code", "308", "redirects to https have 301 (GET) or 308 (other methods)"},
	{"http-snippet", "", "the snippet means nothing to Traefik"},
	{"ignore-invalid-headers", "true", ""},
	{"keep-alive", "75", "connections of clients live as long as the entry points say (transport.keepAliveMaxTime, respondingTimeouts.idleTimeout)"},
	{"keep-alive-requests", "1000", "connections of clients live as long as the entry points say (transport.keepAliveMaxRequests)"},
	{"large-client-header-buffers", "4 8k", "Traefik accepts headers of 1 MiB, see the entry points"},
	{"limit-conn-status-code", "503", "Traefik answers 429"},
	{"limit-rate", "0", "answers are sent at full speed"},
	{"limit-rate-after", "0", "answers are sent at full speed"},
	{"limit-req-status-code", "503", "Traefik answers 429"},
	{"load-balance", "round_robin", "Traefik 3 takes the less loaded of two pods, Traefik 2 one pod after the other"},
	{"location-snippet", "", "the snippet means nothing to Traefik"},
	{"log-format-escape-json", "", ""},
	{"log-format-upstream", "", "the format of the access log is a matter of the target's static configuration (accessLog)"},
	{"main-snippet", "", "the snippet means nothing to Traefik"},
	{"max-worker-connections", "", ""},
	{"modsecurity-snippet", "", ""},
	{"no-auth-locations", "", ""},
	{"no-tls-redirect-locations", "", ""},
	{"preserve-trailing-slash", "", ""},
	{"proxy-add-original-uri-header", "false", "X-Original-Uri is not sent to backends"},
	{"proxy-body-size", "1m", "bodies of any size reach the applications; say --nginx-body-limit to limit them"},
	{"proxy-buffer-size", "", ""},
	{"proxy-buffering", "", ""},
	{"proxy-connect-timeout", "", ""},
	{"proxy-headers-hash-bucket-size", "", ""},
	{"proxy-headers-hash-max-size", "", ""},
	{"proxy-next-upstream", "error timeout", "retries differ; say --nginx-retry to emit the retry middleware"},
	{"proxy-next-upstream-timeout", "0", "retries differ; say --nginx-retry to emit the retry middleware"},
	{"proxy-next-upstream-tries", "3", "retries differ; say --nginx-retry to emit the retry middleware"},
	{"proxy-protocol-header-timeout", "", ""},
	{"proxy-read-timeout", "60", "the timeout between bytes has no counterpart"},
	{"proxy-real-ip-cidr", "", ""},
	{"proxy-request-buffering", "", ""},
	{"proxy-send-timeout", "60", "the timeout between bytes has no counterpart"},
	{"proxy-set-headers", "", ""},
	{"proxy-ssl-location-only", "", ""},
	{"relative-redirects", "false", "redirects carry the whole URL"},
	{"retry-non-idempotent", "false", "retries differ"},
	{"reuse-port", "", ""},
	{"server-name-hash-bucket-size", "", ""},
	{"server-name-hash-max-size", "", ""},
	{"server-snippet", "", "the snippet means nothing to Traefik"},
	{"server-tokens", "false", ""},
	{"service-upstream", "", ""},
	{"ssl-ciphers", "", "set cipherSuites in a TLSOption named default"},
	{"ssl-early-data", "false", "Traefik has no early data"},
	{"ssl-ecdh-curve", "auto", "set curvePreferences in a TLSOption named default"},
	{"ssl-protocols", "TLSv1.2 TLSv1.3", "set minVersion and maxVersion in a TLSOption named default"},
	{"ssl-redirect", "", ""},
	{"ssl-reject-handshake", "false", "set sniStrict in a TLSOption named default"},
	{"ssl-session-cache", "", ""},
	{"ssl-session-tickets", "", ""},
	{"ssl-session-timeout", "", ""},
	{"stream-snippet", "", "the snippet means nothing to Traefik"},
	{"strict-validate-path-type", "", ""},
	{"upstream-keepalive-connections", "", ""},
	{"upstream-keepalive-requests", "", ""},
	{"upstream-keepalive-time", "", ""},
	{"upstream-keepalive-timeout", "", ""},
	{"use-forwarded-headers", "false", "set forwardedHeaders.trustedIPs on the entry points"},
	{"use-geoip2", "false", "Traefik has no GeoIP"},
	{"use-gzip", "false", "answers are not compressed: add the compress middleware to the entry points"},
	{"use-http2", "true", "Traefik speaks HTTP/2 with every client that asks for it"},
	{"use-proxy-protocol", "false", "set proxyProtocol.trustedIPs on the entry points"},
	{"variables-hash-bucket-size", "", ""},
	{"variables-hash-max-size", "", ""},
	{"whitelist-source-range", "", ""},
	{"worker-cpu-affinity", "", ""},
	{"worker-processes", "", ""},
	{"worker-shutdown-timeout", "", ""},
}

// SettingKeys returns every key of the ConfigMap that the conversion knows, sorted.
func SettingKeys() []string {
	keys := make([]string, 0, len(settingsRegistry))
	for _, s := range settingsRegistry {
		keys = append(keys, s.key)
	}
	return keys
}

// Settings says what of the installation as a whole is not carried over: keys of
// the ConfigMap, flags, and what the controller does by default.
func Settings(facts Facts) []diag.Diagnostic {
	object := diag.Object{Kind: "ConfigMap", Name: "ingress-nginx-controller"}
	out := []diag.Diagnostic{
		diag.New(diag.INginxDefaults, object, "", ""),
		diag.New(diag.ISemicolon, object, "entryPoints.*.http.encodeQuerySemicolons", "a semicolon in a query becomes & in the target"),
	}
	if !facts.ConfigMapKnown {
		out = append(out, diag.New(diag.INginxConfigMap, object, "", ""))
	}
	for _, key := range slices.Sorted(maps.Keys(facts.ConfigMap)) {
		if d, differs := settingDiagnostic(object, key, strings.TrimSpace(facts.ConfigMap[key])); differs {
			out = append(out, d)
		}
	}
	out = append(out, variableHeaders(facts, object)...)
	for _, flag := range []struct{ name, value, text string }{
		{"--default-backend-service", facts.DefaultBackendService, "unknown hosts and paths are answered 404 by Traefik: add a route of the lowest priority to that Service"},
		{"--default-ssl-certificate", facts.DefaultSSLCertificate, "name that Secret in a TLSStore named default (defaultCertificate)"},
	} {
		if flag.value != "" {
			out = append(out, diag.New(diag.WNginxSetting, object, flag.name, flag.text).WithValue(flag.value))
		}
	}
	diag.Sort(out)
	return out
}

// variableHeaders are headers for every Ingress that Traefik cannot write.
func variableHeaders(facts Facts, object diag.Object) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, key := range []string{"add-headers", "proxy-set-headers"} {
		headers := facts.HeaderMaps[config(facts.ConfigMap).text(key, "")]
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if strings.Contains(headers[name], "$") {
				out = append(out, diag.New(diag.WNginxSetting, object, "data["+key+"]", "header "+name+" contains a variable of nginx and is not sent").WithValue(headers[name]))
			}
		}
	}
	return out
}

func settingDiagnostic(object diag.Object, key, value string) (diag.Diagnostic, bool) {
	field := "data[" + key + "]"
	i, known := slices.BinarySearchFunc(settingsRegistry[:], key, func(s setting, k string) int { return strings.Compare(s.key, k) })
	if !known {
		return diag.New(diag.IAnnIgnored, object, field, "not a setting known to this version").WithValue(value), true
	}
	s := settingsRegistry[i]
	if s.text == "" || value == "" || value == s.fallback {
		return diag.Diagnostic{}, false
	}
	return diag.New(diag.WNginxSetting, object, field, s.text).WithValue(value), true
}
