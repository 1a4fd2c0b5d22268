package convert

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// loudValues are such that whatever an annotation or setting is about, one of
// them asks for something that is not the default.
var loudValues = []string{
	"true", "false", "1", "7", "600", "on", "off", "cookie", "lax", "ewma", "/x", "http://auth.x/", "users", "shop/ca", "10.0.0.0/8", "X-A: b", "a: 1%\nb: 99%",
	"web", "Path", "v2", "x-a@kubernetescrd", "h2c", "drr", "NetworkErrorRatio() > 0.5", "client.ip", "AddPrefix:/p", "pem: true", "maxrequestbodybytes: 10",
	"e: {status: ['500'], backend: a.x/, query: /}", "extractorfunc: client.ip\nrateset: {r: {period: 1s, average: 1, burst: 1}}", "basic", "10ms", "a", "503", "8m",
	"$remote_addr", "TLSv1.3", "deny all;", "http://a.shop.svc/", "HTTPS", "SecRuleEngine On", "minimal", "nginx", "traefik", "any", "~*bad",
	"/p", "X-H", "legacy",
}

// equal are annotations that change nothing beside some others, whatever their value.
var equal = map[string]string{
	"traefik.backend.loadbalancer.sticky":                  "an older name of ingress.kubernetes.io/affinity",
	"traefik.ingress.kubernetes.io/router.tls.domains":     "the value of a list of sections; its sections count",
	"traefik.ingress.kubernetes.io/router.rulesyntax":      "the rules of plain paths are the same in both syntaxes",
	"nginx.ingress.kubernetes.io/affinity-canary-behavior": "about canaries; read on the primary",
}

// said is everything that a conversion says about a cluster but for the list of
// annotations, which names each of them whatever becomes of it.
func said(t *testing.T, in Input, opts Options) string {
	t.Helper()
	result := Convert(in, opts)
	for i := range result.Ingresses {
		result.Ingresses[i].Annotations = nil
	}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// loudInput is an Ingress with TLS and a Service, each with annotations.
func loudInput(from Dialect, onIngress, onService map[string]string) Input {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "loud", Annotations: onIngress}}
	if from == FromNginx {
		class := "nginx"
		ing.Spec.IngressClassName = &class
	}
	backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "a", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	ing.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{"a.x"}, SecretName: "crt"}}
	ing.Spec.Rules = []networkingv1.IngressRule{{Host: "a.x", IngressRuleValue: networkingv1.IngressRuleValue{
		HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/p", Backend: backend}}},
	}}}
	ingresses := []ir.Ingress{{Ingress: ing}}
	if onIngress["nginx.ingress.kubernetes.io/canary"] != "" { // of this one, to another Service
		primary := ing.DeepCopy()
		primary.Name, primary.Annotations = "primary", nil
		primary.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name = "b"
		ingresses = append(ingresses, ir.Ingress{Ingress: primary})
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "a", Annotations: onService}}
	service.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}}
	other := service.DeepCopy()
	other.Name = "b"
	return Input{
		Ingresses: ingresses, Services: []*corev1.Service{service, other}, ServicesKnown: true, SecretsKnown: true,
		Secrets: []ir.Secret{
			{Namespace: "shop", Name: "users", Keys: []string{"auth"}}, {Namespace: "shop", Name: "ca", Keys: []string{"ca.crt"}},
			{Namespace: "shop", Name: "crt", Type: corev1.SecretTypeTLS, Keys: []string{"tls.crt", "tls.key"}},
		},
	}
}

// row is an annotation of a dialect, with its full key.
type row struct {
	key       string
	onService bool
}

// circumstances are annotations beside which others mean something.
type circumstances struct {
	onIngress, onService map[string]string
}

func dialectRows() map[Dialect][]row {
	rows := map[Dialect][]row{}
	for _, a := range traefikv1.Annotations() {
		rows[FromTraefikV1] = append(rows[FromTraefikV1], row{a.Key, a.Family == "service"})
	}
	for _, a := range traefikingress.Annotations() {
		key := strings.ReplaceAll(a.Key, ".n.", ".0.")
		rows[FromTraefik] = append(rows[FromTraefik], row{key, a.On == "Service"})
	}
	for _, a := range nginx.Annotations() {
		if a.Fate != nginx.Inert { // asks for nothing that a client could see
			rows[FromNginx] = append(rows[FromNginx], row{key: "nginx.ingress.kubernetes.io/" + a.Name})
		}
	}
	return rows
}

func dialectCircumstances() map[Dialect][]circumstances {
	of := func(prefix string, sets ...string) []circumstances {
		out := []circumstances{{}}
		for _, set := range sets {
			annotations := map[string]string{}
			for pair := range strings.SplitSeq(set, "; ") {
				name, value, _ := strings.Cut(pair, "=")
				annotations[prefix+name] = value
			}
			out = append(out, circumstances{onIngress: annotations, onService: annotations})
		}
		return out
	}
	return map[Dialect][]circumstances{
		FromTraefikV1: of(
			"ingress.kubernetes.io/", "auth-type=basic; auth-secret=users", "auth-type=forward; auth-url=http://auth.x/", "affinity=true", "max-conn-amount=5",
			"redirect-regex=^http://a.x/(.*); redirect-replacement=https://b.x/$1", "whitelist-source-range=10.0.0.0/8", "ssl-redirect=true", "hsts-max-age=5",
		),
		FromTraefik: of("traefik.ingress.kubernetes.io/", "router.tls=true", "service.sticky.cookie=true", "router.observability=true"),
		FromNginx: of(
			"nginx.ingress.kubernetes.io/", "auth-type=basic; auth-secret=users", "auth-url=http://auth.x/", "enable-cors=true", "affinity=cookie",
			"proxy-ssl-secret=shop/crt; backend-protocol=HTTPS", "upstream-hash-by=$request_uri", "enable-modsecurity=true", "mirror-target=http://a.shop.svc",
			"limit-rps=5", "rewrite-target=/r", "auth-tls-secret=shop/ca", "custom-http-errors=404; default-backend=a", "permanent-redirect=https://t.x/",
			"temporal-redirect=https://t.x/", "canary=true", "canary=true; canary-by-header=X-C", "allowlist-source-range=10.0.0.0/8",
		),
	}
}

// No annotation is silent: beside whatever else there is, some value of it
// changes an object or is named in a diagnostic, for every target.
func TestNoAnnotationIsSilent(t *testing.T) {
	for from, rows := range dialectRows() {
		for _, target := range fuzzTargets[:2] {
			for i, c := range dialectCircumstances()[from] {
				t.Run(fmt.Sprintf("%s to %d %d", from, target.Version, i), func(t *testing.T) {
					opts := Options{From: from, Target: target, Traefik: traefikingress.Facts{Version: "3.7"}}
					before := said(t, loudInput(from, c.onIngress, c.onService), opts)
					for _, r := range rows {
						if _, ok := c.onIngress[r.key]; !ok && equal[r.key] == "" && !loud(t, from, opts, c, r, before) {
							t.Errorf("%s is silent beside %v", r.key, c.onIngress)
						}
					}
				})
			}
		}
	}
}

// loud tells whether some value of an annotation makes a difference.
func loud(t *testing.T, from Dialect, opts Options, c circumstances, r row, before string) bool {
	return slices.ContainsFunc(loudValues, func(value string) bool {
		onIngress, onService := maps.Clone(c.onIngress), maps.Clone(c.onService)
		changed := &onIngress
		if r.onService {
			changed = &onService
		}
		if *changed == nil {
			*changed = map[string]string{}
		}
		(*changed)[r.key] = value
		return said(t, loudInput(from, onIngress, onService), opts) != before
	})
}

// No setting of ingress-nginx is silent, but for those that tune nginx.
func TestNoSettingIsSilent(t *testing.T) {
	tuning := strings.Fields(`gzip-level gzip-min-length gzip-types log-format-escape-json max-worker-connections proxy-buffer-size
		proxy-buffering proxy-headers-hash-bucket-size proxy-headers-hash-max-size proxy-protocol-header-timeout proxy-request-buffering
		proxy-ssl-location-only reuse-port server-name-hash-bucket-size server-name-hash-max-size server-tokens ssl-session-cache
		ssl-session-tickets ssl-session-timeout upstream-keepalive-connections upstream-keepalive-requests upstream-keepalive-time
		upstream-keepalive-timeout variables-hash-bucket-size variables-hash-max-size worker-cpu-affinity worker-processes
		worker-shutdown-timeout global-auth-cache-duration generate-request-id ignore-invalid-headers strict-validate-path-type`)
	values := append(slices.Clone(loudValues), "")
	circumstances := []map[string]string{
		{}, {"global-auth-url": "http://auth.x/"}, {"enable-modsecurity": "true"}, {"custom-http-errors": "503"}, {"whitelist-source-range": "10.0.0.0/8"},
		{"allow-snippet-annotations": "true", "annotations-risk-level": "Critical"}, {"use-forwarded-headers": "true", "whitelist-source-range": "10.0.0.0/8"}, {"allow-cross-namespace-resources": "true"},
	}
	annotations := map[string]string{}
	for name, value := range map[string]string{
		"configuration-snippet": "deny all;", "custom-headers": "shop/h", "custom-http-errors": "503", "default-backend": "a",
	} {
		annotations["nginx.ingress.kubernetes.io/"+name] = value
	}
	elsewhere := map[string]string{"nginx.ingress.kubernetes.io/auth-type": "basic", "nginx.ingress.kubernetes.io/auth-secret": "other/users"}
	for _, key := range nginx.SettingKeys() {
		if slices.Contains(tuning, key) {
			continue
		}
		for _, target := range []emit.Version{emit.V2, emit.V3} {
			heard := slices.ContainsFunc(circumstances, func(beside map[string]string) bool {
				return slices.ContainsFunc([]map[string]string{nil, annotations, elsewhere}, func(onIngress map[string]string) bool {
					convert := func(config map[string]string) string {
						in := loudInput(FromNginx, onIngress, nil)
						plain := in.Ingresses[0].DeepCopy()
						plain.Name, plain.Spec.TLS, plain.Spec.Rules[0].Host = "plain", nil, "b.x"
						in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: plain})
						facts := nginx.Facts{ConfigMapKnown: true, ConfigMap: config, HeaderMaps: map[string]map[string]string{"shop/ca": {"X-A": "b"}, "shop/h": {"X-H": "b"}}}
						return said(t, in, Options{From: FromNginx, Target: emit.Target{Version: target}, Nginx: facts})
					}
					before := convert(beside)
					return slices.ContainsFunc(values, func(value string) bool {
						config := maps.Clone(beside)
						config[key] = value
						return convert(config) != before
					})
				})
			})
			if !heard {
				t.Errorf("setting %s is silent for Traefik %d", key, target)
			}
		}
	}
}
