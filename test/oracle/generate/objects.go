package generate

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type object = map[string]any

// middlewares are those that annotations refer to, one for each way in which a
// Middleware can answer or change a request.
func middlewares() map[string]object {
	return map[string]object{
		"strip":   {"stripPrefix": object{"prefixes": []any{"/foo"}}},
		"add":     {"addPrefix": object{"prefix": "/p"}},
		"rewrite": {"replacePathRegex": object{"regex": "^/foo(.*)", "replacement": "/bar$1"}},
		"head":    {"headers": object{"customRequestHeaders": object{"X-A": "1"}, "customResponseHeaders": object{"X-R": "1"}}},
		"users":   {"basicAuth": object{"secret": "users"}},
		"asked":   {"forwardAuth": object{"address": authURL, "authResponseHeaders": []any{"X-Auth-User"}}},
		"nobody":  {"ipAllowList": object{"sourceRange": []any{"10.0.0.0/8"}}},
		"secure":  {"redirectScheme": object{"scheme": "https", "permanent": true}},
		"chain":   {"chain": object{"middlewares": []any{object{"name": "strip"}, object{"name": "head"}}}},
		"pages":   {"errors": object{"status": []any{"500-599"}, "query": "/{status}", "service": object{"name": "err", "port": int64(80)}}},
		"broken":  {"basicAuth": object{"secret": "nosecret"}},
	}
}

func middlewareNames() []string { return slices.Sorted(maps.Keys(middlewares())) }

// Objects are Traefik's own objects in a namespace.
func Objects(namespace string) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	add := func(kind, name string, spec object) {
		out = append(out, &unstructured.Unstructured{Object: object{
			"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": object{"namespace": namespace, "name": name}, "spec": spec,
		}})
	}
	for _, name := range middlewareNames() {
		add("Middleware", name, middlewares()[name])
	}
	add("TLSOption", "modern", object{"minVersion": "VersionTLS13"})
	add("TLSOption", "mutual", object{"clientAuth": object{"clientAuthType": "RequireAnyClientCert"}})
	// The pods' certificate is one that nobody trusts.
	add("ServersTransport", "trusting", object{"insecureSkipVerify": true})
	add("ServersTransport", "checked", object{"serverName": "checked.test"})
	return out
}

// Secret is one of those that SecretData knows.
func Secret(namespace, name string) *corev1.Secret {
	secret := &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Type:       corev1.SecretTypeOpaque, Data: SecretData(name),
	}
	if name == "typed" {
		secret.Type = corev1.SecretTypeBasicAuth
	}
	return secret
}
