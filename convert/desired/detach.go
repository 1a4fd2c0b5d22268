package desired

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Detach takes our marks and the owning Ingress off a live object, in place, so
// that nobody overwrites or collects it any more. The name of its Ingress stays: it
// tells whom it may be handed over to.
func Detach(live *unstructured.Unstructured) {
	labels := live.GetLabels()
	delete(labels, ManagedLabel)
	delete(labels, IngressUIDLabel)
	live.SetLabels(labels)
	owners := slices.DeleteFunc(live.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.Kind == "Ingress" })
	live.SetOwnerReferences(owners)
}
