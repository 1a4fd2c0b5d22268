package generate

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Traefik makes set number of a seed for the Ingress provider of Traefik 2 or 3:
// few Ingresses that refer to many of Traefik's own objects.
func Traefik(seed, number uint64) *world.Set {
	g := &traefik{maker{newSource(seed, number), &world.Set{}}}
	for i := range 1 + g.IntN(3) {
		g.ingress(i)
	}
	g.services(g.serviceAnnotations)
	for _, namespace := range world.Namespaces() {
		g.set.Traefik = append(g.set.Traefik, Objects(namespace)...)
		g.set.Secrets = append(g.set.Secrets, Secret(namespace, "users"))
	}
	g.secrets()
	g.set.Requests = g.requests()
	return g.set
}

// traefik generates for Traefik's own Ingress provider.
type traefik struct{ maker }

const routerPrefix, servicePrefix = "traefik.ingress.kubernetes.io/router.", "traefik.ingress.kubernetes.io/service."

func (g *traefik) ingress(i int) {
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: pick(g.source, "one", "one", "one", "two"), Name: "i" + string(rune('1'+i)), Annotations: map[string]string{},
	}}
	for range 1 + g.IntN(2) {
		rule := networkingv1.IngressRule{Host: g.host(), IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
		for range pick(g.source, 1, 1, 2, 3) {
			rule.HTTP.Paths = append(rule.HTTP.Paths, g.path())
		}
		ingress.Spec.Rules = append(ingress.Spec.Rules, rule)
	}
	if g.chance(16) {
		ingress.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: g.backend()}
		if g.chance(2) {
			ingress.Spec.Rules = nil
		}
	}
	for range g.IntN(4) {
		g.annotate(ingress.Annotations)
	}
	if g.chance(3) {
		for range 1 + g.IntN(2) {
			ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS{SecretName: pick(g.source, "crt", "crt", "crt2", "crt2", "", "nosecret", "blankcrt")})
		}
	}
	if g.chance(12) {
		name := pick(g.source, "traefik", "other", "nosuch")
		ingress.Spec.IngressClassName = &name
	}
	g.set.Ingresses = append(g.set.Ingresses, ingress)
}

func (g *traefik) host() string {
	if g.chance(16) {
		return ""
	}
	return pick(g.source, "h.test", "h.test", "h.test", "g.test", "*.w.test", "x.w.test", "a.x.w.test", "h-x.test")
}

func (g *traefik) path() networkingv1.HTTPIngressPath {
	p := networkingv1.HTTPIngressPath{Path: pick(g.source,
		"/", "/", "/foo", "/foo", "/foo", "/foo", "/foo/", "/foo/bar", "/foobar", "/bar", "", "/id/{id:[0-9]+}", "/id/{id}", "/a b", "/é", "/FOO", "/$1", "/foo.html", "/`", `/"`), Backend: networkingv1.IngressBackend{Service: g.backend()}}
	pathType := pick(g.source, networkingv1.PathTypePrefix, networkingv1.PathTypePrefix, networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific)
	p.PathType = &pathType
	return p
}

func (g *traefik) backend() *networkingv1.IngressServiceBackend {
	service := &networkingv1.IngressServiceBackend{Name: pick(g.source, "a", "a", "b", "c", "d")}
	if g.chance(40) {
		service.Name = "nosuch"
	}
	service.Port = pick(g.source, networkingv1.ServiceBackendPort{Number: 80}, networkingv1.ServiceBackendPort{Number: 80}, networkingv1.ServiceBackendPort{Number: 80},
		networkingv1.ServiceBackendPort{Name: "http"}, networkingv1.ServiceBackendPort{Number: 443}, networkingv1.ServiceBackendPort{Name: "https"}, networkingv1.ServiceBackendPort{Number: 81})
	return service
}

// reference names an object of Traefik's, in one of the namespaces; seldom wrongly.
func (g *traefik) reference(names ...string) string {
	if g.chance(24) {
		return pick(g.source, "one-nosuch@kubernetescrd", "strip", "strip@file", "one-strip@kubernetes", "")
	}
	return pick(g.source, "one", "one", "one", "two") + "-" + pick(g.source, names...) + "@kubernetescrd"
}

func (g *traefik) annotate(to map[string]string) {
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		var list []string
		for range 1 + g.IntN(3) {
			list = append(list, g.reference(middlewareNames()...))
		}
		to[routerPrefix+"middlewares"] = strings.Join(list, pick(g.source, ",", ", "))
	case 4:
		to[routerPrefix+pick(g.source, "entrypoints", "entryPoints")] = pick(g.source, "web", "websecure", "web,websecure", " web , websecure", "", "nosuch")
	case 5, 6:
		to[routerPrefix+"tls"] = pick(g.source, "true", "true", "true", "", "false", "yes")
		if g.chance(2) {
			to[routerPrefix+"tls.options"] = g.reference("modern", "mutual", "modern")
		}
	case 7:
		to[routerPrefix+"priority"] = pick(g.source, "1", "30", "40", "100", "1000", "0", "-5", "abc")
	case 8:
		to[routerPrefix+"pathmatcher"] = pick(g.source, "Path", "PathPrefix", "PathRegexp", "Host")
	case 9:
		to[pick(g.source, routerPrefix+"nosuch", servicePrefix+"sticky", "traefik.ingress.kubernetes.io/rule-type", "kubernetes.io/ingress.class")] = pick(g.source, "true", "traefik", "nginx")
	}
}

func (g *traefik) serviceAnnotations() map[string]string {
	to := map[string]string{}
	for range 1 + g.IntN(2) {
		switch g.IntN(8) {
		case 0, 1, 2:
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
		case 3:
			to[servicePrefix+"passhostheader"] = pick(g.source, "false", "true", "0", "yes")
		case 4:
			to[servicePrefix+"serversscheme"] = pick(g.source, "http", "h2c", "https", "h2c")
		case 5, 6:
			to[servicePrefix+"serverstransport"] = pick(g.source, "one-checked@kubernetescrd", "one-trusting@kubernetescrd", "two-trusting@kubernetescrd", "nosuch@file")
		case 7:
			to[servicePrefix+pick(g.source, "nosuch", "nativelb")] = "false"
		}
	}
	return to
}

// AloneTraefik reports whether a set cannot share a cluster with others: it has
// routes for every host.
func AloneTraefik(set *world.Set) bool {
	return slices.ContainsFunc(set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		return ingress.Spec.DefaultBackend != nil || slices.ContainsFunc(ingress.Spec.Rules, func(r networkingv1.IngressRule) bool { return !ownHost(r.Host) })
	})
}
