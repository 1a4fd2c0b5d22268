package traefikingress

import (
	"slices"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"
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
	s.why = t.selection.Refusal(s.Ingress.Ingress)
	s.selected = s.why == ""
	if !s.selected {
		return
	}
	_, annotated := s.Annotations[classKey]
	switch {
	case s.Spec.IngressClassName == nil && s.Annotations[classKey] == "":
		s.say(diag.ITraefikUnclassed, "spec.ingressClassName", "")
	case s.Spec.IngressClassName != nil && !t.selection.classes[*s.Spec.IngressClassName]:
		s.say(diag.INotChecked, "spec.ingressClassName", "IngressClass "+strconv.Quote(*s.Spec.IngressClassName)+
			" is not part of the input and taken to be one of Traefik's")
	}
	if s.Spec.IngressClassName != nil && annotated {
		s.sayKey(diag.IAnnIgnored, classKey, "not read beside spec.ingressClassName")
	}
}

// Selection decides which Ingresses the provider of a Traefik 2 or 3 serves.
type Selection struct {
	facts  Facts
	source release
	// selector is nil when the label selector cannot be read.
	selector labels.Selector
	// classes are the IngressClasses of Traefik; none of any controller is known
	// when unknown is set.
	classes map[string]bool
	unknown bool
}

// NewSelection is that of an installation in a cluster with the given classes.
func NewSelection(facts Facts, classes []*networkingv1.IngressClass) Selection {
	s := Selection{facts: facts, source: facts.release(), classes: make(map[string]bool, len(classes)), unknown: len(classes) == 0}
	if selector, err := labels.Parse(facts.LabelSelector); err == nil {
		s.selector = selector
	}
	for _, class := range classes {
		if class != nil && class.Spec.Controller == ingressController {
			s.classes[class.Name] = true
		}
	}
	return s
}

// Refusal says why the provider does not serve the Ingress; empty when it does.
func (c *Selection) Refusal(ing *networkingv1.Ingress) string {
	if len(c.facts.Namespaces) > 0 && !slices.Contains(c.facts.Namespaces, ing.Namespace) {
		return "namespace " + ing.Namespace + " is not watched"
	}
	if c.selector == nil {
		return "the label selector " + strconv.Quote(c.facts.LabelSelector) + " cannot be read"
	}
	if !c.selector.Empty() && !c.selector.Matches(labels.Set(ing.Labels)) {
		return "labels do not match " + strconv.Quote(c.facts.LabelSelector)
	}
	if ing.Spec.IngressClassName != nil {
		return c.refusalByClassName(*ing.Spec.IngressClassName)
	}
	class := ing.Annotations[classKey]
	switch {
	case class == c.facts.IngressClass, c.facts.IngressClass == "" && class == defaultClass:
		return ""
	case class == "":
		return "no class, Traefik serves class " + strconv.Quote(c.facts.IngressClass)
	}
	return "class " + strconv.Quote(class)
}

// refusalByClassName is for spec.ingressClassName, beside which the annotation is
// not read. Without any IngressClass in the input only the name that Traefik is
// configured with, or Traefik's own, is taken to be Traefik's.
func (c Selection) refusalByClassName(class string) string {
	wanted := c.facts.IngressClass
	switch {
	case c.source.major > 2 && (c.facts.DisableIngressClassLookup || c.facts.DisableClusterScopeResources):
		return "ingressClassName " + strconv.Quote(class) + ", and Traefik does not look IngressClasses up"
	case wanted != "" && class != wanted:
		return "ingressClassName " + strconv.Quote(class) + ", Traefik serves " + strconv.Quote(wanted)
	case c.classes[class]:
		return ""
	case c.unknown && (class == wanted || wanted == "" && class == defaultClass):
		return ""
	}
	return "ingressClassName " + strconv.Quote(class) + " is no IngressClass of Traefik"
}
