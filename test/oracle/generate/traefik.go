package generate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Traefik makes set number of a seed for the Ingress provider of Traefik 2 or 3:
// few Ingresses that refer to many of Traefik's own objects. three: it is Traefik 3.
func Traefik(seed, number uint64, three bool) *world.Set {
	g := &traefik{maker{newSource(seed, number), &world.Set{}}, three}
	for i := range 1 + g.IntN(3) {
		g.ingress(i)
	}
	g.services()
	for _, namespace := range world.Namespaces() {
		g.set.Traefik = append(g.set.Traefik, Objects(namespace)...)
		g.set.Secrets = append(g.set.Secrets, Secret(namespace, "users"))
	}
	g.secrets()
	g.set.Requests = g.ask()
	return g.set
}

// traefik generates for Traefik's own Ingress provider.
type traefik struct {
	maker
	three bool
}

func (g *traefik) ingress(i int) {
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: pick(g.source, "one", "one", "one", "two"), Name: "i" + string(rune('1'+i)), Annotations: map[string]string{},
	}}
	for range 1 + g.IntN(2) {
		rule := networkingv1.IngressRule{Host: g.host()}
		if !g.chance(40) {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range pick(g.source, 1, 1, 2, 3) {
				rule.HTTP.Paths = append(rule.HTTP.Paths, g.path())
			}
			if g.chance(3) { // what no other path takes
				rest := g.path()
				rest.Path = "/"
				rule.HTTP.Paths = append(rule.HTTP.Paths, rest)
			}
		}
		ingress.Spec.Rules = append(ingress.Spec.Rules, rule)
	}
	switch g.IntN(24) {
	case 0:
		// Its routers have the names of those that Ingress i1 has for x.w.test.
		ingress.Name = "i1-x"
		ingress.Spec.Rules[0].Host = "w.test"
	case 1: // ignored beside rules
		ingress.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: g.backend()}
	case 2:
		ingress.Spec.Rules = nil
		ingress.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: g.backend()}
	}
	g.annotations(ingress)
	if g.chance(4) {
		for range 1 + g.IntN(2) {
			ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS{SecretName: pick(g.source, "crt", "crt", "crt2", "crt2", "", "nosecret", "blankcrt")})
		}
	}
	if g.chance(12) {
		name := pick(g.source, "traefik", "traefik", "traefik", "other", "nosuch")
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
	p := networkingv1.HTTPIngressPath{Backend: networkingv1.IngressBackend{Service: g.backend()}, Path: pick(g.source,
		"/", "/", "/", "/foo", "/foo", "/foo", "/foo", "/foo/", "/foo/bar", "/foobar", "/bar", "", "/very/long/path/indeed")}
	if g.chance(6) {
		p.Path = pick(g.source, "/id/{id:[0-9]+}", "/id/{id}", "/id/{id:[0-9]{2}}", "/foo{x:.*}", "/id/{id", "/x}", "/a b", "/é", "/FOO", "/$1", "/foo.html", "/`", `/"`, `/\d`, "/a,b", "/foo*", "/^x", "/a%2Fb", "/%66oo")
	}
	pathType := pick(g.source, networkingv1.PathTypePrefix, networkingv1.PathTypePrefix, networkingv1.PathTypePrefix, networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific)
	p.PathType = &pathType
	if g.chance(20) {
		p.PathType = nil
	}
	if g.chance(60) {
		group := "example.com"
		p.Backend = networkingv1.IngressBackend{Resource: &corev1.TypedLocalObjectReference{APIGroup: &group, Kind: "Bucket", Name: "b"}}
	}
	return p
}

func (g *traefik) backend() *networkingv1.IngressServiceBackend {
	service := &networkingv1.IngressServiceBackend{Name: pick(g.source, "a", "a", "b", "c", "d"), Port: networkingv1.ServiceBackendPort{Number: 80}}
	if g.chance(40) {
		service.Name = "nosuch"
	}
	switch g.IntN(24) {
	case 0, 1:
		service.Port = networkingv1.ServiceBackendPort{Name: "http"}
	case 2:
		service.Port.Number = 443
	case 3:
		service.Port = networkingv1.ServiceBackendPort{Name: "https"}
	case 4:
		service.Port.Number = 81
	}
	return service
}

// services makes a Service for every one that an Ingress names, mostly one with
// the port that is asked for and a pod or more.
func (g *traefik) services() {
	g.set.Complete()
	for i, service := range g.set.Services {
		// Ports 443 and https lead to the pods' TLS port.
		if !g.chance(8) {
			service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: "https", Port: 443})
		}
		g.set.Endpoints[i] = world.EndpointsOf(service, pick(g.source, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 0))
		if g.chance(30) {
			service.Spec.Type, service.Spec.ClusterIP = corev1.ServiceTypeExternalName, ""
			service.Spec.ExternalName = world.PodAddress(service.Namespace, service.Name, 0)
			service.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: pods.Port}}
			g.set.Endpoints[i] = world.EndpointsOf(service, 0)
			if !g.chance(4) { // else a port that the Service does not list
				g.usePort(service, pods.Port)
			}
		}
		if g.chance(4) {
			service.Annotations = g.serviceAnnotations()
		}
	}
	if g.chance(40) && len(g.set.Endpoints) > 0 { // not even the object
		i := g.IntN(len(g.set.Endpoints))
		g.set.Endpoints = slices.Delete(g.set.Endpoints, i, i+1)
	}
}

// AloneTraefik reports whether a set cannot share a cluster with others: it has
// routes for every host.
func AloneTraefik(set *world.Set) bool {
	return slices.ContainsFunc(set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		return ingress.Spec.DefaultBackend != nil || slices.ContainsFunc(ingress.Spec.Rules, func(r networkingv1.IngressRule) bool { return !ownHost(r.Host) })
	})
}
