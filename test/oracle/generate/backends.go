package generate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// services makes a Service for every one that an Ingress names, mostly a plain
// one with a pod or more.
func (g maker) services(annotations func() map[string]string) {
	g.set.Complete()
	for i, service := range g.set.Services {
		// Ports 443 and https lead to the pods' TLS port.
		if g.chance(2) {
			service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: "https", Port: 443})
		}
		g.set.Endpoints[i] = world.EndpointsOf(service, pick(g.source, 1, 1, 1, 1, 2, 3, 0))
		if g.chance(20) {
			service.Spec.Type, service.Spec.ClusterIP = corev1.ServiceTypeExternalName, ""
			service.Spec.ExternalName = world.PodAddress(service.Namespace, service.Name, 0)
			service.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: pods.Port}}
			g.set.Endpoints[i] = world.EndpointsOf(service, 0)
			g.usePort(service, pods.Port)
		}
		if g.chance(6) {
			service.Annotations = annotations()
		}
	}
}

// usePort makes every Ingress that names service name the port, too.
func (g maker) usePort(service *corev1.Service, port int32) {
	for _, ingress := range g.set.Ingresses {
		if ingress.Namespace != service.Namespace {
			continue
		}
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil {
				continue
			}
			for i := range rule.HTTP.Paths {
				if b := rule.HTTP.Paths[i].Backend.Service; b != nil && b.Name == service.Name && b.Port.Number == 80 {
					b.Port.Number = port
				}
			}
		}
	}
}

func (g *v1) serviceAnnotations() map[string]string {
	a := annotated{source: g.source, values: map[string]string{}}
	switch g.IntN(8) {
	case 0, 1:
		a.bool("affinity")
		if g.chance(2) {
			a.set("session-cookie-name", pick(g.source, "sid", "s id", "SID"))
		}
		for _, name := range []string{"session-secure", "session-http-only"} {
			if g.chance(3) {
				a.bool(name)
			}
		}
		if g.chance(3) {
			a.set("session-same-site", pick(g.source, "lax", "Strict", "none"))
		}
	case 2:
		a.set("max-conn-amount", pick(g.source, "10", "0", "-1", "x"))
		a.set("max-conn-extractor-func", pick(g.source, "client.ip", "request.host", "request.header.X-Key", "bogus", ""))
	case 3:
		a.set("circuit-breaker-expression", pick(g.source, "NetworkErrorRatio() > 0.5", "bogus(", "LatencyAtQuantileMS(50.0) > 10000", `ResponseCodeRatio(500, 600, 0, 600) > 2`))
	case 4:
		a.set("buffering", pick(g.source,
			"maxrequestbodybytes: 10", "maxRequestBodyBytes: 10", "maxrequestbodybytes: 10\nretryexpression: IsNetworkError() && Attempts() <= 2", "retryexpression: Bogus()", "x: ["))
	case 5:
		a.set("responseforwarding-flushinterval", pick(g.source, "10ms", "1", "10zz"))
	case 6:
		a.set("load-balancer-method", pick(g.source, "drr", "wrr", "DRR"))
	case 7:
		a.values["traefik.backend.loadbalancer.sticky"] = pick(g.source, "true", "false")
	}
	return a.values
}

// Credentials of the generated Secrets.
const (
	goodUser     = "alice:secret"
	usersSecret  = "alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n\nbob:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00\n"
	digestSecret = "alice:traefik:ac1e1e5d4b6d5a25a8f1a4ab4c5b4d9e"
)

// SecretData is the content of a Secret that generated Ingresses name; nil for names
// that stay missing.
func SecretData(name string) map[string][]byte {
	return map[string]map[string][]byte{
		"auth":    {"auth": []byte("alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00\n")},
		"authmap": {"alice": []byte("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=")},
		"other":   {"users": []byte(usersSecret)},
		"users":   {"auth": []byte(usersSecret)},
		"digest":  {"auth": []byte(digestSecret)},
		"two":     {"auth": []byte(usersSecret), "other": []byte("x")},
		"bad":     {"auth": []byte("alice:a:b\n")},
		"empty":   {"auth": []byte("\n\n")},
		"typed":   {"username": []byte("alice"), "password": []byte("secret")},
		"crt":     {"tls.crt": []byte(certificate), "tls.key": []byte(key)},
		"crt2":    {"tls.crt": []byte(certificate2), "tls.key": []byte(key)},
		// What follows the last block is "not PEM" to Traefik 1.7.
		"blankcrt": {"tls.crt": []byte(certificate + "\n"), "tls.key": []byte(key)},
	}[name]
}

// secrets makes each Secret that an Ingress of a namespace names.
func (g maker) secrets() {
	for _, ingress := range g.set.Ingresses {
		var names []string
		for _, value := range ingress.Annotations {
			names = append(names, value)
		}
		for _, tls := range ingress.Spec.TLS {
			names = append(names, tls.SecretName)
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if SecretData(name) == nil || slices.ContainsFunc(g.set.Secrets, func(have *corev1.Secret) bool {
				return have.Namespace == ingress.Namespace && have.Name == name
			}) {
				continue
			}
			g.set.Secrets = append(g.set.Secrets, Secret(ingress.Namespace, name))
		}
	}
}
