package emitnginx

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// group is what goes into one Ingress: locations of one owner with one set of
// annotations, and, where requests are shared, the canary that stands beside it.
type group struct {
	annotations map[string]string
	headers     map[string]string
	canary      bool
	rules       []networkingv1.IngressRule
	secrets     []string
}

// file puts the locations of a server into the groups of their owners.
func (s *server) file() {
	secrets := s.secrets()
	for _, l := range s.locations {
		annotations := maps.Clone(l.answer.annotations)
		if l.answer.toTLS {
			annotations["force-ssl-redirect"] = "true"
			annotations["preserve-trailing-slash"] = "true"
			delete(annotations, "ssl-redirect")
		}
		if s.regex() {
			annotations["use-regex"] = "true"
		}
		g := l.owner.group(annotations, l.answer.headers, false)
		g.add(s.host, l, l.answer.backend)
		g.certify(secrets[l.owner.ref.Namespace])
		if l.answer.canary == nil {
			continue
		}
		canary := map[string]string{
			"canary":              "true",
			"canary-weight":       strconv.Itoa(l.answer.weight),
			"canary-weight-total": strconv.Itoa(l.answer.total),
		}
		l.owner.group(canary, nil, true).add(s.host, l, *l.answer.canary)
	}
}

func (o *owner) group(annotations, headers map[string]string, canary bool) *group {
	for _, g := range o.groups {
		if maps.Equal(g.annotations, annotations) && maps.Equal(g.headers, headers) {
			return g
		}
	}
	g := &group{annotations: annotations, headers: headers, canary: canary}
	o.groups = append(o.groups, g)
	return g
}

func (g *group) add(host string, l *location, to ir.Service) {
	if n := len(g.rules); n == 0 || g.rules[n-1].Host != host {
		g.rules = append(g.rules, networkingv1.IngressRule{Host: host})
		g.rules[n].HTTP = &networkingv1.HTTPIngressRuleValue{}
	}
	pathType := networkingv1.PathType(l.pathType)
	rule := &g.rules[len(g.rules)-1]
	rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{
		Path: l.text, PathType: &pathType,
		Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
			Name: to.Name, Port: networkingv1.ServiceBackendPort{Name: to.PortName, Number: number(to)},
		}},
	})
}

// number of a port, unless it has a name.
func number(s ir.Service) int32 {
	if s.PortName != "" {
		return 0
	}
	return s.PortNumber
}

func (g *group) certify(secrets []string) {
	for _, secret := range secrets {
		if !slices.Contains(g.secrets, secret) {
			g.secrets = append(g.secrets, secret)
		}
	}
}

// write makes the objects of an owner. Their names depend on their content: a
// changed set of annotations is a new Ingress, beside the one of the source.
func (o *owner) write() {
	for _, g := range o.groups {
		tag := defaultClass
		if g.canary {
			tag = "canary"
		}
		content, err := json.Marshal([]any{g.annotations, g.headers})
		if err != nil {
			content = []byte(err.Error()) // maps of strings always marshal
		}
		name := emit.ContentName(o.ref.Namespace, o.ref.Name, tag, content)
		ingress := &networkingv1.Ingress{
			TypeMeta:   metav1.TypeMeta{APIVersion: APIVersion, Kind: "Ingress"},
			ObjectMeta: o.meta(name),
		}
		if len(g.headers) > 0 {
			config := &corev1.ConfigMap{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
				ObjectMeta: o.meta(emit.ContentName(o.ref.Namespace, o.ref.Name, "headers", content)),
				Data:       g.headers,
			}
			o.objects = append(o.objects, config)
			g.annotations["custom-headers"] = o.ref.Namespace + "/" + config.Name
		}
		ingress.Annotations = make(map[string]string, len(g.annotations))
		for key, value := range g.annotations {
			ingress.Annotations[Prefix+key] = value
		}
		if class := o.all.target.class(); o.all.target.ClassAnnotation {
			ingress.Annotations[classAnnotation] = class
		} else {
			ingress.Spec.IngressClassName = &class
		}
		for _, secret := range g.secrets {
			// Without hosts nginx takes the certificate that fits, as Traefik does.
			ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS{SecretName: secret})
		}
		ingress.Spec.Rules = g.rules
		o.objects = append(o.objects, ingress)
	}
	// What is referred to comes first, and a canary after what it stands beside.
	slices.SortStableFunc(o.objects, func(a, b emit.Object) int {
		if c := kindOrder(a) - kindOrder(b); c != 0 {
			return c
		}
		return strings.Compare(a.GetName(), b.GetName())
	})
}

func kindOrder(object emit.Object) int {
	switch {
	case object.GetObjectKind().GroupVersionKind().Kind == "ConfigMap":
		return 0
	case object.(metav1.Object).GetAnnotations()[Prefix+"canary"] == "":
		return 1
	}
	return 2
}

func (o *owner) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: o.ref.Namespace, Name: name, Labels: emit.Labels(o.outcome)}
}
