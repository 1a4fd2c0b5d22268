package install

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// routesName is the name of the Roles by which the webhook works in single namespaces.
const routesName = Name + "-routes"

// narrow moves what the webhook may do with objects of namespaces from its ClusterRole
// into a Role in each namespace that it is for, and lets the API server send Ingresses
// of those only. What is left in the ClusterRole has no namespace.
func (s Settings) narrow(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	if len(s.Namespaces) == 0 {
		return objects, nil
	}
	var narrowed []*unstructured.Unstructured
	for _, o := range objects {
		narrowed = append(narrowed, o)
		switch o.GetKind() {
		case "ClusterRole":
			inNamespaces, err := splitRules(o)
			if err != nil {
				return nil, fmt.Errorf("narrow %s: %w", describe(o), err)
			}
			for _, namespace := range s.Namespaces {
				narrowed = append(narrowed, s.routesRole(o, namespace, inNamespaces), s.routesBinding(o, namespace))
			}
		case "MutatingWebhookConfiguration":
			if err := eachWebhook(o, s.selectNamespaces); err != nil {
				return nil, fmt.Errorf("narrow %s: %w", describe(o), err)
			}
		}
	}
	return narrowed, nil
}

// splitRules takes the rules on namespaced resources out of a ClusterRole.
func splitRules(o *unstructured.Unstructured) (inNamespaces []any, err error) {
	rules, _, err := unstructured.NestedSlice(o.Object, "rules")
	if err != nil {
		return nil, err
	}
	var left []any
	for _, rule := range rules {
		fields, ok := rule.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a rule is %T", rule)
		}
		resources, _, err := unstructured.NestedStringSlice(fields, "resources")
		if err != nil {
			return nil, err
		}
		var ofCluster, ofNamespaces []any
		for _, resource := range resources {
			switch resource {
			case "ingressclasses", "namespaces", "mutatingwebhookconfigurations":
				ofCluster = append(ofCluster, resource)
			default:
				ofNamespaces = append(ofNamespaces, resource)
			}
		}
		left = appendRule(left, fields, ofCluster)
		inNamespaces = appendRule(inNamespaces, fields, ofNamespaces)
	}
	return inNamespaces, unstructured.SetNestedSlice(o.Object, left, "rules")
}

func appendRule(rules []any, rule map[string]any, resources []any) []any {
	if len(resources) == 0 {
		return rules
	}
	part := map[string]any{}
	for key, value := range rule {
		part[key] = value
	}
	part["resources"] = resources
	return append(rules, part)
}

func (s Settings) routesRole(like *unstructured.Unstructured, namespace string, rules []any) *unstructured.Unstructured {
	role := routesObject(like, "Role", namespace)
	role.Object["rules"] = rules
	return role
}

func (s Settings) routesBinding(like *unstructured.Unstructured, namespace string) *unstructured.Unstructured {
	own := s.Namespace
	if own == "" {
		own = Namespace
	}
	binding := routesObject(like, "RoleBinding", namespace)
	binding.Object["roleRef"] = map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": routesName}
	binding.Object["subjects"] = []any{map[string]any{"kind": "ServiceAccount", "name": Name, "namespace": own}}
	return binding
}

func routesObject(like *unstructured.Unstructured, kind, namespace string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetAPIVersion(like.GetAPIVersion())
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(routesName)
	o.SetLabels(like.GetLabels())
	return o
}

// selectNamespaces adds the namespaces to those that the registration is for.
func (s Settings) selectNamespaces(webhook map[string]any) error {
	path := []string{"namespaceSelector", "matchExpressions"}
	expressions, _, err := unstructured.NestedSlice(webhook, path...)
	if err != nil {
		return err
	}
	var values []any
	for _, namespace := range s.Namespaces {
		values = append(values, namespace)
	}
	expressions = append(expressions, map[string]any{"key": "kubernetes.io/metadata.name", "operator": "In", "values": values})
	return unstructured.SetNestedSlice(webhook, expressions, path...)
}
