package desired

import (
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// harmless are middlewares without which a route exposes nothing more, by their
// field in the spec. What is not known to be one is taken for a protection.
func harmless() []string {
	return []string{
		"addPrefix", "buffering", "circuitBreaker", "compress", "contentType", "errors",
		"replacePath", "replacePathRegex", "retry", "stripPrefix", "stripPrefixRegex",
	}
}

// Protects tells whether a route without this object may let more in. Where such an
// object cannot be put in place, the routes of its Ingress have to go: they let in
// what the Ingress keeps out by now.
func Protects(want *unstructured.Unstructured) bool {
	switch want.GetKind() {
	case "TLSOption":
		return true
	case "Middleware":
		spec, ok := want.Object["spec"].(map[string]any)
		if !ok {
			return true
		}
		for field := range spec {
			if !slices.Contains(harmless(), field) {
				return true
			}
		}
	}
	return false
}

// Refused tells whether the API server will not take an object, as opposed to not
// now: its schema, a policy, a quota or missing rights.
func Refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err)
}

// Edited tells whether somebody changed the spec of an object of ours since it was
// applied last.
func Edited(live *unstructured.Unstructured) bool {
	return !SpecLeftOut(live) && live.GetAnnotations()[AppliedAnnotation] != SpecHash(live)
}
