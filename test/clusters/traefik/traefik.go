// Package traefik draws clusters of Traefik's own Ingress provider for property
// tests.
package traefik

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
)

// The small alphabets make Ingresses meet: equal rules, wildcards over hosts,
// equal lengths, names that collide, several default backends.
var (
	hosts = rapid.SampledFrom([]string{
		"", "a.w", "A.w", "b.w", "*.w", "*.W", "w", "a-b.w", "*", "*.{x}", "bücher.x", "h`x", `h"x`, "a.w.", "*.",
	})
	paths = rapid.SampledFrom([]string{
		"", "/", "/foo", "/foo/", "/foo/bar", "/fo", "/id/{x}", "/id/{x:[0-9]+}", "/id/{x", "/id/}", "/id/{:x}", "/id/{x:(}", "no-slash",
		"/a b", "/é", "/`", `/\`, `/"`, "^/i[0-9]+$", "/(", "/`) || Host(`victim`) && PathPrefix(`/", "//", "/\n",
	})
	types    = rapid.SampledFrom([]string{"", "Exact", "Prefix", "Prefix", "ImplementationSpecific", "Odd", "-"})
	services = rapid.SampledFrom([]string{"a", "a", "b", "ext", "gone"})
	values   = rapid.SampledFrom([]string{
		"", "true", "false", "yes", "TRUE", "0", "7", "-3", "abc", "9223372036854775807", "9223372036854774807", "web", "web,websecure", "web,", " a , b ",
		"x-a@kubernetescrd", "y-a@kubernetescrd", "x-a@kubernetescrd,b@file", "far-off-a@kubernetescrd", "a", "a@kubernetes", "@", "@file", "x_a@kubernetescrd", "nodash@kubernetescrd",
		"Path", "PathPrefix", "PathRegexp", "Host", "PATH", "v2", "v3", "default", "http", "HTTPS", "h2c", "ftp", "le", "minimal", "detailed", "loud", "lax", "None", "odd",
	})
	strayKeys = []string{
		"traefik.ingress.kubernetes.io/router.nosuch", "traefik.ingress.kubernetes.io/router.tls.", "traefik.ingress.kubernetes.io/router.priority.x",
		"traefik.ingress.kubernetes.io/router.entrypoints.x", "traefik.ingress.kubernetes.io/router.entrypoints.x.y", "traefik.ingress.kubernetes.io/router.0.x",
		"traefik.ingress.kubernetes.io/router.tls.domains.0.main", "traefik.ingress.kubernetes.io/router.tls.domains.x.sans", "traefik.ingress.kubernetes.io/router.tls.domains.0",
		"traefik.ingress.kubernetes.io/ROUTER.Priority", "traefik.ingress.kubernetes.io/router.entryPoints", "traefik.ingress.kubernetes.io/Service.PassHostHeader",
		"traefik.ingress.kubernetes.io/rule-type", "traefik.ingress.kubernetes.io/router", "nginx.ingress.kubernetes.io/rewrite-target", "cert-manager.io/issuer", "kubectl.kubernetes.io/x",
	}
	keys = rapid.SampledFrom(append(knownKeys(), strayKeys...))

	// Epoch is before the birth of every Ingress.
	Epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
)

func knownKeys() []string {
	var keys []string
	for _, a := range traefikingress.Annotations() {
		keys = append(keys, a.Key)
	}
	return keys
}

func annotations(t *rapid.T, most int) map[string]string {
	out := map[string]string{}
	for range rapid.IntRange(0, most).Draw(t, "annotations") {
		key, value := keys.Draw(t, "key"), values.Draw(t, "value")
		if strings.HasSuffix(key, "ingress.class") && rapid.IntRange(0, 3).Draw(t, "served") > 0 {
			value = "traefik"
		}
		out[key] = value
	}
	return out
}

func backend(t *rapid.T) networkingv1.IngressBackend {
	switch rapid.IntRange(0, 29).Draw(t, "backend") {
	case 0:
		return networkingv1.IngressBackend{}
	case 1:
		return networkingv1.IngressBackend{Resource: &corev1.TypedLocalObjectReference{Kind: "Bucket", Name: "b"}}
	}
	port := rapid.SampledFrom([]networkingv1.ServiceBackendPort{{Number: 80}, {Number: 80}, {Name: "http"}, {Number: 443}, {Number: 81}, {}}).Draw(t, "port")
	return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: services.Draw(t, "service"), Port: port}}
}

// Ingress draws the Ingress of a number.
func Ingress(t *rapid.T, number int) ir.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: rapid.SampledFrom([]string{"x", "x", "y"}).Draw(t, "namespace"), Name: fmt.Sprint("i", number),
		Annotations: annotations(t, 3), Labels: map[string]string{"team": "x"},
	}}
	if rapid.Bool().Draw(t, "stored") {
		ing.CreationTimestamp = metav1.NewTime(Epoch.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "age")) * time.Hour))
	}
	if class := rapid.SampledFrom([]string{"", "", "", "", "traefik", "nginx"}).Draw(t, "class"); class != "" {
		ing.Spec.IngressClassName = &class
	}
	if rapid.IntRange(0, 5).Draw(t, "default") == 0 {
		b := backend(t)
		ing.Spec.DefaultBackend = &b
	}
	for range rapid.IntRange(0, 2).Draw(t, "tls") {
		ing.Spec.TLS = append(ing.Spec.TLS, networkingv1.IngressTLS{SecretName: rapid.SampledFrom([]string{"", "s", "s2", "gone"}).Draw(t, "secret")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "rules") {
		rule := networkingv1.IngressRule{Host: hosts.Draw(t, "host")}
		if rapid.IntRange(0, 14).Draw(t, "http") > 0 {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range rapid.IntRange(0, 3).Draw(t, "paths") {
				path := networkingv1.HTTPIngressPath{Path: paths.Draw(t, "path"), Backend: backend(t)}
				if kind := types.Draw(t, "type"); kind != "-" {
					path.PathType = (*networkingv1.PathType)(&kind)
				}
				rule.HTTP.Paths = append(rule.HTTP.Paths, path)
			}
		}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	return ir.Ingress{Ingress: ing}
}

// Cluster draws a cluster.
func Cluster(t *rapid.T) ir.Input {
	var in ir.Input
	for i := range rapid.IntRange(1, 6).Draw(t, "ingresses") {
		in.Ingresses = append(in.Ingresses, Ingress(t, i))
	}
	in.ServicesKnown = rapid.Bool().Draw(t, "services known")
	in.SecretsKnown = rapid.Bool().Draw(t, "secrets known")
	in.EndpointsKnown = rapid.Bool().Draw(t, "endpoints known")
	in.TraefikKnown = rapid.IntRange(0, 3).Draw(t, "objects known") == 0
	for _, namespace := range []string{"x", "y"} {
		for _, name := range []string{"a", "b", "ext"} {
			s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: annotations(t, 2)}}
			s.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "tls", Port: 443}}
			s.Spec.ClusterIP = rapid.SampledFrom([]string{"10.0.0.1", "None", ""}).Draw(t, "address")
			s.Spec.Type = rapid.SampledFrom([]corev1.ServiceType{"", corev1.ServiceTypeNodePort}).Draw(t, "type")
			if name == "ext" {
				s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "ext.example"
			}
			in.Services = append(in.Services, s)
		}
		in.Secrets = append(in.Secrets, ir.Secret{Namespace: namespace, Name: "s", Keys: []string{"tls.crt", "tls.key"}}, ir.Secret{Namespace: namespace, Name: "s2", Keys: []string{"tls.crt"}})
		in.Traefik = append(in.Traefik, ir.TraefikObject{Kind: "Middleware", Namespace: namespace, Name: "a"})
	}
	if rapid.Bool().Draw(t, "classes") {
		class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "traefik"}}
		class.Spec.Controller = "traefik.io/ingress-controller"
		in.IngressClasses = append(in.IngressClasses, class)
	}
	return in
}

// Facts draws what manifests do not tell.
func Facts(t *rapid.T) traefikingress.Facts {
	f := traefikingress.Facts{Version: rapid.SampledFrom([]string{"", "2.11.40", "3.0", "3.6.10", "3.6.12", "3.7"}).Draw(t, "version")}
	if rapid.Bool().Draw(t, "facts") {
		f.StrictPrefixMatching = rapid.Bool().Draw(t, "strict")
		f.DefaultRuleSyntax = rapid.SampledFrom([]string{"", "v2", "v3"}).Draw(t, "syntax")
		f.AllowEmptyServices = rapid.Bool().Draw(t, "empty")
		f.AllowExternalNameServices = rapid.Bool().Draw(t, "external")
		f.NativeLBByDefault = rapid.Bool().Draw(t, "native")
		f.AllowCrossNamespace = rapid.Bool().Draw(t, "cross")
		f.IngressClass = rapid.SampledFrom([]string{"", "", "traefik"}).Draw(t, "class")
		f.LabelSelector = rapid.SampledFrom([]string{"", "team=x", "(("}).Draw(t, "selector")
		f.CrossProviderNamespaces = rapid.SampledFrom([][]string{nil, nil, {}, {"y"}}).Draw(t, "providers")
		f.EntryPoints = rapid.SampledFrom([][]traefikingress.EntryPoint{nil, {{Name: "web"}, {Name: "websecure", Target: "tls"}}, {{Name: "web", AsDefault: true}, {Name: "b"}}}).Draw(t, "entry points")
	}
	return f
}
