package generate

import (
	"net/url"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// ask derives requests from the rules; most of them come over the scheme that the
// routers of their host answer, and with what they ask of users.
func (g *traefik) ask() []judge.Request {
	out := g.requests()
	for _, ingress := range g.set.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			if strings.HasPrefix(rule.Host, "*") && g.chance(2) {
				out = append(out, request(pick(g.source, "a_b.w.test", "x.y.w.test", "w.test", "x.w.test"), "/foo"))
			}
			if rule.HTTP == nil {
				continue
			}
			for _, p := range rule.HTTP.Paths {
				// The path itself, so that most requests are for what there is.
				out = append(out, g.vary(request(hostOf(rule.Host), pathOf(p.Path))), g.vary(request(hostOf(rule.Host), pathOf(p.Path)+"?a=1")))
				if strings.ContainsAny(p.Path, "{}") { // as it is written
					out = append(out, request(hostOf(rule.Host), (&url.URL{Path: p.Path}).EscapedPath()))
				}
			}
		}
	}
	out = slices.DeleteFunc(out, func(r judge.Request) bool {
		_, err := url.ParseRequestURI(r.Target)
		return err != nil
	})
	for i := range out {
		r := &out[i]
		if served := g.schemes(r.Host); len(served) > 0 && !g.chance(8) {
			r.TLS = pick(g.source, served...)
		}
		if g.asks("users") && r.Header.Get("Authorization") == "" && g.chance(2) {
			r.Header.Set("Authorization", basic(goodUser))
		}
		if g.asks("asked") && r.Header.Get("X-Secret") == "" && g.chance(2) {
			r.Header.Set("X-Secret", "open")
		}
	}
	return out
}

// schemes are those of the Ingresses with a rule for a host: true is TLS.
func (g *traefik) schemes(host string) []bool {
	var out []bool
	host, _, _ = strings.Cut(host, ":")
	for _, ingress := range g.set.Ingresses {
		if slices.ContainsFunc(ingress.Spec.Rules, func(r networkingv1.IngressRule) bool {
			return r.Host == "" || strings.EqualFold(hostOf(r.Host), host)
		}) {
			out = append(out, answersTLS(ingress))
		}
	}
	return out
}

func answersTLS(ingress *networkingv1.Ingress) bool {
	value, ok := ingress.Annotations[routerPrefix+"tls"]
	if !ok {
		for key := range ingress.Annotations {
			ok = ok || strings.HasPrefix(key, routerPrefix+"tls.")
		}
	}
	return ok && (value == "true" || value == "")
}

// asks tells whether an Ingress has a Middleware of a name.
func (g *traefik) asks(middleware string) bool {
	return slices.ContainsFunc(g.set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		return strings.Contains(ingress.Annotations[routerPrefix+"middlewares"], "-"+middleware+"@")
	})
}
