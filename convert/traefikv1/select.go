package traefikv1

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
	why := t.selection.Refusal(s.Ingress.Ingress)
	if class := s.ann.str("class", ""); why == unreadableClass && !quotable(class) {
		s.sayOf(diag.WDrop, "class", "the class cannot be read by Traefik 1.7, so it does not serve the Ingress")
	}
	return why
}

const unreadableClass = "class cannot be read"

// Selection decides which Ingresses a Traefik 1.7 serves.
type Selection struct {
	facts Facts
	// selector is nil when the label selector cannot be read.
	selector labels.Selector
}

// NewSelection is that of an installation.
func NewSelection(facts Facts) Selection {
	s := Selection{facts: facts}
	if selector, err := labels.Parse(facts.LabelSelector); err == nil {
		s.selector = selector
	}
	return s
}

// Refusal says why an Ingress is not served; empty when it is.
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
	class, ok := ing.Annotations[classKey]
	if !ok {
		class = ing.Annotations["traefik."+classKey] // getAnnotationName, provider/kubernetes/annotations.go
	}
	if !quotable(class) {
		return unreadableClass
	}
	switch {
	case c.facts.IngressClass == "" && (class == "" || class == defaultClass):
	case c.facts.IngressClass != "" && class == c.facts.IngressClass:
	case class == "":
		return "no class, Traefik 1.7 serves class " + strconv.Quote(c.facts.IngressClass)
	default:
		return "class " + strconv.Quote(class)
	}
	return ""
}
