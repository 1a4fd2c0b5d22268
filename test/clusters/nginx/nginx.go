// Package nginx draws clusters of ingress-nginx for property tests.
package nginx

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	dialect "github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
)

// The small alphabets make Ingresses meet: equal hosts and paths, wildcards over
// hosts, expressions, canaries with and without primary.
var (
	hosts    = rapid.SampledFrom([]string{"", "a.w", "b.w", "*.w", "www.a.w", "h.test"})
	paths    = rapid.SampledFrom([]string{"", "/", "/foo", "/foo/", "/foo/bar", "/Foo", "/f.o", "/a(/|$)(.*)", "/a|/b", "/x(?!y)", "/{id}", "no-slash"})
	services = rapid.SampledFrom([]string{"a", "b", "c"})
	epoch    = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	values   = map[string][]string{
		"affinity":                {"cookie", "ip"},
		"allowlist-source-range":  {"10.0.0.0/8", "nonsense", ""},
		"app-root":                {"/app", "app"},
		"auth-method":             {"POST"},
		"auth-secret":             {"users", "other/users", "missing", "two"},
		"auth-secret-type":        {"auth-map", "auth-file", "x"},
		"auth-tls-match-cn":       {"CN=x"},
		"auth-tls-secret":         {"x/ca", "y/ca", "ca"},
		"auth-tls-verify-client":  {"on", "off", "optional", "?"},
		"auth-type":               {"basic", "digest", "kerberos"},
		"auth-url":                {"http://auth.test/", "auth", "http://$host/"},
		"backend-protocol":        {"HTTPS", "grpc", "FCGI", "AUTO_HTTP", "x"},
		"canary":                  {"true", "1", "no"},
		"canary-by-cookie":        {"ck", "a b"},
		"canary-by-header":        {"X-C", "a b"},
		"canary-by-header-value":  {"yes"},
		"canary-weight":           {"0", "20", "100", "300", "x"},
		"configuration-snippet":   {"more_set_headers \"X: y\";", "deny all;", "}{", "proxy_buffers 8 8k;"},
		"cors-allow-origin":       {"*", "https://*.foo.test", "foo"},
		"custom-headers":          {"x/h"},
		"custom-http-errors":      {"404,503", "x"},
		"default-backend":         {"a", "missing"},
		"denylist-source-range":   {"10.1.0.0/16", "/"},
		"enable-cors":             {"true"},
		"force-ssl-redirect":      {"true"},
		"from-to-www-redirect":    {"true"},
		"limit-allowlist":         {"192.0.2.1"},
		"limit-rps":               {"3", "x", "-1"},
		"mirror-target":           {"http://b.x.svc", "http://far.test"},
		"permanent-redirect":      {"https://t.test/", "https://t.test$request_uri"},
		"permanent-redirect-code": {"308", "304", "x"},
		"proxy-body-size":         {"8m", "0", "x"},
		"proxy-read-timeout":      {"5", "600", "x"},
		"rewrite-target":          {"/", "/r", "/$2", "https://o.test/$1", "/$host", "a b"},
		"satisfy":                 {"any", "all", "x"},
		"server-alias":            {"b.w", "alias.test,~^z.*$", "~("},
		"server-snippet":          {"location /x { deny all; }"},
		"session-cookie-path":     {"/p"},
		"ssl-ciphers":             {"ECDHE-RSA-AES128-GCM-SHA256", "x"},
		"ssl-passthrough":         {"true"},
		"ssl-redirect":            {"false", "maybe"},
		"typo-annotation":         {"x"},
		"upstream-hash-by":        {"$remote_addr", "$request_uri"},
		"use-regex":               {"true"},
		"x-forwarded-prefix":      {"/p"},
	}
)

// Options bound what is drawn; what is empty is drawn from all there is, but no
// annotations.
type Options struct {
	Annotations []string
	Hosts       []string
	Paths       []string
	Types       []networkingv1.PathType
}

// Everything draws everything.
func Everything() Options { return Options{Annotations: slices.Sorted(maps.Keys(values))} }

func sampled(pool []string, all *rapid.Generator[string]) *rapid.Generator[string] {
	if len(pool) == 0 {
		return all
	}
	return rapid.SampledFrom(pool)
}

func (o Options) ingress(t *rapid.T, number int) ir.Ingress {
	class := "nginx"
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace:   rapid.SampledFrom([]string{"x", "x", "y"}).Draw(t, "namespace"),
		Name:        string(rune('a' + number)),
		Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"},
	}}
	ing.Spec.IngressClassName = &class
	if rapid.Bool().Draw(t, "stored") {
		ing.CreationTimestamp = metav1.NewTime(epoch.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "age")) * time.Hour))
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(o.Annotations), 0, 4, rapid.ID[string]).Draw(t, "annotations") {
		ing.Annotations["nginx.ingress.kubernetes.io/"+name] = rapid.SampledFrom(values[name]).Draw(t, name)
	}
	backend := func() networkingv1.IngressBackend {
		return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
			Name: services.Draw(t, "service"), Port: networkingv1.ServiceBackendPort{Number: 80},
		}}
	}
	if rapid.IntRange(0, 9).Draw(t, "default") == 0 {
		b := backend()
		ing.Spec.DefaultBackend = &b
	}
	if rapid.IntRange(0, 2).Draw(t, "tls") == 0 {
		ing.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{"a.w"}, SecretName: "crt"}}
	}
	types := o.Types
	if types == nil {
		types = []networkingv1.PathType{networkingv1.PathTypePrefix, networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific}
	}
	for range rapid.IntRange(0, 2).Draw(t, "rules") {
		rule := networkingv1.IngressRule{Host: sampled(o.Hosts, hosts).Draw(t, "host")}
		if rapid.IntRange(0, 9).Draw(t, "http") > 0 {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for range rapid.IntRange(0, 3).Draw(t, "paths") {
				kind := rapid.SampledFrom(types).Draw(t, "type")
				rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{
					Path: sampled(o.Paths, paths).Draw(t, "path"), PathType: &kind, Backend: backend(),
				})
			}
		}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	return ir.Ingress{Ingress: ing}
}

// Cluster draws a cluster.
func (o Options) Cluster(t *rapid.T) ir.Input {
	in := ir.Input{ServicesKnown: true, SecretsKnown: true}
	for i := range rapid.IntRange(1, 6).Draw(t, "ingresses") {
		in.Ingresses = append(in.Ingresses, o.ingress(t, i))
	}
	for _, namespace := range []string{"x", "y"} {
		for _, name := range []string{"a", "b", "c"} {
			in.Services = append(in.Services, &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
				Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
			})
		}
		in.Secrets = append(in.Secrets,
			ir.Secret{Namespace: namespace, Name: "users", Keys: []string{"auth"}},
			ir.Secret{Namespace: namespace, Name: "two", Keys: []string{"auth", "b"}},
			ir.Secret{Namespace: namespace, Name: "ca", Keys: []string{"ca.crt"}},
			ir.Secret{Namespace: namespace, Name: "crt", Keys: []string{"tls.crt", "tls.key"}},
		)
	}
	return in
}

// Facts draws what manifests do not tell.
func Facts(t *rapid.T) dialect.Facts {
	return dialect.Facts{
		EnableSSLPassthrough: rapid.Bool().Draw(t, "passthrough"),
		ConfigMapKnown:       rapid.Bool().Draw(t, "known"),
		LimitBodies:          rapid.Bool().Draw(t, "bodies"),
		Retry:                rapid.Bool().Draw(t, "retry"),
	}
}
