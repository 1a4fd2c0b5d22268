package generate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Nginx makes set number of a seed for ingress-nginx. One of ten may have rules
// without host.
func Nginx(seed, number uint64) *world.Set {
	g := &nginx{maker: maker{source: newSource(seed, number), set: &world.Set{}}, alone: number%10 == 5}
	for i := range pick(g.source, 1, 1, 2, 2, 3, 3, 4, 5, 6) {
		g.ingress(i)
	}
	if !g.chance(200) {
		g.admit()
	}
	g.speakOneProtocol()
	g.services()
	g.secrets()
	g.set.Requests = g.requests()
	return g.set
}

// nginx generates for ingress-nginx.
type nginx struct {
	maker
	alone bool
}

// speakOneProtocol makes all Ingresses of a set speak gRPC to their backends if one
// does: nginx keeps connections by address, and uses those of one protocol for the
// other, so that it depends on the requests before whether it answers at all.
func (g *nginx) speakOneProtocol() {
	if !slices.ContainsFunc(g.set.Ingresses, speaksGRPC) {
		return
	}
	for _, ingress := range g.set.Ingresses {
		if ingress.Annotations == nil {
			ingress.Annotations = map[string]string{}
		}
		ingress.Annotations[protocol] = "GRPC"
	}
}

const protocol = "nginx.ingress.kubernetes.io/backend-protocol"

func speaksGRPC(ingress *networkingv1.Ingress) bool { return ingress.Annotations[protocol] == "GRPC" }

// AloneNginx reports whether a set cannot share a cluster with others: it has
// routes for every host, or may have a canary for a host of no other Ingress, whose
// paths the controller serves for hosts without routes; or pods speak gRPC.
func AloneNginx(set *world.Set) bool {
	certain := map[string]bool{"": false} // of an Ingress that the controller cannot dislike
	for _, ingress := range set.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			certain[rule.Host] = certain[rule.Host] || len(ingress.Annotations) == 0
		}
	}
	return slices.ContainsFunc(set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		canary := ingress.Annotations["nginx.ingress.kubernetes.io/canary"] != ""
		return speaksGRPC(ingress) || len(ingress.Spec.Rules) == 0 || slices.ContainsFunc(ingress.Spec.Rules, func(r networkingv1.IngressRule) bool {
			return r.Host == "" || canary && !certain[r.Host]
		})
	})
}

// host draws one of few, so that Ingresses meet.
func (g *nginx) host() string {
	if g.alone && g.chance(3) {
		return ""
	}
	switch g.IntN(16) {
	case 0, 1:
		return "*.w.test"
	case 2:
		return "x.w.test"
	case 3:
		return pick(g.source, "a.x.w.test", "a-b.w.test", "www.h.test", "1.test", "xn--bcher-kva.test")
	case 4, 5, 6, 7:
		return "g.test"
	}
	return "h.test"
}

func (g *nginx) path() string {
	switch g.IntN(20) {
	case 0:
		return ""
	case 1, 2, 3, 4:
		return "/"
	case 5, 6:
		return pick(g.source, "/foo/", "/foo/bar", "/foo/bar/", "/foobar", "/FOO", "/foo.html", "/bar/", "/.well-known/acme-challenge/tok")
	case 7, 8:
		return "/bar"
	case 9, 10:
		return pick(g.source, "/api(/|$)(.*)", "/api(/|$)(.*)", "/foo/(.*)", "/(.*)", "/foo(.*)", "/v[0-9]+/(.+)")
	case 11:
		return pick(g.source,
			"/a|/b", "/foo.*", "/foo$", "/id/[0-9]{2}", "/(?!x)(.*)", "/(a|b)/(c)?", "/foo++", "/a%2Fb", "/foo bar", "/é", "/foo//x", "/a+b", "/x-y_z.~", "/(?<name>[a-z]+)/x",
			`/\d+`, `/foo\.html`, "/*", "/foo/*")
	}
	return "/foo"
}

// pathType draws a path's type: what is not plain is hardly ever Exact or Prefix,
// because the controller's webhook refuses that.
func (g *nginx) pathType(path string) *networkingv1.PathType {
	kind := pick(g.source, networkingv1.PathTypePrefix, networkingv1.PathTypePrefix, networkingv1.PathTypePrefix, networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific)
	if !plain(path) && !g.chance(8) {
		kind = networkingv1.PathTypeImplementationSpecific
	}
	return &kind
}

func plain(path string) bool {
	for _, r := range path {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '/' || r == '.' || r == '-' || r == '_') {
			return false
		}
	}
	return true
}

// admit changes what the controller's webhook refuses because nginx does. On hosts
// without expressions that are paths which end a word of the configuration, a path
// beside the same one with a slash, and one more of a path that has both types.
func (g *nginx) admit() {
	expressions := map[string]bool{}
	for _, ingress := range g.set.Ingresses {
		a := func(name string) string { return ingress.Annotations["nginx.ingress.kubernetes.io/"+name] }
		regex, err := strconv.ParseBool(a("use-regex"))
		if target := a("rewrite-target"); err == nil && regex || target != "" && !strings.ContainsAny(target, " ?{=") {
			for _, rule := range ingress.Spec.Rules {
				expressions[rule.Host] = true
			}
		}
	}
	for _, ingress := range g.set.Ingresses {
		if slices.ContainsFunc(ingress.Spec.Rules, func(r networkingv1.IngressRule) bool { return strings.HasPrefix(r.Host, "*") }) {
			delete(ingress.Annotations, "nginx.ingress.kubernetes.io/from-to-www-redirect")
		}
	}
	exacts := map[string][]bool{} // of the paths of each host
	for _, ingress := range g.set.Ingresses {
		if ingress.Annotations["nginx.ingress.kubernetes.io/canary"] == "true" {
			continue
		}
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil || expressions[rule.Host] {
				continue
			}
			for i := range rule.HTTP.Paths {
				p := &rule.HTTP.Paths[i]
				if p.Path == "" {
					p.Path = "/"
				}
				exact := p.PathType != nil && *p.PathType == networkingv1.PathTypeExact
				bare := strings.TrimSuffix(p.Path, "/")
				twin := bare
				if bare == p.Path {
					twin = bare + "/"
				}
				if strings.ContainsAny(p.Path, " {") || bare != "" && exacts[rule.Host+twin] != nil || !admitted(exacts[rule.Host+p.Path], exact, bare == "") {
					p.Path = fmt.Sprintf("/other%d", len(exacts))
				}
				exacts[rule.Host+p.Path] = append(exacts[rule.Host+p.Path], exact)
			}
		}
	}
}

// admitted: the controller takes a second location for the first one only if both
// have the type of the first of all; nginx refuses two equal ones. The first / of a
// host is one of Prefix that every host has.
func admitted(before []bool, exact, root bool) bool {
	if root {
		return !exact || !slices.Contains(before, true)
	}
	return !slices.Contains(before, !exact) || len(before) == 1
}

// made is when generated Ingresses were made: on one of few days, so that some
// are equally old.
func (g *nginx) made() metav1.Time {
	return metav1.NewTime(time.Date(2024, 1, 1+g.IntN(4), 0, 0, 0, 0, time.UTC))
}

func (g *nginx) ingress(i int) {
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: pick(g.source, "one", "one", "one", "two"), Name: "i" + string(rune('1'+i)), CreationTimestamp: g.made(),
	}}
	class := "nginx"
	switch {
	case g.chance(8):
		ingress.Annotations = map[string]string{"kubernetes.io/ingress.class": class}
	default:
		ingress.Spec.IngressClassName = &class
	}
	for range 1 + g.IntN(2) {
		rule := networkingv1.IngressRule{Host: g.host()}
		if !g.chance(40) {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range pick(g.source, 1, 1, 1, 2, 2, 3) {
				path := g.path()
				rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, PathType: g.pathType(path), Backend: g.backend()})
			}
		}
		ingress.Spec.Rules = append(ingress.Spec.Rules, rule)
	}
	if g.alone && g.chance(6) || g.chance(30) {
		backend := g.backend()
		ingress.Spec.DefaultBackend = &backend
		if g.alone && g.chance(2) {
			ingress.Spec.Rules = nil
		}
	}
	if g.chance(4) {
		g.tls(ingress)
	}
	g.annotate(ingress)
	g.set.Ingresses = append(g.set.Ingresses, ingress)
}

func (g *nginx) tls(ingress *networkingv1.Ingress) {
	section := networkingv1.IngressTLS{SecretName: pick(g.source, "crt", "crt", "crt", "", "nosecret")}
	for _, rule := range ingress.Spec.Rules {
		if rule.Host != "" && !g.chance(4) {
			section.Hosts = append(section.Hosts, rule.Host)
		}
	}
	ingress.Spec.TLS = append(ingress.Spec.TLS, section)
}

func (g *nginx) backend() networkingv1.IngressBackend {
	service := &networkingv1.IngressServiceBackend{Name: pick(g.source, "a", "a", "b", "c", "d")}
	if g.chance(30) {
		service.Name = "nosuch"
	}
	switch g.IntN(20) {
	case 0, 1:
		service.Port.Name = "http"
	case 2:
		service.Port.Number = 81
	case 3:
		service.Port.Number = 8080 // the target port
	default:
		service.Port.Number = 80
	}
	return networkingv1.IngressBackend{Service: service}
}

// services makes those that the Ingresses name, and those of annotations.
func (g *nginx) services() {
	g.set.Complete()
	for _, namespace := range world.Namespaces() {
		g.set.Need(namespace, "err")
	}
	for i, service := range g.set.Services {
		g.set.Endpoints[i] = world.EndpointsOf(service, pick(g.source, 1, 1, 1, 1, 1, 2, 3, 0))
	}
}
