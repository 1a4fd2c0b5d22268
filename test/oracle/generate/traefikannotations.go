package generate

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

const routerPrefix, servicePrefix = "traefik.ingress.kubernetes.io/router.", "traefik.ingress.kubernetes.io/service."

// annotations draws those of an Ingress. Most sets have to reach a pod, so what
// leaves an Ingress without routes is seldom.
func (g *traefik) annotations(ingress *networkingv1.Ingress) {
	to := ingress.Annotations
	if g.chance(3) {
		g.tls(to)
	} else if g.chance(5) {
		to[routerPrefix+pick(g.source, "entrypoints", "entryPoints")] = pick(g.source, "web", "web", "web", "web", "web,websecure", "web,websecure", " web , websecure", "", "websecure", "nosuch")
	}
	for range pick(g.source, 0, 0, 1, 1, 2) {
		switch g.IntN(8) {
		case 0, 1, 2, 3:
			g.middlewares(to)
		case 4:
			to[routerPrefix+pick(g.source, "priority", "priority", "Priority")] = pick(g.source, "1", "30", "40", "100", "1000", "0", "-5", "9223372036854775000", "abc")
		case 5:
			g.pathMatcher(ingress)
		case 6:
			g.newer(to)
		case 7:
			g.odd(to)
		}
	}
}

// tls makes routers that answer TLS, or seem to.
func (g *traefik) tls(to map[string]string) {
	if !g.chance(8) {
		to[routerPrefix+"tls"] = pick(g.source, "true", "true", "true", "true", "true", "true", "true", "", "false", "yes")
	}
	if g.chance(3) {
		to[routerPrefix+"tls.options"] = g.reference("modern", "mutual", "modern")
		if g.chance(10) {
			to[routerPrefix+"tls.options"] = "elder@file"
		}
	}
	if g.chance(6) {
		to[routerPrefix+pick(g.source, "tls.certresolver", "tls.domains.0.main", "tls.domains.0.sans", "tls.domains")] = pick(g.source, "le", "h.test", "g.test, x.w.test")
	}
	if g.chance(3) {
		to[routerPrefix+"entrypoints"] = pick(g.source, "websecure", "websecure", "websecure", "web,websecure", "web,websecure", " web , websecure", "web")
	}
}

func (g *traefik) middlewares(to map[string]string) {
	var list []string
	for range pick(g.source, 1, 1, 2, 3) {
		// Those that answer by themselves leave little to compare behind them.
		switch {
		case g.chance(10):
			list = append(list, "filed@file")
		case g.chance(3):
			list = append(list, g.reference(middlewareNames()...))
		default:
			list = append(list, g.reference("strip", "add", "rewrite", "head", "chain", "pages"))
		}
	}
	to[routerPrefix+"middlewares"] = strings.Join(list, pick(g.source, ",", ", "))
}

// reference names an object of Traefik's, in one of the namespaces; seldom wrongly.
func (g *traefik) reference(names ...string) string {
	switch g.IntN(40) {
	case 0:
		return pick(g.source, "one-nosuch@kubernetescrd", "strip", "strip@file", "one-strip@kubernetes", "")
	case 1, 2, 3, 4:
		return "two-" + pick(g.source, names...) + "@kubernetescrd"
	}
	return "one-" + pick(g.source, names...) + "@kubernetescrd"
}

// pathMatcher names the matcher of paths whose type is their implementation's, with
// paths to go with it.
func (g *traefik) pathMatcher(ingress *networkingv1.Ingress) {
	matcher := pick(g.source, "Path", "Path", "PathPrefix", "PathPrefix", "PathRegexp", "PathRegexp", "Host")
	ingress.Annotations[routerPrefix+"pathmatcher"] = matcher
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil || g.chance(3) {
			continue
		}
		for i := range rule.HTTP.Paths {
			specific := networkingv1.PathTypeImplementationSpecific
			rule.HTTP.Paths[i].PathType = &specific
			if matcher == "PathRegexp" && g.chance(2) {
				rule.HTTP.Paths[i].Path = pick(g.source, "/i[0-9]+$", "^/i[0-9]+$", "^/foo", "/fo+", "^/(foo|bar)$", "/foo(")
			}
		}
	}
}

// newer are keys that only later versions know; to others they are wrong.
func (g *traefik) newer(to map[string]string) {
	if !g.three && !g.chance(6) {
		return
	}
	switch g.IntN(4) {
	case 0:
		to[routerPrefix+"rulesyntax"] = pick(g.source, "v2", "v2", "v3", "v3", "default", "v4")
	case 1:
		to[routerPrefix+pick(g.source, "observability", "observability.accesslogs", "observability.metrics", "observability.tracing")] = pick(g.source, "true", "false", "")
	case 2:
		to[routerPrefix+"observability.traceverbosity"] = pick(g.source, "minimal", "detailed", "none")
	case 3:
		to[routerPrefix+"observability.accesslogs"] = pick(g.source, "true", "true", "1", "on")
	}
}

// odd are keys that are malformed, dead, or another's.
func (g *traefik) odd(to map[string]string) {
	if g.chance(2) {
		to["kubernetes.io/ingress.class"] = pick(g.source, "traefik", "traefik", "traefik", "", "nginx")
		return
	}
	to[pick(g.source, routerPrefix+"nosuch", routerPrefix+"tls.", servicePrefix+"sticky", servicePrefix+"passhostheader", "traefik.ingress.kubernetes.io/rule-type",
		"ingress.kubernetes.io/whitelist-source-range", "nginx.ingress.kubernetes.io/rewrite-target")] = pick(g.source, "true", "/")
}

func (g *traefik) serviceAnnotations() map[string]string {
	to := map[string]string{}
	for range 1 + g.IntN(2) {
		switch g.IntN(9) {
		case 0, 1, 2:
			g.sticky(to)
		case 3:
			to[servicePrefix+"passhostheader"] = pick(g.source, "false", "false", "true", "0", "yes")
		case 4:
			to[servicePrefix+"serversscheme"] = pick(g.source, "http", "h2c", "h2c", "https", "HTTP", "ftp")
		case 5, 6:
			to[servicePrefix+"serverstransport"] = pick(g.source, "one-checked@kubernetescrd", "one-trusting@kubernetescrd", "two-trusting@kubernetescrd", "nosuch@file")
		case 7:
			to[servicePrefix+pick(g.source, "nativelb", "nodeportlb", "NativeLB")] = "false"
		case 8:
			to[pick(g.source, servicePrefix+"nosuch", servicePrefix+"middlewares", routerPrefix+"priority", "traefik.ingress.kubernetes.io/affinity")] = pick(g.source, "one-strip@kubernetescrd", "9")
		}
	}
	return to
}

func (g *traefik) sticky(to map[string]string) {
	to[servicePrefix+"sticky.cookie"] = pick(g.source, "true", "true", "true", "", "false")
	if g.chance(2) {
		to[servicePrefix+"sticky.cookie.name"] = pick(g.source, "sid", "SID")
	}
	for _, name := range []string{"secure", "httponly"} {
		if g.chance(3) {
			to[servicePrefix+"sticky.cookie."+name] = pick(g.source, "true", "false")
		}
	}
	if g.chance(3) {
		to[servicePrefix+"sticky.cookie.samesite"] = pick(g.source, "lax", "strict", "none", "Strict")
	}
	if g.chance(8) {
		name, value := "maxage", "60"
		if g.chance(2) {
			name, value = pick(g.source, "path", "domain"), pick(g.source, "/foo", "h.test")
		}
		to[servicePrefix+"sticky.cookie."+name] = value
	}
}
