package desired

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Detach takes our marks and the owning Ingress off a live object, in place, so
// that nobody overwrites or collects it any more. The hash of what was applied
// stays: Untouched needs it.
func Detach(live *unstructured.Unstructured) {
	labels := live.GetLabels()
	delete(labels, ManagedLabel)
	delete(labels, IngressUIDLabel)
	live.SetLabels(labels)
	owners := slices.DeleteFunc(live.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.Kind == "Ingress" })
	live.SetOwnerReferences(owners)
}

// Untouched tells whether a detached object still is what was written for the
// named Ingress: taking it back takes nothing from anybody.
func Untouched(live *unstructured.Unstructured, ingress string) bool {
	annotations := live.GetAnnotations()
	return !IsOurs(live) && annotations[IngressAnnotation] == ingress && annotations[AppliedAnnotation] == SpecHash(live)
}
