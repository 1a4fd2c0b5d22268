package traefikv1

import (
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

const (
	defaultClass = "traefik"
	// ingressController is the spec.controller of IngressClasses of Traefik.
	ingressController = "traefik.io/ingress-controller"
)

// selectSource decides whether Traefik 1.7 serves the Ingress at all.
func (t *translator) selectSource(s *source) {
	s.why = t.refusal(s)
	s.selected = s.why == ""
	if !s.selected {
		return
	}
	name := s.Spec.IngressClassName
	if name == nil || *name == "" || *name == defaultClass || t.classController[*name] == ingressController {
		return
	}
	s.add(diag.New(diag.WClassName, s.object(), "spec.ingressClassName",
		"ingressClassName "+strconv.Quote(*name)+" is not read by Traefik 1.7, which serves this Ingress").WithValue(*name))
}

// refusal says why Traefik 1.7 does not serve the Ingress; empty when it does.
func (t *translator) refusal(s *source) string {
	if len(t.facts.Namespaces) > 0 && !slices.Contains(t.facts.Namespaces, s.Namespace) {
		return "namespace " + s.Namespace + " is not watched"
	}
	if t.selector == nil {
		return "the label selector " + strconv.Quote(t.facts.LabelSelector) + " cannot be read"
	}
	if !t.selector.Matches(labels.Set(s.Labels)) {
		return "labels do not match " + strconv.Quote(t.facts.LabelSelector)
	}
	class := s.ann.str("class", "")
	if !quotable(class) {
		s.sayOf(diag.WDrop, "class", "the class cannot be read by Traefik 1.7, so it does not serve the Ingress")
		return "class cannot be read"
	}
	switch {
	case t.facts.IngressClass == "" && (class == "" || class == defaultClass):
	case t.facts.IngressClass != "" && class == t.facts.IngressClass:
	case class == "":
		return "no class, Traefik 1.7 serves class " + strconv.Quote(t.facts.IngressClass)
	default:
		return "class " + strconv.Quote(class)
	}
	return ""
}
