package nginx

import (
	"slices"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"
)

// Selection decides which Ingresses an ingress-nginx looks at.
type Selection struct {
	facts Facts
	// controllers of the IngressClasses, by their names.
	controllers map[string]string
}

// NewSelection is that of an installation in a cluster with the given classes.
func NewSelection(facts Facts, classes []*networkingv1.IngressClass) Selection {
	s := Selection{facts: facts.withDefaults(), controllers: make(map[string]string, len(classes))}
	for _, class := range classes {
		if class != nil {
			s.controllers[class.Name] = class.Spec.Controller
		}
	}
	return s
}

// Refusal says why the controller does not look at the Ingress; empty when it does.
//
//	spec.ingressClassName  annotation  served when
//	set                    ignored     the IngressClass names our controller, or by name
//	absent                 set         it is --ingress-class
//	absent                 absent      --watch-ingress-without-class
//
// Without IngressClass objects in the input, a class name equal to
// --ingress-class is taken for ours, as the chart creates one of that name.
func (c *Selection) Refusal(ing *networkingv1.Ingress) string {
	f := c.facts
	if len(f.Namespaces) > 0 && !slices.Contains(f.Namespaces, ing.Namespace) {
		return "namespace " + ing.Namespace + " is not watched"
	}
	if name := ing.Spec.IngressClassName; name != nil && *name != "" {
		controller, known := c.controllers[*name]
		switch {
		case known && controller == f.ControllerClass:
		case f.IngressClassByName && *name == f.IngressClass:
		case known:
			return "class " + strconv.Quote(*name) + " belongs to controller " + strconv.Quote(controller)
		case *name != f.IngressClass:
			return "class " + strconv.Quote(*name)
		case len(c.controllers) > 0:
			return "there is no IngressClass " + strconv.Quote(*name)
		}
		return ""
	}
	class, ok := ing.Annotations[classKey]
	switch {
	case ok && class != "" && class != f.IngressClass:
		return "class " + strconv.Quote(class)
	case (!ok || class == "") && !f.WatchWithoutClass:
		return "no class, and the controller does not watch Ingresses without class"
	}
	return ""
}
