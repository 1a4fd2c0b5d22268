package traefikingress

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

// selectSource decides whether the provider serves the Ingress at all.
func (t *translator) selectSource(s *source) {
	s.why = t.refusal(s)
	s.selected = s.why == ""
	if !s.selected {
		return
	}
	_, annotated := s.Annotations[classKey]
	switch {
	case s.Spec.IngressClassName == nil && s.Annotations[classKey] == "":
		s.say(diag.ITraefikUnclassed, "spec.ingressClassName", "")
	case s.Spec.IngressClassName != nil && !t.classes[*s.Spec.IngressClassName]:
		s.say(diag.INotChecked, "spec.ingressClassName", "IngressClass "+strconv.Quote(*s.Spec.IngressClassName)+
			" is not part of the input and taken to be one of Traefik's")
	}
	if s.Spec.IngressClassName != nil && annotated {
		s.sayKey(diag.IAnnIgnored, classKey, "not read beside spec.ingressClassName")
	}
}

// refusal says why the provider does not serve the Ingress; empty when it does.
func (t *translator) refusal(s *source) string {
	if len(t.facts.Namespaces) > 0 && !slices.Contains(t.facts.Namespaces, s.Namespace) {
		return "namespace " + s.Namespace + " is not watched"
	}
	if t.selector == nil {
		return "the label selector " + strconv.Quote(t.facts.LabelSelector) + " cannot be read"
	}
	if !t.selector.Empty() && !t.selector.Matches(labels.Set(s.Labels)) {
		return "labels do not match " + strconv.Quote(t.facts.LabelSelector)
	}
	if s.Spec.IngressClassName != nil {
		return t.refusalByClassName(*s.Spec.IngressClassName)
	}
	class := s.Annotations[classKey]
	switch {
	case class == t.facts.IngressClass, t.facts.IngressClass == "" && class == defaultClass:
		return ""
	case class == "":
		return "no class, Traefik serves class " + strconv.Quote(t.facts.IngressClass)
	}
	return "class " + strconv.Quote(class)
}

// refusalByClassName is for spec.ingressClassName, beside which the annotation is
// not read. Without any IngressClass in the input only the name that Traefik is
// configured with, or Traefik's own, is taken to be Traefik's.
func (t *translator) refusalByClassName(class string) string {
	wanted := t.facts.IngressClass
	switch {
	case t.source.major > 2 && (t.facts.DisableIngressClassLookup || t.facts.DisableClusterScopeResources):
		return "ingressClassName " + strconv.Quote(class) + ", and Traefik does not look IngressClasses up"
	case wanted != "" && class != wanted:
		return "ingressClassName " + strconv.Quote(class) + ", Traefik serves " + strconv.Quote(wanted)
	case t.classes[class]:
		return ""
	case len(t.in.IngressClasses) == 0 && (class == wanted || wanted == "" && class == defaultClass):
		return ""
	}
	return "ingressClassName " + strconv.Quote(class) + " is no IngressClass of Traefik"
}
