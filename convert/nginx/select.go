package nginx

import (
	"slices"
	"strconv"
)

// refusal says why the controller does not look at the Ingress; empty when it does.
//
//	spec.ingressClassName  annotation  served when
//	set                    ignored     the IngressClass names our controller, or by name
//	absent                 set         it is --ingress-class
//	absent                 absent      --watch-ingress-without-class
//
// Without IngressClass objects in the input, a class name equal to
// --ingress-class is taken for ours, as the chart creates one of that name.
func (t *translator) refusal(s *source) string {
	f := t.facts
	if len(f.Namespaces) > 0 && !slices.Contains(f.Namespaces, s.Namespace) {
		return "namespace " + s.Namespace + " is not watched"
	}
	if name := s.Spec.IngressClassName; name != nil && *name != "" {
		controller, known := t.classController[*name]
		switch {
		case known && controller == f.ControllerClass:
		case f.IngressClassByName && *name == f.IngressClass:
		case known:
			return "class " + strconv.Quote(*name) + " belongs to controller " + strconv.Quote(controller)
		case *name != f.IngressClass:
			return "class " + strconv.Quote(*name)
		case len(t.classController) > 0:
			return "there is no IngressClass " + strconv.Quote(*name)
		}
		return ""
	}
	class, ok := s.Annotations[classKey]
	switch {
	case ok && class != "" && class != f.IngressClass:
		return "class " + strconv.Quote(class)
	case (!ok || class == "") && !f.WatchWithoutClass:
		return "no class, and the controller does not watch Ingresses without class"
	}
	return ""
}
