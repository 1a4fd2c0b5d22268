package generate

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// annotate draws the annotations of an Ingress: often none, else a few, mostly
// with values that the controller takes.
func (g *nginx) annotate(ingress *networkingv1.Ingress) {
	if ingress.Annotations == nil {
		ingress.Annotations = map[string]string{}
	}
	a := nginxAnnotated{source: g.source, values: ingress.Annotations}
	if len(g.set.Ingresses) > 0 && g.chance(5) {
		g.canary(ingress, a)
		return
	}
	if g.chance(2) {
		return
	}
	for range 1 + g.IntN(3) {
		switch g.IntN(13) {
		case 0, 1, 2:
			a.rewrites()
		case 3, 4:
			a.redirects()
		case 5:
			a.auth()
		case 6:
			a.externalAuth()
		case 7, 8:
			a.access()
		case 9:
			a.cors()
		case 10:
			a.proxy()
		case 11:
			a.errors()
		case 12:
			a.sticky()
		}
	}
}

// nginxAnnotated collects annotations.
type nginxAnnotated struct {
	source
	values map[string]string
}

func (a nginxAnnotated) set(name, value string) {
	a.values["nginx.ingress.kubernetes.io/"+name] = value
}

func (a nginxAnnotated) bool(name string) {
	a.set(name, pick(a.source, "true", "true", "true", "true", "false", "t", "1", "yes", ""))
}

func (a nginxAnnotated) rewrites() {
	switch a.IntN(8) {
	case 0, 1:
		a.bool("use-regex")
	case 2, 3:
		a.set("rewrite-target", pick(a.source,
			"/", "/", "/new", "/$1", "/$2", "/$2", "/new/$1", "/b/$1abc", "/$10", "/$1/$2", "https://o.test/$1", "https://o.test/", "no-slash/$1", "/a b", "/x?y=$1", "/$0", "/foo", "/$host", "/{1}"))
		if a.chance(4) {
			a.bool("use-regex")
		}
	case 4:
		a.set("app-root", pick(a.source, "/app", "/app", "/foo/", "app", "/", "/a?b=c"))
	case 5:
		a.set("upstream-vhost", pick(a.source, "up.test", "up.test", "$host", "a b"))
	case 6:
		a.set("x-forwarded-prefix", pick(a.source, "/p", "/p/", "p q"))
		if a.chance(2) {
			a.set("rewrite-target", "/$1")
		}
	case 7:
		a.set("server-alias", pick(a.source, "alias.test", "alias.test,more.test", "g.test", `~^s[0-9]+\.alias\.test$`, "*.al.test", "h.test"))
	}
}

func (a nginxAnnotated) redirects() {
	switch a.IntN(8) {
	case 0, 1:
		a.set("permanent-redirect", pick(a.source, "https://t.test/", "https://t.test", "http://t.test/x?y=z", "https://t.test$request_uri", "/relative", "https://t.test/a b"))
		if a.chance(3) {
			a.set("permanent-redirect-code", pick(a.source, "301", "308", "302", "307", "404", "x"))
		}
	case 2:
		a.set("temporal-redirect", pick(a.source, "https://t.test/", "https://t.test/tmp"))
		if a.chance(3) {
			a.set("temporal-redirect-code", pick(a.source, "302", "307", "303", "301", "308"))
		}
	case 3:
		a.bool("from-to-www-redirect")
	case 4, 5:
		a.bool("ssl-redirect")
	case 6:
		a.bool("force-ssl-redirect")
	case 7:
		a.bool("force-ssl-redirect")
		a.bool("preserve-trailing-slash")
	}
}

func (a nginxAnnotated) auth() {
	a.set("auth-type", pick(a.source, "basic", "basic", "basic", "basic", "Basic", ""))
	a.set("auth-secret", pick(a.source, "auth", "auth", "auth", "users", "nosecret", "two/auth", "one/auth", "empty", "authmap", "other"))
	if a.chance(6) {
		a.set("auth-secret-type", pick(a.source, "auth-file", "auth-map", "x"))
	}
	if a.chance(4) {
		a.set("auth-realm", pick(a.source, "Members only", "a-b", "say \"hi\"", ""))
	}
	if a.chance(5) {
		a.set("satisfy", pick(a.source, "any", "all", "none"))
		a.set("whitelist-source-range", pick(a.source, "127.0.0.0/8", "10.0.0.0/8"))
	}
}

func (a nginxAnnotated) externalAuth() {
	a.set("auth-url", pick(a.source, authURL, authURL, authURL, authURL+"?x=1", "no-url", "http://127.1.0.252:1/refused"))
	if a.chance(2) {
		a.set("auth-response-headers", pick(a.source, "X-Auth-User", "X-Auth-User, X-Auth-Saw", "X-None"))
	}
	if a.chance(4) {
		a.set("auth-signin", pick(a.source, "https://s.test/login", "https://s.test/login?rd=$escaped_request_uri"))
	}
	if a.chance(6) {
		a.set("auth-method", pick(a.source, "GET", "POST", "BOGUS"))
	}
}

func (a nginxAnnotated) access() {
	list := pick(a.source, "127.0.0.0/8", "127.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8,127.0.0.1", "10.0.0.0/33", "0.0.0.0/0", "::1/128,127.0.0.1/32", "x")
	switch a.IntN(4) {
	case 0:
		a.set("whitelist-source-range", list)
	case 1, 2:
		a.set("allowlist-source-range", list)
	case 3:
		a.set("denylist-source-range", list)
	}
}

func (a nginxAnnotated) cors() {
	a.bool("enable-cors")
	if a.chance(2) {
		a.set("cors-allow-origin", pick(a.source, "*", "https://a.test", "https://*.foo.test", "https://a.test, https://b.test:8443", "a.test", "https://*.foo.test, *"))
	}
	for _, option := range [][]string{
		{"cors-allow-methods", "GET", "PUT, GET, POST", "GET;"}, {"cors-allow-headers", "X-A", "X-A, X-B", "{"},
		{"cors-allow-credentials", "false", "true"}, {"cors-expose-headers", "X-E", "*"}, {"cors-max-age", "600", "x"},
	} {
		if a.chance(5) {
			a.set(option[0], pick(a.source, option[1:]...))
		}
	}
}

func (a nginxAnnotated) proxy() {
	switch a.IntN(8) {
	case 0:
		a.set("backend-protocol", pick(a.source, "HTTP", "http", "GRPC", "FCGI", "bogus"))
	case 1:
		a.set("proxy-body-size", pick(a.source, "10", "1k", "0", "8m", "x"))
	case 2:
		a.set(pick(a.source, "proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout"), pick(a.source, "3", "30", "x"))
	case 3:
		a.set("limit-rpm", pick(a.source, "1", "1", "600", "x"))
		a.set("limit-burst-multiplier", pick(a.source, "1", "2"))
	case 4:
		a.set("limit-connections", pick(a.source, "1", "100"))
	case 5:
		a.set("service-upstream", pick(a.source, "false", "yes")) // behind cluster addresses there is nobody here
	case 6:
		a.set("upstream-hash-by", pick(a.source, "$remote_addr", "$request_uri"))
	case 7:
		a.set(pick(a.source, "proxy-buffering", "proxy-request-buffering", "proxy-http-version", "limit-rate", "enable-access-log", "load-balance", "rewrite-targets", "configuration-snippet"),
			pick(a.source, "on", "off", "1.0", "10", "ewma", "more_set_headers \"X-S: 1\";"))
	}
}

func (a nginxAnnotated) errors() {
	a.set("custom-http-errors", pick(a.source, "404", "404,503", "503", "401,403", "x", "500,404"))
	if !a.chance(4) {
		a.set("default-backend", pick(a.source, "err", "err", "err", "nosuch"))
	}
	if a.chance(6) {
		a.bool("disable-proxy-intercept-errors")
	}
}

func (a nginxAnnotated) sticky() {
	a.set("affinity", pick(a.source, "cookie", "cookie", "cookie", "ip"))
	for _, option := range [][]string{
		{"session-cookie-name", "sid", "SID"}, {"session-cookie-path", "/", "/foo", "/x"}, {"session-cookie-secure", "true", "false"},
		{"session-cookie-samesite", "Lax", "Strict", "None", "x"}, {"session-cookie-max-age", "600", "x"}, {"session-cookie-expires", "600"},
		{"session-cookie-domain", "h.test"}, {"affinity-mode", "persistent", "balanced"},
	} {
		if a.chance(4) {
			a.set(option[0], pick(a.source, option[1:]...))
		}
	}
}

// canary makes the Ingress one of an earlier one, or nearly. Weights are all or
// nothing: a single answer tells no share.
func (g *nginx) canary(ingress *networkingv1.Ingress, a nginxAnnotated) {
	primary := pick(g.source, g.set.Ingresses...)
	if primary.Annotations["nginx.ingress.kubernetes.io/canary"] != "" || len(primary.Spec.Rules) == 0 {
		return
	}
	ingress.Namespace = primary.Namespace
	if g.chance(8) {
		ingress.Namespace = "two"
	}
	// A canary's rule without paths ends the controller.
	rules := slices.DeleteFunc(primary.DeepCopy().Spec.Rules, func(r networkingv1.IngressRule) bool { return r.HTTP == nil })
	if len(rules) == 0 {
		return
	}
	ingress.Spec.Rules = rules
	for i := range ingress.Spec.Rules {
		paths := ingress.Spec.Rules[i].HTTP.Paths
		for j := range paths {
			paths[j].Backend = g.backend()
		}
		if g.chance(6) {
			paths[0].Path = g.path()
		}
	}
	if !g.chance(10) {
		a.set("canary", pick(g.source, "true", "true", "true", "false"))
	}
	if g.chance(2) {
		a.set("canary-by-header", pick(g.source, "X-Canary", "X-Canary", "x_under"))
		switch g.IntN(4) {
		case 0:
			a.set("canary-by-header-value", pick(g.source, "yes", "a b"))
		case 1:
			a.set("canary-by-header-pattern", pick(g.source, "^y", "yes|no", "(?i)Y", "(?!x)y"))
		}
	}
	if g.chance(3) {
		a.set("canary-by-cookie", "ck")
	}
	if g.chance(2) {
		a.set("canary-weight", pick(g.source, "0", "100", "x"))
	}
	if g.chance(8) {
		a.set("canary-weight-total", pick(g.source, "200", "50"))
	}
	if g.chance(6) {
		a.rewrites()
	}
}
