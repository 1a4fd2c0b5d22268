// Package install puts the webhook into a cluster, looks whether it works, and
// takes it out again. The order is what makes it safe: the registration is
// created last, after everything behind it has answered, and removed first.
package install

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
)

// Names that the manifests use.
const (
	// Namespace is where the webhook is installed unless told otherwise.
	Namespace = "ingress-migrate"
	// Name is the name of most of its objects.
	Name = "ingress-migrate-webhook"
	// CertificateName is the Secret with its certificate.
	CertificateName = "ingress-migrate-webhook-certificate"
	// ConversionName is the ConfigMap with the options of the conversion.
	ConversionName = "ingress-migrate-conversion"

	conversionKey  = "conversion.yaml"
	hashAnnotation = "ingress-migrate.io/conversion-hash"

	// Flags of the webhook that an upgrade keeps.
	modeFlag       = "--mode="
	namespacesFlag = "--namespaces="
)

// Settings are what an installation can choose.
type Settings struct {
	// Namespace to install into; empty: Namespace.
	Namespace string
	// Image of the webhook; empty: the one of the manifests.
	Image string
	// Namespaces whose Ingresses are looked at; empty: all. With some, rights are on
	// those alone, and nothing of the others reaches the webhook.
	Namespaces []string
	// Replicas of the Deployment; 0: those of the manifests.
	Replicas int64
	// Mode is observe, warn, mirror or enforce; empty: mirror.
	Mode string
	// Conversion says what is converted to what.
	Conversion convert.Options
	// MatchConditions tells whether the API server knows them, see
	// KnowsMatchConditions.
	MatchConditions bool
}

// Objects returns everything that is installed, in the order of creation; the
// registration is the last.
func Objects(s Settings) ([]*unstructured.Unstructured, error) {
	s.Namespaces = slices.Compact(slices.Sorted(slices.Values(s.Namespaces)))
	objects, err := manifests.Base()
	if err != nil {
		return nil, err
	}
	conversion, err := yaml.Marshal(s.Conversion)
	if err != nil {
		return nil, fmt.Errorf("encode the options of the conversion: %w", err)
	}
	for _, o := range objects {
		if err := s.adapt(o, string(conversion)); err != nil {
			return nil, fmt.Errorf("adapt %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		if s.Namespace != "" && s.Namespace != Namespace {
			move(o, s.Namespace)
		}
	}
	return s.narrow(objects)
}

func (s Settings) adapt(o *unstructured.Unstructured, conversion string) error {
	switch o.GetKind() {
	case "ConfigMap":
		return unstructured.SetNestedField(o.Object, conversion, "data", conversionKey)
	case "ClusterRole":
		return s.adaptGroups(o)
	case "Deployment":
		return s.adaptDeployment(o, conversion)
	case "MutatingWebhookConfiguration":
		return s.adaptRegistration(o)
	}
	return nil
}

// adaptGroups gives rights on the API group that is written and on no other.
func (s Settings) adaptGroups(o *unstructured.Unstructured) error {
	group, _, _ := strings.Cut(s.Conversion.Target.APIVersion(), "/")
	rules, _, err := unstructured.NestedSlice(o.Object, "rules")
	if err != nil {
		return err
	}
	for _, rule := range rules {
		rule, ok := rule.(map[string]any)
		if !ok {
			continue
		}
		if groups, ok := rule["apiGroups"].([]any); ok && len(groups) == 1 && groups[0] == "traefik.io" {
			rule["apiGroups"] = []any{group}
		}
	}
	return unstructured.SetNestedSlice(o.Object, rules, "rules")
}

func (s Settings) adaptDeployment(o *unstructured.Unstructured, conversion string) error {
	if s.Replicas > 0 {
		if err := unstructured.SetNestedField(o.Object, s.Replicas, "spec", "replicas"); err != nil {
			return err
		}
	}
	// The webhook reads its options once: a change makes new pods.
	sum := sha256.Sum256([]byte(conversion))
	if err := unstructured.SetNestedField(o.Object, hex.EncodeToString(sum[:8]), "spec", "template", "metadata", "annotations", hashAnnotation); err != nil {
		return err
	}
	containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	if err != nil {
		return err
	}
	container, ok := containers[0].(map[string]any)
	if !ok {
		return fmt.Errorf("the first container is %T", containers[0])
	}
	if s.Image != "" {
		container["image"] = s.Image
	}
	args, _, err := unstructured.NestedStringSlice(container, "args")
	if err != nil {
		return err
	}
	if s.Mode != "" {
		args = append(args, modeFlag+s.Mode)
	}
	if len(s.Namespaces) > 0 {
		args = append(args, namespacesFlag+strings.Join(s.Namespaces, ","))
	}
	if err := unstructured.SetNestedStringSlice(container, args, "args"); err != nil {
		return err
	}
	return unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers")
}

func (s Settings) adaptRegistration(o *unstructured.Unstructured) error {
	return eachWebhook(o, func(webhook map[string]any) error {
		if !s.MatchConditions {
			delete(webhook, "matchConditions")
			return nil
		}
		conditions, _, err := unstructured.NestedSlice(webhook, "matchConditions")
		if err != nil {
			return err
		}
		if conditions, err = s.classCondition(conditions); err != nil {
			return err
		}
		return unstructured.SetNestedSlice(webhook, conditions, "matchConditions")
	})
}

// classCondition fits the condition about the class to the source controller.
// Where it is not known how that one reads classes, the webhook decides alone.
func (s Settings) classCondition(conditions []any) ([]any, error) {
	isClass := func(condition any) bool {
		fields, ok := condition.(map[string]any)
		return ok && fields["name"] == "may-be-of-our-class"
	}
	if s.Conversion.From != convert.FromTraefikV1 && s.Conversion.From != "" {
		return slices.DeleteFunc(conditions, isClass), nil
	}
	class := s.Conversion.TraefikV1.IngressClass
	n := slices.IndexFunc(conditions, isClass)
	if n < 0 || class == "" {
		return conditions, nil
	}
	expression, _, err := unstructured.NestedString(conditions[n].(map[string]any), "expression")
	if err != nil {
		return nil, err
	}
	// The class is data, whatever is in it. A list of JSON is one of CEL.
	literal, err := json.Marshal([]string{class})
	if err != nil {
		return nil, err
	}
	expression = strings.ReplaceAll(expression, "['', 'traefik']", string(literal))
	return conditions, unstructured.SetNestedField(conditions[n].(map[string]any), expression, "expression")
}

// eachWebhook calls change on every webhook of a registration.
func eachWebhook(o *unstructured.Unstructured, change func(map[string]any) error) error {
	webhooks, _, err := unstructured.NestedSlice(o.Object, "webhooks")
	if err != nil {
		return err
	}
	for _, webhook := range webhooks {
		webhook, ok := webhook.(map[string]any)
		if !ok {
			return fmt.Errorf("a webhook is %T", webhook)
		}
		if err := change(webhook); err != nil {
			return err
		}
	}
	return unstructured.SetNestedSlice(o.Object, webhooks, "webhooks")
}

// move puts an object into another namespace: its own, and every mention.
func move(o *unstructured.Unstructured, namespace string) {
	if o.GetKind() == "Namespace" {
		o.SetName(namespace)
	}
	o.Object = renamed(o.Object, namespace).(map[string]any)
}

func renamed(value any, namespace string) any {
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			switch {
			case v == Namespace && (key == "namespace" || key == "kubernetes.io/metadata.name"):
				value[key] = namespace
			default:
				value[key] = renamed(v, namespace)
			}
		}
		return value
	case []any:
		for i, v := range value {
			if v == Namespace {
				value[i] = namespace
				continue
			}
			value[i] = renamed(v, namespace)
		}
		return value
	case string:
		return strings.ReplaceAll(value, "system:serviceaccount:"+Namespace+":", "system:serviceaccount:"+namespace+":")
	}
	return value
}

// KnowsMatchConditions tells whether an API server evaluates matchConditions:
// on by default since 1.28. Older ones drop the field without a word.
func KnowsMatchConditions(v *version.Info) bool {
	var major, minor int
	if _, err := fmt.Sscanf(v.Major+" "+strings.TrimRight(v.Minor, "+"), "%d %d", &major, &minor); err != nil {
		return false
	}
	return major > 1 || (major == 1 && minor >= 28)
}
