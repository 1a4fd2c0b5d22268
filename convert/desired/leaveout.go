package desired

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// specLeftOut stands for a spec that LeaveSpecOut dropped. No spec is a text.
const specLeftOut = "as applied"

// LeaveSpecOut drops the spec of an object of ours, in place, when it is the one that
// was applied last: then its hash, which is on the object, tells as much. Specs are most
// of what is held of a large cluster.
func LeaveSpecOut(live *unstructured.Unstructured) {
	if IsOurs(live) && live.GetAnnotations()[AppliedAnnotation] == SpecHash(live) {
		live.Object["spec"] = specLeftOut
	}
}

// SpecLeftOut tells whether the spec of a live object (nil: there is none) was dropped.
func SpecLeftOut(live *unstructured.Unstructured) bool {
	return live != nil && live.Object["spec"] == specLeftOut
}

// PutSpecBack gives a live object whose spec was left out that of want, made by Object, in place,
// when that is the one that was applied; otherwise only the API server knows what is
// there, and the answer is false.
func PutSpecBack(live, want *unstructured.Unstructured) bool {
	if applied := want.GetAnnotations()[AppliedAnnotation]; applied == "" || applied != live.GetAnnotations()[AppliedAnnotation] {
		return false
	}
	live.Object["spec"] = want.Object["spec"]
	return true
}
