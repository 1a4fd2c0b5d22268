package judge

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
)

// A load is complete when its sentinel answers: a route that needs an object of
// every resource that is watched, each the last one its watch reports.

// SentinelPod is the name of the pod that answers sentinels: routes for every host
// may answer them in its place while a load is incomplete.
const SentinelPod = "sentinel"

const sentinelNamespace = "zz-oracle"

func sentinelName(generation int) string { return fmt.Sprintf("sentinel-%d", generation) }

// sentinelHost is a host that no set uses.
func sentinelHost(generation, step int) string {
	return fmt.Sprintf("%s-%d.oracle.invalid", sentinelName(generation), step)
}

func sentinelRequest(host string, tls bool) Request {
	return Request{TLS: tls, Method: http.MethodGet, Host: host, Target: "/", Header: http.Header{
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("oracle:oracle"))},
	}}
}

func metadata(name string, more map[string]any) map[string]any {
	out := map[string]any{"namespace": sentinelNamespace, "name": name}
	maps.Copy(out, more)
	return out
}

// sentinelUsers is one line for user and password oracle.
func sentinelUsers() string {
	hash := sha1.Sum([]byte("oracle"))
	return "oracle:{SHA}" + base64.StdEncoding.EncodeToString(hash[:])
}

// sentinelBackend is a Service with one pod and a Secret with one user.
func sentinelBackend(name, address string) []any {
	return []any{
		map[string]any{
			"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name, nil),
			"data": map[string][]byte{"users": []byte(sentinelUsers())},
		},
		map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": metadata(name, nil),
			"spec": map[string]any{"clusterIP": "10.0.0.1", "ports": []any{map[string]any{"name": "http", "port": 80}}},
		},
		map[string]any{
			"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata(name, nil),
			"subsets": []any{map[string]any{
				"addresses": []any{map[string]any{"ip": address}},
				"ports":     []any{map[string]any{"name": "http", "port": pods.Port, "protocol": "TCP"}},
			}},
		},
		map[string]any{
			"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
			"metadata":  metadata(name, map[string]any{"labels": map[string]string{"kubernetes.io/service-name": name}}),
			"endpoints": []any{map[string]any{"addresses": []string{address}, "conditions": map[string]any{"ready": true}}},
			"ports":     []any{map[string]any{"name": "http", "port": pods.Port, "protocol": "TCP"}},
		},
	}
}

// sentinelIngress is the sentinel for Traefik 1.7: without the Secret or the
// Service there is no route, without the endpoints it answers 503.
func sentinelIngress(name, host, class string) any {
	annotations := map[string]string{
		"ingress.kubernetes.io/auth-type":             "basic",
		"ingress.kubernetes.io/auth-secret":           name,
		"ingress.kubernetes.io/priority":              "1000000000",
		"ingress.kubernetes.io/frontend-entry-points": "http,https",
	}
	if class != "" {
		annotations["kubernetes.io/ingress.class"] = class
	}
	return map[string]any{
		"apiVersion": "extensions/v1beta1", "kind": "Ingress",
		"metadata": metadata(host, map[string]any{"annotations": annotations}),
		"spec": map[string]any{"rules": []any{map[string]any{"host": host, "http": map[string]any{"paths": []any{
			map[string]any{"path": "/", "backend": map[string]any{"serviceName": name, "servicePort": 80}},
		}}}}},
	}
}

// sentinelIngresses is the sentinel for the Ingress provider of Traefik 2 and 3:
// its routers work once the CRD provider has the Middleware, too.
func sentinelIngresses(name, host string) []any {
	ingress := func(suffix string, annotations map[string]string) any {
		annotations["traefik.ingress.kubernetes.io/router.middlewares"] = sentinelNamespace + "-" + name + "@kubernetescrd"
		annotations["traefik.ingress.kubernetes.io/router.priority"] = "9000000000000000000"
		return map[string]any{
			"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
			"metadata": metadata(host+suffix, map[string]any{"annotations": annotations}),
			"spec": map[string]any{"rules": []any{map[string]any{"host": host, "http": map[string]any{"paths": []any{
				map[string]any{"path": "/", "pathType": "Prefix", "backend": map[string]any{"service": map[string]any{"name": name, "port": map[string]any{"number": 80}}}},
			}}}}},
		}
	}
	return []any{
		ingress("", map[string]string{"traefik.ingress.kubernetes.io/router.entrypoints": "web"}),
		ingress("-tls", map[string]string{"traefik.ingress.kubernetes.io/router.entrypoints": "websecure", "traefik.ingress.kubernetes.io/router.tls": "true"}),
	}
}

// sentinelRoutes is the sentinel for the CRD providers of Traefik 2 and 3.
func sentinelRoutes(name, host string) []any {
	object := func(kind, name string, spec map[string]any) any {
		return map[string]any{"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": metadata(name, nil), "spec": spec}
	}
	route := map[string]any{
		"kind": "Rule", "match": "Host(`" + host + "`)", "priority": 9_000_000_000_000_000_000,
		"middlewares": []any{map[string]any{"name": name}},
		"services":    []any{map[string]any{"name": name, "kind": "TraefikService"}},
	}
	return []any{
		object("Middleware", name, map[string]any{"basicAuth": map[string]any{"secret": name}}),
		object("ServersTransport", name, map[string]any{"insecureSkipVerify": true}),
		object("TraefikService", name, map[string]any{"weighted": map[string]any{"services": []any{
			map[string]any{"name": name, "port": 80, "serversTransport": name},
		}}}),
		object("IngressRoute", host, map[string]any{"entryPoints": []string{"web"}, "routes": []any{route}}),
		object("IngressRoute", host+"-tls", map[string]any{"entryPoints": []string{"websecure"}, "routes": []any{route}, "tls": map[string]any{}}),
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
