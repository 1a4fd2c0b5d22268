package generate

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
)

// annotations draws those of an Ingress: now and then none, else a few, each
// with values that Traefik 1.7 takes, misreads or chokes on.
func (g *v1) annotations(ingress *networkingv1.Ingress) map[string]string {
	a := annotated{source: g.source, values: map[string]string{}}
	if g.class != "" && !g.chance(20) || g.chance(30) {
		a.values["kubernetes.io/ingress.class"] = pick(g.source, g.class, g.class, g.class, g.class, "traefik")
	}
	if g.chance(5) {
		return a.values
	}
	for range 1 + g.IntN(3) {
		switch g.IntN(14) {
		case 0, 1, 2:
			a.rules()
		case 3:
			a.forwarding()
		case 4, 5:
			a.redirects()
		case 6, 7:
			a.auth()
		case 8:
			a.access()
		case 9, 10:
			a.headers()
		case 11:
			a.security()
		case 12:
			a.errorPages(ingress)
		case 13:
			a.weights(ingress)
		}
	}
	return a.values
}

// annotated collects annotations.
type annotated struct {
	source
	values map[string]string
}

// set writes an annotation under one of the prefixes that Traefik 1.7 reads.
func (a annotated) set(name, value string) {
	a.values[pick(a.source, "traefik.ingress.kubernetes.io/", "traefik.ingress.kubernetes.io/", "ingress.kubernetes.io/")+name] = value
	if a.chance(60) {
		a.values["ingress.kubernetes.io/"+name] = "" // shadows the other
	}
}

func (a annotated) bool(name string) {
	a.set(name, pick(a.source, "true", "true", "true", "true", "t", "false", "yes", "True", ""))
}

func (a annotated) rules() {
	switch a.IntN(6) {
	case 0, 1:
		a.set("rule-type", pick(a.source, "Path", "PathPrefix", "PathStrip", "PathPrefixStrip", "PathPrefixStrip", "PathPrefixStrip"))
	case 2:
		a.set("rewrite-target", pick(a.source, "/", "/", "/r", "/r/", "r", "/r x", "/$1x", "/r:s", "/r,s", `/r\\d`, "/é", "/r;x", "/$0", "/${1}"))
	case 3:
		a.set("request-modifier", pick(a.source,
			"AddPrefix:/p", "AddPrefix: /p/", "AddPrefix:p", "ReplacePath: /a:b", "ReplacePath:/x", "ReplacePath: x", "ReplacePathRegex: ^/foo(.*) /bar$1",
			"ReplacePathRegex: ^/foo/(.*)  /x$1", "ReplacePathRegex: ( x", "StripPrefix: /x", "ReplacePathRegex: ^/zzzzzzzzzzzzzzz(.*) /$1",
			"AddPrefix", "AddPrefix:", "AddPrefix: /p,/q", "ReplacePathRegex: ^/(.*) /b/$1", "ReplacePathRegex: ^/(?:foo)(.*) /b$1", "ReplacePath:/x?y=z"))
	case 4:
		a.set("rule-type", pick(a.source, "ReplacePath", "PathRegex", "pathprefixstrip", " PathPrefixStrip ", "PathPrefixStripRegex", "AddPrefix", ""))
		if a.chance(4) {
			a.values["traefik.frontend.rule.type"] = "PathPrefixStrip"
		}
	case 5:
		a.set("priority", pick(a.source, "10", "5", "15", "20", "1000", "-1", "0", "10 ", "1.5"))
	}
}

func (a annotated) forwarding() {
	switch a.IntN(4) {
	case 0:
		a.set("frontend-entry-points", pick(a.source, "http", "https", "http,https", "https, http", "nosuch", "http,nosuch", " https , ", ""))
	case 1:
		a.bool("preserve-host")
	case 2:
		a.set("protocol", pick(a.source, "http", "http", "https", "h2c", "ftp", "HTTP", ""))
	case 3:
		if a.chance(3) {
			a.bool("pass-tls-cert")
		} else {
			a.set("pass-client-tls-cert", pick(a.source, "pem: true", "infos: {subject: {commonname: true}}", "pem: [", ""))
		}
	}
}

func (a annotated) redirects() {
	switch a.IntN(4) {
	case 0:
		a.set("redirect-entry-point", pick(a.source, "https", "https", "https", "http", "nosuch"))
	case 1:
		a.set("app-root", pick(a.source, "/login", "/login", "login", "/", "/foo", "/l?x=$1"))
	case 2, 3:
		a.set("redirect-regex", pick(a.source,
			`^http://h\\.test/(.*)`, `^http://h.test/(.*)`, `^http://h\.test/(.*)`, `^https?://[^/]+/foo(.*)`, `^http://[^/]+/(.*)`, `^(https?)://([^/]+)/old/(.*)$`,
			`^http://(h`, `/foo$`, `foo`, `^http://(.*)`, `^https?://([^/]+)/(.*)/x$`))
		a.set("redirect-replacement", pick(a.source,
			"https://o.test/$1", "https://o.test/zzz/$1", "http://o.test/${1}x", "https://{{.Request.Host}}.test/$1", "https://g.test/", "https://$1", "/bar", "$0", "", "https://o.test/a b"))
	}
	if a.chance(3) {
		a.bool("redirect-permanent")
	}
}

// AuthURL is where forward-auth asks; it is an address of package world.
const authURL = "http://127.1.0.253:8081/check"

func (a annotated) auth() {
	kind := pick(a.source, "basic", "basic", "basic", "forward", "forward", "Basic", "digest", "kerberos", "")
	a.set("auth-type", kind)
	switch kind {
	case "forward":
		if !a.chance(8) {
			a.set("auth-url", pick(a.source, authURL, authURL, authURL+"?x=1", "http://127.1.0.252:1/refused"))
		}
		if a.chance(2) {
			a.set("auth-response-headers", pick(a.source, "X-Auth-User", "X-Auth-User, X-Auth-Saw", "X-Auth-Saw,X-None", "x-auth-user", ""))
		}
		if a.chance(3) {
			a.bool("auth-trust-headers")
		}
		if a.chance(8) {
			a.set("auth-tls-insecure", pick(a.source, "true", "false"))
		}
	case "digest":
		a.set("auth-secret", pick(a.source, "digest", "digest", "users", "nosecret"))
	default:
		if !a.chance(8) {
			a.set("auth-secret", pick(a.source, "users", "users", "users", "users", "nosecret", "two", "bad", "typed", "empty", "digest"))
		}
	}
	if a.chance(4) {
		a.set("auth-header-field", pick(a.source, "X-WebAuth-User", "x-user", "X User", ""))
	}
	if a.chance(4) {
		a.bool("auth-remove-header")
	}
	if a.chance(12) {
		a.set("auth-realm", pick(a.source, "traefik", "foo", ""))
	}
}

func (a annotated) access() {
	switch a.IntN(4) {
	case 0, 1:
		a.set("whitelist-source-range", pick(a.source,
			"127.0.0.0/8", "127.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8", "127.0.0.1, 10.0.0.0/8", "10.0.0.0/99", " , ", "", "0.0.0.0/0", "::1/128", "127.0.0.0/8,x"))
		if a.chance(4) {
			a.bool("whitelist-x-forwarded-for")
		}
	case 2, 3:
		a.set("rate-limit", pick(a.source,
			"extractorfunc: client.ip\nrateset:\n  r: {period: 1h, average: 2, burst: 3}",
			"extractorfunc: request.host\nrateset: {r: {period: 1h, average: 1, burst: 2}, s: {period: 2h, average: 5, burst: 9}}",
			"extractorfunc: request.header.X-Key\nrateset: {r: {period: 3600, average: 1, burst: 2}}",
			"extractorFunc: client.ip\nrateSet: {r: {period: 1h, average: 2, burst: 3}}",
			"extractorFunc: client.ip\nrateset: {r: {period: 1h, average: 2, burst: 3}}",
			"extractorfunc: client.ip\nrateset: {r: {period: 10s, average: 0, burst: 3}}",
			"extractorfunc: bogus\nrateset: {r: {period: 1h, average: 2, burst: 3}}",
			"extractorfunc: client.ip", "rateset: [", ""))
	}
}

func (a annotated) headers() {
	switch a.IntN(8) {
	case 0, 1, 2:
		a.set("custom-request-headers", pick(a.source,
			"X-A: 1", "X-A: 1 || x-b:2:3||bad||X-Del:", "Host:evil.test", "X-A: 1||x-a: 2", "X-Forwarded-Proto: https", "Authorization: Basic eA==", "X-A:", "||", "X.A: 1",
			`X-Q: say \"hi\"`, `X-Q: say "hi"`, `X-Q: \d`, `X-Q: a\\b`, "X-Forwarded-For: 1.2.3.4", "X-Real-Ip: 9.9.9.9", "User-Agent:", "X-A: é"))
	case 3, 4, 5:
		a.set("custom-response-headers", pick(a.source,
			"X-R: 1", "X-R: 1||Server:", "X-Powered-By:", "x-r:2||X-R2: a:b", "Server: me", "Location: /elsewhere", "Content-Type: text/plain", "X_R: 1", `X-Q:say "hi"`, "Vary: Accept||Cache-Control: no-store"))
	case 6:
		a.set("allowed-hosts", pick(a.source, "h.test", "h.test,g.test", "H.TEST", "nobody.test", "h.test:8000", ""))
		if a.chance(3) {
			a.set("proxy-headers", pick(a.source, "X-Forwarded-Host", "X-My-Host", ""))
		}
	case 7:
		a.bool("ssl-redirect")
		if a.chance(3) {
			a.bool("ssl-temporary-redirect")
		}
		if a.chance(3) {
			a.set("ssl-host", pick(a.source, "secure.test", "h.test", "h.test:8443"))
		}
		if a.chance(3) {
			a.bool("ssl-force-host")
		}
		if a.chance(3) {
			a.set("ssl-proxy-headers", pick(a.source, "X-Forwarded-Proto: https", "X-My-Proto:https", "X-A: 1||X-B: 2"))
		}
	}
}

func (a annotated) security() {
	for range 1 + a.IntN(3) {
		switch a.IntN(9) {
		case 0:
			a.set("hsts-max-age", pick(a.source, "3600", "3600", "0", "-1", "1y"))
			if a.chance(2) {
				a.bool("hsts-include-subdomains")
			}
			if a.chance(2) {
				a.bool("hsts-preload")
			}
			if a.chance(2) {
				a.bool("force-hsts")
			}
		case 1:
			a.bool("frame-deny")
		case 2:
			a.set("custom-frame-options-value", pick(a.source, "SAMEORIGIN", "ALLOW-FROM https://x.test", ""))
		case 3:
			a.bool("content-type-nosniff")
		case 4:
			a.bool("browser-xss-filter")
		case 5:
			a.set("custom-browser-xss-value", pick(a.source, "1; report=/r", ""))
		case 6:
			a.set("content-security-policy", pick(a.source, "default-src 'self'", "script-src $NONCE", `default-src \"x\"`))
		case 7:
			a.set(pick(a.source, "referrer-policy", "public-key"), pick(a.source, "same-origin", "pin-sha256=x"))
		case 8:
			a.bool("is-development")
		}
	}
}

// errorPages names a backend by the key of one of the Ingress' frontends, or wrongly.
func (a annotated) errorPages(ingress *networkingv1.Ingress) {
	backend := pick(a.source, "h.test/foo", "h.test/", "err", "nosuch", "g.test/bar")
	if len(ingress.Spec.Rules) > 0 && ingress.Spec.Rules[0].HTTP != nil && a.chance(2) {
		rule := ingress.Spec.Rules[0]
		backend = rule.Host + rule.HTTP.Paths[len(rule.HTTP.Paths)-1].Path
	}
	a.set("error-pages", pick(a.source,
		fmt.Sprintf("p: {status: [\"500-599\", \"404\"], backend: %q, query: \"/e/{status}.html\"}", backend),
		fmt.Sprintf("p: {status: [\"403\", \"401\"], backend: %q, query: \"x\"}", backend),
		fmt.Sprintf("p: {status: [\"503\"], backend: %q, query: \"/{url}\"}\nq: {status: [\"418\"], backend: %q, query: \"/q?s={status}\"}", backend, backend),
		fmt.Sprintf("p: {status: [\"abc\"], backend: %q, query: \"/\"}", backend),
		fmt.Sprintf("p: {status: [\"503\"], backend: %q}", backend),
		"p: ["))
}

func (a annotated) weights(ingress *networkingv1.Ingress) {
	a.set("service-weights", pick(a.source,
		"a: 20%", "a: 20%\nb: 80%", "a: 50\nb: 50", "a: 100%", "a: 0%", "a: 80%\nb: 40%", "a: x%", "nosuch: 10%", "", "a: 33.333%\nb: 33.333%", "[", "a: 12.5%\nc: 50%"))
	// Several Services of one path are what weights are for.
	if len(ingress.Spec.Rules) > 0 && ingress.Spec.Rules[0].HTTP != nil && len(ingress.Spec.Rules[0].HTTP.Paths) > 1 && !a.chance(3) {
		paths := ingress.Spec.Rules[0].HTTP.Paths
		for i := range paths {
			paths[i].Path = paths[0].Path
		}
	}
}
