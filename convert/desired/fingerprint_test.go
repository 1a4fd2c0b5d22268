package desired_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// A live object that carries our marks has the fingerprint of the wanted one, whatever
// others added to it.
func TestFingerprint(t *testing.T) {
	wanted := want(t, specOf("Host(`a`)"), ingress("42"))
	stored := func(change func(*unstructured.Unstructured)) *unstructured.Unstructured {
		live := wanted.DeepCopy()
		live.SetUID("7")
		live.SetResourceVersion("12")
		live.SetManagedFields([]metav1.ManagedFieldsEntry{
			{Manager: "policy", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:cost":{}}}}`)},
			{Manager: desired.FieldManager, Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(
				`{"f:metadata":{"f:labels":{"f:team":{},"f:ingress-migrate.io/managed":{},"f:ingress-migrate.io/ingress-uid":{}},"f:annotations":{"f:ingress-migrate.io/applied":{},"f:ingress-migrate.io/converter":{},"f:ingress-migrate.io/source":{},"f:ingress-migrate.io/ingress":{}}},"f:spec":{}}`)},
		})
		change(live)
		return live
	}
	label := func(key, value string) func(*unstructured.Unstructured) {
		return func(u *unstructured.Unstructured) {
			labels := u.GetLabels()
			labels[key] = value
			u.SetLabels(labels)
		}
	}
	for name, c := range map[string]struct {
		live *unstructured.Unstructured
		same bool
	}{
		"as applied":                {stored(func(*unstructured.Unstructured) {}), true},
		"somebody added a label":    {stored(label("cost", "1")), true},
		"somebody changed ours":     {stored(label("team", "other")), false},
		"another state":             {annotated(stored(func(*unstructured.Unstructured) {}), desired.AppliedAnnotation, "other"), false},
		"another version wrote it":  {annotated(stored(func(*unstructured.Unstructured) {}), desired.ConverterAnnotation, "v0.1.0"), true},
		"the Ingress said more":     {annotated(stored(func(*unstructured.Unstructured) {}), desired.SourceAnnotation, "other"), true},
		"an annotation is gone":     {annotated(stored(func(*unstructured.Unstructured) {}), desired.IngressAnnotation, ""), false},
		"of an Ingress before":      {stored(func(u *unstructured.Unstructured) { u.SetOwnerReferences(nil) }), false},
		"nothing tells whose it is": {stored(func(u *unstructured.Unstructured) { u.SetManagedFields(nil) }), true},
	} {
		t.Run(name, func(t *testing.T) {
			if same := desired.Fingerprint(c.live) == desired.Fingerprint(wanted); same != c.same {
				t.Errorf("the same fingerprint: %v, want %v", same, c.same)
			}
		})
	}
}
