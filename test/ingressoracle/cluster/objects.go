package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Classes are the IngressClasses of every cluster.
func Classes() []*networkingv1.IngressClass {
	class := func(name, controller string) *networkingv1.IngressClass {
		return &networkingv1.IngressClass{
			TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "IngressClass"},
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: networkingv1.IngressClassSpec{Controller: controller},
		}
	}
	return []*networkingv1.IngressClass{class("traefik", "traefik.io/ingress-controller"), class("edge", "traefik.io/ingress-controller"), class("other", "example.com/other")}
}

// backends are the objects that stay when Ingresses are converted.
func (s *Set) backends() []any {
	var out []any
	for _, o := range s.Services {
		out = append(out, o)
	}
	for _, o := range s.Endpoints {
		out = append(out, o, slicesOf(o))
	}
	for _, o := range s.Secrets {
		out = append(out, o)
	}
	for _, o := range s.Middlewares {
		spec := map[string]any{}
		if o.Kind == "Middleware" {
			spec["headers"] = map[string]any{"customRequestHeaders": map[string]any{"X-Was-Here": o.Namespace + "/" + o.Name}}
		}
		out = append(out, map[string]any{
			"apiVersion": "traefik.io/v1alpha1", "kind": o.Kind,
			"metadata": map[string]any{"namespace": o.Namespace, "name": o.Name}, "spec": spec,
		})
	}
	return out
}

// Before are the objects of a cluster of these sets.
func Before(sets []*Set) []any {
	var out []any
	for _, class := range Classes() {
		out = append(out, class)
	}
	for _, s := range sets {
		for _, ingress := range s.Ingresses {
			out = append(out, ingress)
		}
		out = append(out, s.backends()...)
	}
	return out
}

// After are the objects once the Ingresses are converted.
func After(sets []*Set, converted []convert.Output) []any {
	var out []any
	for _, o := range converted {
		out = append(out, o.Object)
	}
	for _, s := range sets {
		out = append(out, s.backends()...)
	}
	return out
}

// Input is what the converter reads of the sets.
func Input(sets []*Set) convert.Input {
	in := convert.Input{IngressClasses: Classes(), ServicesKnown: true, EndpointsKnown: true, SecretsKnown: true, TraefikKnown: true}
	for _, s := range sets {
		for _, ingress := range s.Ingresses {
			in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ingress})
		}
		in.Services = append(in.Services, s.Services...)
		in.Endpoints = append(in.Endpoints, s.Endpoints...)
		in.Traefik = append(in.Traefik, s.Middlewares...)
		for _, secret := range s.Secrets {
			in.Secrets = append(in.Secrets, facts(secret))
		}
	}
	return in
}

func facts(secret *corev1.Secret) ir.Secret {
	out := ir.Secret{Namespace: secret.Namespace, Name: secret.Name, Type: secret.Type}
	for key := range secret.Data {
		out.Keys = append(out.Keys, key)
	}
	slices.Sort(out.Keys)
	return out
}

// Request is what a set is asked.
type Request struct {
	EntryPoint string
	TLS        bool
	Host, Path string
}

// Requests of a set: every host with every path, on both entry points, in clear
// and over TLS.
func (s *Set) Requests() []Request {
	var out []Request
	for _, host := range []string{"a." + s.Domain, "A." + s.Domain, "bb." + s.Domain, "c_c." + s.Domain, "x.a." + s.Domain, "y.a." + s.Domain, "a." + s.Domain + ".", s.Domain, "elsewhere.example"} {
		for _, path := range []string{
			"/", "/foo", "/foobar", "/foo/", "/foo/bar", "/foo/barbaz/x", "/fo", "/FOO", "/id/7", "/id/ab", "/id/{x}", "/id/{x", "/v/ab/end", "/v/abc/end",
			"/a b", "/caf\u00e9", "/quote\"`\\", "/re7", "/x/re7", "/x", "/y",
		} {
			for _, entryPoint := range []string{"web", "websecure"} {
				out = append(out, Request{entryPoint, false, host, path}, Request{entryPoint, true, host, path})
			}
		}
	}
	return out
}
