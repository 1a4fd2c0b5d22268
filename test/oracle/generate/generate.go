// Package generate makes sets that walk into the traps of a dialect, with
// requests derived from their rules. The same seed and number give the same set.
package generate

import (
	"math/rand/v2"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// source draws everything from one seeded generator.
type source struct{ *rand.Rand }

func newSource(seed, number uint64) source { return source{rand.New(rand.NewPCG(seed, number))} }

// pick draws one of the values, all equally likely.
func pick[T any](s source, values ...T) T { return values[s.IntN(len(values))] }

// chance is true one time in n.
func (s source) chance(n int) bool { return s.IntN(n) == 0 }

// TraefikV1 makes set number of a seed for Traefik 1.7. class is the Ingress
// class that the controller serves, "" when it serves those without.
func TraefikV1(seed, number uint64, class string) *world.Set {
	g := &v1{maker: maker{newSource(seed, number), &world.Set{}}, class: class}
	for i := range 1 + g.IntN(3) {
		g.ingress(i)
	}
	g.services(g.serviceAnnotations)
	g.secrets()
	g.set.Requests = g.requests()
	return g.set
}

// maker fills a set.
type maker struct {
	source
	set *world.Set
}

// v1 generates for Traefik 1.7.
type v1 struct {
	maker
	class string
}

// host draws one of few, so that Ingresses meet. An API server admits no others
// than lower-case DNS names with or without a leading *.
func (g *v1) host() string {
	switch g.IntN(24) {
	case 0, 1:
		return ""
	case 2, 3:
		return "*.w.test"
	case 4, 5:
		return "x.w.test"
	case 6:
		return "a.x.w.test"
	case 8:
		return pick(g.source, "t.co", "xn--bcher-kva.test", "1.test", "h-x.test")
	case 9, 10, 11, 12:
		return "g.test"
	}
	return "h.test"
}

func (g *v1) path() string {
	switch g.IntN(16) {
	case 0:
		return ""
	case 1, 2, 3:
		return "/"
	case 4, 5:
		return pick(g.source, "/foo/", "/foo/bar", "/foo/bar/", "/foobar", "/FOO", "/foo.html")
	case 6:
		return pick(g.source, "/id/{id:[0-9]+}", "/id/{id:[0-9]+}/x", "/id/{id}", "/{a:[a-z]+}/{b}", "/foo{x:.*}", "/id/{id:[0-9]{2}}")
	case 7:
		return pick(g.source,
			"/a,/b", "/foo,/foo/bar", "/id/{x", "/x}", "/foo bar", "/é", "/foo;x", "/::x", "/foo//x", "/%66oo", "/a%2Fb", "/`",
			`/\\d`, `/\d`, `/"`, "/a:b", "/very/long/path/prefix/indeed", "/,", "/foo,", "/foo*", "/fo+o", "/a.b", "/$1", "/foo?x=1", "/#x", "/./x", "/foo\t")
	case 8:
		return "/bar"
	}
	return "/foo"
}

func (g *v1) ingress(i int) {
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: pick(g.source, "one", "one", "one", "two"), Name: "i" + string(rune('1'+i)),
	}}
	for range 1 + g.IntN(2) {
		rule := networkingv1.IngressRule{Host: g.host()}
		if !g.chance(40) {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range pick(g.source, 1, 1, 1, 2, 2, 3) {
				rule.HTTP.Paths = append(rule.HTTP.Paths, g.ingressPath())
			}
		}
		ingress.Spec.Rules = append(ingress.Spec.Rules, rule)
	}
	if g.chance(16) {
		backend := g.backend()
		ingress.Spec.DefaultBackend = &backend
		if g.chance(2) {
			ingress.Spec.Rules = nil
		}
	}
	ingress.Annotations = g.annotations(ingress)
	if g.chance(8) {
		for range 1 + g.IntN(2) {
			ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS{SecretName: pick(g.source, "crt", "crt", "crt2", "", "nosecret", "blankcrt")})
		}
	}
	g.set.Ingresses = append(g.set.Ingresses, ingress)
}

func (g *v1) ingressPath() networkingv1.HTTPIngressPath {
	p := networkingv1.HTTPIngressPath{Path: g.path(), Backend: g.backend()}
	pathType := networkingv1.PathTypeImplementationSpecific
	if g.chance(8) {
		pathType = pick(g.source, networkingv1.PathTypeExact, networkingv1.PathTypePrefix)
	}
	p.PathType = &pathType
	return p
}

func (g *v1) backend() networkingv1.IngressBackend {
	service := &networkingv1.IngressServiceBackend{Name: pick(g.source, "a", "a", "b", "c", "d")}
	if g.chance(30) {
		service.Name = "nosuch"
	}
	switch g.IntN(20) {
	case 0:
		service.Port.Name = "http"
	case 1:
		service.Port.Name = "80"
	case 2:
		service.Port.Number = 81
	case 3:
		service.Port.Number = 443
	case 4:
		service.Port.Name = "https"
	default:
		service.Port.Number = 80
	}
	return networkingv1.IngressBackend{Service: service}
}

// Alone reports whether a set cannot share a cluster of Traefik 1.7 with others:
// its hosts are not its own, it may break the configuration of all, or its
// exact paths may redirect requests of other hosts.
func Alone(set *world.Set) bool {
	for _, ingress := range set.Ingresses {
		if ingress.Spec.DefaultBackend != nil || len(ingress.Spec.Rules) == 0 {
			return true
		}
		for key, value := range ingress.Annotations {
			if strings.ContainsAny(value, "\\\"") || strings.Contains(key, "rule-type") || strings.Contains(key, "rule.type") || strings.Contains(key, "error-pages") {
				return true
			}
		}
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil || !ownHost(rule.Host) {
				return true
			}
			if slices.ContainsFunc(rule.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool {
				return strings.ContainsAny(p.Path, "\\\"\t;") || rule.Host == ""
			}) {
				return true
			}
		}
	}
	return false
}

// ownHost reports whether only requests of the set can match host.
func ownHost(host string) bool {
	return strings.HasSuffix(host, ".test") && !strings.ContainsAny(host, "\\\"{},;`")
}
