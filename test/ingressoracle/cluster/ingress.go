package cluster

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const prefix = "traefik.ingress.kubernetes.io/"

func (m maker) ingress(i int) {
	ing := &networkingv1.Ingress{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: m.set.Namespaces[0], Name: fmt.Sprint(pick(m, "i", "web", "a-b"), i), Annotations: map[string]string{},
			CreationTimestamp: metav1.Unix(int64(1700000000+i), 0),
		},
	}
	if m.chance(4) {
		ing.Namespace = m.set.Namespaces[1]
	}
	if m.chance(2) {
		for range 1 + m.IntN(3) {
			m.routerAnnotation(ing.Annotations)
		}
	}
	m.class(ing)
	if m.alone && m.chance(4) || m.chance(15) {
		backend := m.backend()
		if backend.Service != nil { // anything else makes the provider of Traefik 2 panic
			ing.Spec.DefaultBackend = &backend
		}
	}
	for range m.IntN(3) {
		ing.Spec.TLS = append(ing.Spec.TLS, networkingv1.IngressTLS{SecretName: pick(m, "s", "s", "s2", "", "gone", "bad")})
	}
	rules := 1 + m.IntN(2)
	if m.alone && m.chance(4) {
		rules = 0
	} else if rules > 0 && !m.alone && m.chance(15) {
		ing.Spec.DefaultBackend = nil
	}
	for range rules {
		rule := networkingv1.IngressRule{Host: m.host()}
		if !m.chance(25) {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range 1 + m.IntN(3) {
				rule.HTTP.Paths = append(rule.HTTP.Paths, m.path())
			}
		}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	m.set.Ingresses = append(m.set.Ingresses, ing)
}

// Classes of the cluster: traefik and edge are Traefik's, other is not.
func (m maker) class(ing *networkingv1.Ingress) {
	switch m.IntN(12) {
	case 0:
		ing.Annotations["kubernetes.io/ingress.class"] = pick(m, "traefik", "nginx", "")
	case 1:
		name := pick(m, "traefik", "edge", "other", "gone")
		ing.Spec.IngressClassName = &name
	}
}

func (m maker) host() string {
	d := m.set.Domain
	if m.alone && m.chance(5) {
		return ""
	}
	return pick(m, "a."+d, "a."+d, "bb."+d, "*."+d, "x.a."+d, "*.a."+d, "A."+d, d, "b\u00fc."+d)
}

func (m maker) path() networkingv1.HTTPIngressPath {
	path := networkingv1.HTTPIngressPath{
		Path: pick(m, "/", "/", "/", "/", "/foo", "/foo", "/foo", "/x", "/foo/", "/foo/bar", "/foo/barbaz", "/fo", "", "/id/{x}", "/id/{n:[0-9]+}", "/id/{x", "/v/{n:[a-z]{2}}/end", "/a b", "/caf\u00e9",
			"/quote\"`\\", "relative", "^/re[0-9]+$", "/(", "/{a:x)|(y}"),
		Backend: m.backend(),
	}
	if kind := pick[networkingv1.PathType](m, "Exact", "Prefix", "Prefix", "ImplementationSpecific", "", "-"); kind != "-" {
		path.PathType = &kind
	}
	return path
}

func (m maker) backend() networkingv1.IngressBackend {
	if m.chance(40) {
		return networkingv1.IngressBackend{}
	}
	return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
		Name: pick(m, "a", "a", "a", "b", "b", "b", "c", "c", "none", "ext", "gone"),
		Port: pick(m, networkingv1.ServiceBackendPort{Number: 80}, networkingv1.ServiceBackendPort{Number: 80}, networkingv1.ServiceBackendPort{Number: 80}, networkingv1.ServiceBackendPort{Name: "http"},
			networkingv1.ServiceBackendPort{Number: 443}, networkingv1.ServiceBackendPort{Number: 8443}, networkingv1.ServiceBackendPort{Name: "nosuch"}),
	}}
}

func (m maker) routerAnnotation(to map[string]string) {
	own, other := m.set.Namespaces[0], m.set.Namespaces[1]
	reference := func() string {
		return pick(m, own+"-o", own+"-o", own+"-o-p", other+"-o", own+"-gone", "o") + pick(m, "@kubernetescrd", "@kubernetescrd", "@kubernetescrd", "@kubernetescrd", "@file", "", "@kubernetes")
	}
	switch m.IntN(14) {
	case 0, 1:
		to[prefix+pick(m, "router.entrypoints", "router.entryPoints", "ROUTER.entrypoints")] = pick(m, "web", "websecure", "web,websecure", " web , websecure", "", "web,")
	case 2, 3:
		to[prefix+"router.middlewares"] = pick(m, reference(), reference()+","+reference(), reference()+" , ", "")
	case 4, 5:
		to[prefix+"router.priority"] = pick(m, "1", "30", "40", "100", "0", "-5", "abc", "", "9223372036854775807", "9223372036854774807")
	case 6, 7:
		to[prefix+"router.tls"] = pick(m, "true", "true", "", "false", "yes", "TRUE")
	case 8:
		to[prefix+"router.tls.certresolver"] = "le"
		if m.chance(2) {
			to[prefix+"router.tls.domains.0.main"] = "a." + m.set.Domain
			to[prefix+"router.tls.domains.0.sans"] = "b." + m.set.Domain + ", c." + m.set.Domain
		}
	case 9:
		to[prefix+"router.tls.options"] = pick(m, reference(), "default", "")
	case 10, 11:
		to[prefix+"router.pathmatcher"] = pick(m, "Path", "PathPrefix", "PathRegexp", "", "Host", "path")
	case 12:
		to[prefix+pick(m, "router.observability", "router.observability.accesslogs", "router.observability.metrics", "router.observability.tracing")] = pick(m, "true", "false", "", "x")
		if m.chance(3) {
			to[prefix+"router.observability.traceverbosity"] = pick(m, "minimal", "detailed")
		}
	case 13:
		to[prefix+pick(m, "router.rulesyntax", "router.nosuch", "router.priority.x", "router.tls.", "service.sticky", "rule-type", "router.entrypoints.x")] = pick(m, "v2", "v3", "default", "true")
	}
}

func (m maker) serviceAnnotations(to map[string]string) {
	own, other := m.set.Namespaces[0], m.set.Namespaces[1]
	for range 1 + m.IntN(2) {
		switch m.IntN(10) {
		case 0:
			to[prefix+"service.serversscheme"] = pick(m, "http", "https", "h2c", "HTTPS", "")
		case 1:
			to[prefix+"service.serverstransport"] = pick(m, own+"-o@kubernetescrd", own+"-o@kubernetescrd", other+"-o@kubernetescrd", "o", "o@file", "")
		case 2:
			to[prefix+pick(m, "service.passhostheader", "service.passHostHeader")] = pick(m, "true", "false", "0", "yes", "")
		case 3:
			to[prefix+"service.nativelb"] = pick(m, "true", "false", "x")
		case 4, 5:
			to[prefix+"service.sticky.cookie"] = pick(m, "true", "", "false", "no")
		case 6:
			to[prefix+pick(m, "service.sticky.cookie.name", "service.sticky.cookie.secure", "service.sticky.cookie.httponly")] = pick(m, "true", "false", "sid")
			to[prefix+"service.sticky.cookie.samesite"] = pick(m, "lax", "Strict", "none", "odd")
		case 7:
			to[prefix+"service.sticky.cookie."+pick(m, "path", "domain", "maxage")] = pick(m, "/x", "a.test", "10")
		case 8:
			to[prefix+"service.middlewares"] = pick(m, own+"-o@kubernetescrd", other+"-o@kubernetescrd", "x@file", "o")
		case 9:
			to[prefix+pick(m, "service.nosuch", "router.tls", "service.sticky", "affinity")] = "true"
		}
	}
}
