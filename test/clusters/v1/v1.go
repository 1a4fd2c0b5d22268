// Package v1 draws clusters of Traefik 1.7 for property tests.
package v1

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// The pools are small so that Ingresses meet: same hosts, same paths, same Services.
var (
	HostPool = []string{
		"a.x", "a.x", "b.x", "A.x", "*.x", "*.a.x", "", "t.co", "x", "*", "a.x.", "h`x", `h"x`, `h\x`, "bücher.x", "a,b", "a b", "{h}", "h\nx",
	}
	PathPool = []string{
		"", "/", "/", "/foo", "/foo", "/foo/", "/foo/bar", "/a,/b", "/id/{id:[0-9]+}", "/id/{x", "no-slash", "/`", `/\`, `/\\.`, `/"`, "/a b", "/é",
		"/`) || Host(`victim`) && PathPrefix(`/", "/;x", "/::", "/{}", "/\t", ",",
	}
	ValuePool = []string{
		"", "true", "false", "yes", "10", "-1", "0", "99999999999999999999", "traefik", "nginx", "http", "https", "http,https", "nosuch", "h2c",
		"Path", "PathPrefix", "PathStrip", "PathPrefixStrip", "ReplacePath", "PathRegex", "/", "/r", "/r/$1", "AddPrefix:/p", "AddPrefix:p",
		"ReplacePath: /a:b", "ReplacePathRegex: ^/a(.*) /b$1", "ReplacePathRegex: ( x", "StripPrefix: /x", "basic", "digest", "forward", "users", "nosecret",
		"http://auth/check", "10.0.0.0/8", "10.0.0.0/8, 127.0.0.1", "10.0.0.0/99", "X-A: 1 || x-b:2:3||bad||Host:evil||X-Del:", "X.Foo: 1",
		`X-Q:say "hi"`, `\d`, `^http://a\\.b/(.*)`, "https://o/$1", "http://{{.Request.Host}}/", "a: 90%\nb: 10%", "a: 90%", "a: 50%\nnosuch: 50%", "a: x%",
		"extractorfunc: client.ip\nrateset:\n  r: {period: 10s, average: 2, burst: 3}", "extractorfunc: bogus\nrateset: {r: {period: 1, average: 1, burst: 1}}",
		"e: {status: [\"500-599\"], backend: a.x/foo, query: /e}", "e: {status: [abc], backend: a.x, query: /}", "pem: true\ninfos: {subject: {commonname: true}}",
		"maxrequestbodybytes: 10", "NetworkErrorRatio() > 0.5", "bogus(", "client.ip", "request.host", "10zz", "10ms", "drr", "[unclosed", "\x00", "lax",
	}
	// classPool are classes of all controllers, and of none.
	classPool   = []string{"traefik", "traefik", "nginx", "edge", "haproxy", ""}
	foreignKeys = []string{
		"cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "cert-manager.io/duration", "kubernetes.io/tls-acme", "acme.cert-manager.io/http01-edit-in-place",
		"external-dns.alpha.kubernetes.io/target", "external-dns.alpha.kubernetes.io/hostname", "external-dns.kubernetes.io/ttl",
		"nginx.ingress.kubernetes.io/rewrite-target", "x", "traefik.ingress.kubernetes.io/nosuch",
	}
)

// classKey is the annotation that names the controller.
const classKey = "kubernetes.io/ingress.class"

// Generator draws clusters; rapid shrinks what fails.
type Generator struct {
	hosts, paths, values, keys *rapid.Generator[string]
}

// New returns a Generator of everything.
func New() Generator {
	var keys []string
	for _, a := range traefikv1.Annotations() {
		keys = append(keys, a.Key)
	}
	// As many of the others together.
	for _, a := range traefikingress.Annotations() {
		keys = append(keys, strings.Replace(a.Key, ".n.", ".0.", 1))
	}
	for i, a := range nginx.Annotations() {
		if i%2 == 0 {
			keys = append(keys, nginx.DefaultPrefix+"/"+a.Name)
		}
	}
	return Generator{
		hosts: rapid.SampledFrom(HostPool), paths: rapid.SampledFrom(PathPool), values: rapid.SampledFrom(ValuePool),
		keys: rapid.SampledFrom(append(keys, foreignKeys...)),
	}
}

// Cluster draws a cluster.
func (g Generator) Cluster(t *rapid.T) ir.Input {
	var in ir.Input
	known := map[string]bool{}
	for i := range rapid.IntRange(1, 6).Draw(t, "ingresses") {
		ing := g.ingress(t, i)
		if id := ing.Namespace + "/" + ing.Name; !known[id] {
			known[id] = true
			in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing})
		}
	}
	if rapid.Bool().Draw(t, "classes") {
		for _, of := range [][2]string{{"edge", "traefik.io/ingress-controller"}, {"nginx", "k8s.io/ingress-nginx"}, {"haproxy", "haproxy.org/ingress-controller"}} {
			class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: of[0]}}
			class.Spec.Controller = of[1]
			in.IngressClasses = append(in.IngressClasses, class)
		}
	}
	in.ServicesKnown = rapid.Bool().Draw(t, "services known")
	in.EndpointsKnown = rapid.Bool().Draw(t, "endpoints known")
	in.SecretsKnown = rapid.Bool().Draw(t, "secrets known")
	for _, namespace := range []string{"one", "two"} {
		for _, name := range []string{"a", "b"} {
			service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
			service.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "https", Port: 443}}
			service.Annotations = g.annotations(t, 2)
			if rapid.IntRange(0, 4).Draw(t, "external") == 0 {
				service.Spec.Type, service.Spec.ExternalName = corev1.ServiceTypeExternalName, "ext.example"
			}
			in.Services = append(in.Services, service)
			endpoints := &ir.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
			if n := rapid.IntRange(0, 3).Draw(t, "pods"); n > 0 {
				endpoints.Subsets = []ir.EndpointSubset{{Ports: []corev1.EndpointPort{{Name: "http", Port: 8080}}}}
				for pod := range n {
					endpoints.Subsets[0].Addresses = append(endpoints.Subsets[0].Addresses, corev1.EndpointAddress{
						IP: fmt.Sprintf("10.0.0.%d", pod+1), TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: fmt.Sprintf("web-%d", pod)},
					})
				}
			}
			in.Endpoints = append(in.Endpoints, endpoints)
		}
		in.Secrets = append(in.Secrets,
			ir.Secret{Namespace: namespace, Name: "users", Type: corev1.SecretTypeOpaque, Keys: []string{"auth"}},
			ir.Secret{Namespace: namespace, Name: "crt", Type: corev1.SecretTypeTLS, Keys: []string{"tls.crt", "tls.key"}},
		)
	}
	return in
}

func (g Generator) ingress(t *rapid.T, i int) *networkingv1.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: rapid.SampledFrom([]string{"one", "one", "two"}).Draw(t, "namespace"),
		Name:      rapid.SampledFrom([]string{"cart", "shop-tls", "web.v1", fmt.Sprint("i", i), ""}).Draw(t, "name"),
		Labels:    map[string]string{"team": "x"},
	}}
	ing.CreationTimestamp.Time = metav1.Unix(int64(rapid.IntRange(0, 2).Draw(t, "age")), 0).Time
	ing.Annotations = g.annotations(t, 4)
	if class := rapid.SampledFrom(classPool).Draw(t, "class"); rapid.Bool().Draw(t, "by name") {
		ing.Spec.IngressClassName = &class
	} else if class != "" {
		ing.Annotations[classKey] = class
	}
	if rapid.IntRange(0, 4).Draw(t, "default") == 0 {
		ing.Spec.DefaultBackend = g.backend(t)
	}
	for range rapid.IntRange(0, 2).Draw(t, "tls") {
		ing.Spec.TLS = append(ing.Spec.TLS, networkingv1.IngressTLS{Hosts: []string{"a.x"}, SecretName: rapid.SampledFrom([]string{"", "crt", "crt2", "nosecret"}).Draw(t, "secret")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		rule := networkingv1.IngressRule{Host: g.hosts.Draw(t, "host")}
		if rapid.IntRange(0, 9).Draw(t, "no http") > 0 {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range rapid.IntRange(0, 3).Draw(t, "paths") {
				p := networkingv1.HTTPIngressPath{Path: g.paths.Draw(t, "path"), Backend: *g.backend(t)}
				if rapid.Bool().Draw(t, "has type") {
					pathType := rapid.SampledFrom([]networkingv1.PathType{"Exact", "Prefix", "ImplementationSpecific", "Odd"}).Draw(t, "type")
					p.PathType = &pathType
				}
				rule.HTTP.Paths = append(rule.HTTP.Paths, p)
			}
		}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	return ing
}

func (g Generator) annotations(t *rapid.T, most int) map[string]string {
	out := map[string]string{}
	for range rapid.IntRange(0, most).Draw(t, "annotations") {
		key := g.keys.Draw(t, "key")
		value := g.values.Draw(t, "value")
		if strings.HasSuffix(key, "ingress.class") && rapid.IntRange(0, 3).Draw(t, "served") > 0 {
			value = "traefik"
		}
		out[key] = value
	}
	return out
}

func (g Generator) backend(t *rapid.T) *networkingv1.IngressBackend {
	switch rapid.IntRange(0, 19).Draw(t, "backend") {
	case 0:
		return &networkingv1.IngressBackend{}
	case 1:
		return &networkingv1.IngressBackend{Resource: &corev1.TypedLocalObjectReference{Kind: "Bucket", Name: "b"}}
	}
	port := rapid.SampledFrom([]intstr.IntOrString{intstr.FromInt32(80), intstr.FromInt32(443), intstr.FromInt32(81), intstr.FromString("http"), intstr.FromString("")}).Draw(t, "port")
	return &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
		Name: rapid.SampledFrom([]string{"a", "a", "b", "nosuch"}).Draw(t, "service"),
		Port: networkingv1.ServiceBackendPort{Number: port.IntVal, Name: port.StrVal},
	}}
}

// Facts draws what manifests do not tell.
func (g Generator) Facts(t *rapid.T) traefikv1.Facts {
	if !rapid.Bool().Draw(t, "facts") {
		return traefikv1.Facts{}
	}
	return traefikv1.Facts{
		DefaultEntryPoints: rapid.SampledFrom([][]string{nil, {"http"}, {"https"}, {"nosuch"}}).Draw(t, "default entry points"),
		KeepTrailingSlash:  rapid.Bool().Draw(t, "keep trailing slash"),
		AllowMinWeightZero: rapid.Bool().Draw(t, "weight zero"),
		IngressClass:       rapid.SampledFrom([]string{"", "edge"}).Draw(t, "class"),
		LabelSelector:      rapid.SampledFrom([]string{"", "team=x", "(("}).Draw(t, "selector"),
		Retry:              rapid.SampledFrom([]*traefikv1.Retry{nil, {Attempts: 3}, {}}).Draw(t, "retry"),
	}
}
