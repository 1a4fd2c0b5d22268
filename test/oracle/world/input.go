package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// Input is what the converter sees of the sets, all in one cluster: read by the
// product's own reader from what a user would have in a file.
func Input(sets ...*Set) (convert.Input, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	objects := classes()
	for _, s := range sets {
		objects = append(objects, s.objects()...)
	}
	for _, object := range objects {
		text.WriteString("---\n")
		if err := encoder.Encode(object); err != nil {
			return convert.Input{}, err
		}
	}
	loaded, err := source.FromFiles(source.Files{Names: []string{"-"}, Stdin: &text, Complete: true})
	loaded.Input.TraefikKnown = true
	return loaded.Input, err
}

// objects are those of a set as current API versions have them.
func (s *Set) objects() []any {
	var out []any
	for _, ingress := range s.Ingresses {
		ingress = ingress.DeepCopy()
		ingress.APIVersion, ingress.Kind = networkingv1.SchemeGroupVersion.String(), "Ingress"
		out = append(out, ingress)
	}
	for _, o := range s.Services {
		out = append(out, o)
	}
	for _, o := range s.Endpoints {
		out = append(out, o)
	}
	for _, o := range s.Secrets {
		out = append(out, o)
	}
	for _, o := range s.Traefik {
		out = append(out, o)
	}
	return out
}

// classes are the IngressClasses of every cluster.
func classes() []any {
	class := func(name, controller string) any {
		return map[string]any{
			"apiVersion": networkingv1.SchemeGroupVersion.String(), "kind": "IngressClass",
			"metadata": map[string]any{"name": name}, "spec": map[string]any{"controller": controller},
		}
	}
	return []any{class("traefik", "traefik.io/ingress-controller"), class("nginx", "k8s.io/ingress-nginx"), class("other", "example.com/other")}
}

// BeforeV1 are the objects of a set as Traefik 1.7 reads them.
func (s *Set) BeforeV1() []any {
	var out []any
	for _, ingress := range s.Ingresses {
		out = append(out, legacy(ingress))
	}
	return append(out, s.backends()...)
}

// Before are the objects of a set as ingress-nginx and the Ingress providers of
// Traefik 2 and 3 read them.
func (s *Set) Before() []any {
	out := classes()
	for _, ingress := range s.Ingresses {
		ingress = ingress.DeepCopy()
		ingress.APIVersion, ingress.Kind = networkingv1.SchemeGroupVersion.String(), "Ingress"
		out = append(out, ingress)
	}
	return append(out, s.backends()...)
}

// backends are the objects that every version reads.
func (s *Set) backends() []any {
	var out []any
	for _, o := range s.Services {
		out = append(out, o)
	}
	for _, o := range s.Endpoints {
		out = append(out, o)
		out = append(out, slicesOf(o)...)
	}
	for _, o := range s.Secrets {
		out = append(out, o)
	}
	for _, o := range s.Traefik {
		out = append(out, o)
	}
	return out
}

// After are the objects of a set's cluster once the Ingresses are converted.
func (s *Set) After(converted []convert.Output) []any {
	var out []any
	for _, o := range converted {
		out = append(out, o.Object)
	}
	return append(out, s.backends()...)
}

// legacy writes an Ingress as extensions/v1beta1 has it.
func legacy(ingress *networkingv1.Ingress) map[string]any {
	spec := map[string]any{}
	if b := ingress.Spec.DefaultBackend; b != nil {
		spec["backend"] = legacyBackend(b)
	}
	if ingress.Spec.IngressClassName != nil {
		spec["ingressClassName"] = *ingress.Spec.IngressClassName
	}
	if len(ingress.Spec.TLS) > 0 {
		spec["tls"] = ingress.Spec.TLS
	}
	var rules []any
	for _, rule := range ingress.Spec.Rules {
		out := map[string]any{"host": rule.Host}
		if rule.HTTP != nil {
			paths := []any{}
			for i := range rule.HTTP.Paths {
				p := &rule.HTTP.Paths[i]
				path := map[string]any{"path": p.Path, "backend": legacyBackend(&p.Backend)}
				if p.PathType != nil {
					path["pathType"] = *p.PathType
				}
				paths = append(paths, path)
			}
			out["http"] = map[string]any{"paths": paths}
		}
		rules = append(rules, out)
	}
	if rules != nil {
		spec["rules"] = rules
	}
	return map[string]any{"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": ingress.ObjectMeta, "spec": spec}
}

func legacyBackend(b *networkingv1.IngressBackend) map[string]any {
	out := map[string]any{}
	if b.Service != nil {
		out["serviceName"] = b.Service.Name
		out["servicePort"] = b.Service.Port.Number
		if b.Service.Port.Name != "" {
			out["servicePort"] = b.Service.Port.Name
		}
	}
	if b.Resource != nil {
		out["resource"] = b.Resource
	}
	return out
}

// ID names an Ingress.
func ID(ingress *networkingv1.Ingress) string {
	return strings.TrimPrefix(fmt.Sprintf("%s/%s", ingress.Namespace, ingress.Name), "/")
}
