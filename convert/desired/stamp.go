// Package desired knows how an object of the conversion looks in a cluster: who
// owns it, how it is marked as ours, and how a live object differs from it. The
// webhook's reconciler writes by it, scan and sync judge by it.
package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Marks of objects that are ours.
const (
	// FieldManager is the server-side apply manager of every object we write.
	FieldManager = "ingress-migrate"
	// ManagedLabel is "true" on every object we write.
	ManagedLabel = "ingress-migrate.io/managed"
	// IngressUIDLabel carries the UID of the Ingress that an object was written for.
	IngressUIDLabel = "ingress-migrate.io/ingress-uid"
	// AppliedAnnotation carries the hash of the spec that was last applied by us.
	AppliedAnnotation = "ingress-migrate.io/applied"
	// IngressAnnotation carries the name of the Ingress that an object was written for.
	IngressAnnotation = "ingress-migrate.io/ingress"
	// ConverterAnnotation carries the version of the program that wrote an object.
	ConverterAnnotation = "ingress-migrate.io/converter"
	// SourceAnnotation carries the hash of what the Ingress said when an object was
	// written; see SourceHash.
	SourceAnnotation = "ingress-migrate.io/source"
	// AdoptAnnotation with value "true" on an object that is not ours hands it over to
	// the Ingress that has use for its name. It is the only way to take one over
	// beside the command: an object that looks like ours may be in somebody's git.
	AdoptAnnotation = "ingress-migrate.io/adopt"
	// DriftAnnotation on an Ingress says what becomes of edits by hand of its objects:
	// DriftOverwrite, DriftDetach, or they are kept and reported.
	DriftAnnotation = "ingress-migrate.io/drift"
	// DriftOverwrite replaces what was edited.
	DriftOverwrite = "overwrite"
	// DriftDetach leaves all objects of the Ingress to people once one was edited.
	DriftDetach = "detach"
	// ModeAnnotation on an Ingress: "ignore" opts it out.
	ModeAnnotation = "ingress-migrate.io/mode"
	// ModeIgnore is the value of ModeAnnotation that opts an Ingress out.
	ModeIgnore = "ignore"
	// NamespaceLabel with value NamespaceDisabled takes a whole namespace out.
	NamespaceLabel = "ingress-migrate.io/webhook"
	// NamespaceDisabled is the value of NamespaceLabel that opts a namespace out.
	NamespaceDisabled = "disabled"
)

// Object returns what a cluster should hold for one object of the conversion of
// ingress: marked as ours and, when the Ingress is stored (it has a UID), owned
// by it, so that the garbage collector removes it together with the Ingress.
//
// blockOwnerDeletion stays unset: the OwnerReferencesPermissionEnforcement
// admission plugin would ask for update rights on ingresses/finalizers.
func Object(o convert.Object, ingress *networkingv1.Ingress) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encoding %s/%s: %w", o.GetNamespace(), o.GetName(), err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("decoding %s/%s: %w", o.GetNamespace(), o.GetName(), err)
	}
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(u.Object, "status")

	labels := u.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[ManagedLabel] = "true"
	if ingress.UID != "" {
		labels[IngressUIDLabel] = string(ingress.UID)
		controller := true
		u.SetOwnerReferences([]metav1.OwnerReference{{
			APIVersion: networkingv1.SchemeGroupVersion.String(),
			Kind:       "Ingress",
			Name:       ingress.Name,
			UID:        ingress.UID,
			Controller: &controller,
		}})
	}
	u.SetLabels(labels)

	annotate(u, IngressAnnotation, ingress.Name)
	annotate(u, AppliedAnnotation, SpecHash(u))
	annotate(u, SourceAnnotation, SourceHash(ingress))
	return u, nil
}

// Name writes on an object of the conversion, in place, for which Ingress it was
// made. That is all that can be said of an object that somebody else applies:
// only who writes knows what was applied.
func Name(o metav1.Object, ingress string) { annotate(o, IngressAnnotation, ingress) }

func annotate(o metav1.Object, key, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	o.SetAnnotations(annotations)
}

// SpecHash is a short hash of an object's spec. JSON of Go maps is sorted, so
// equal specs have equal hashes.
func SpecHash(u *unstructured.Unstructured) string {
	raw, err := json.Marshal(u.Object["spec"])
	if err != nil {
		// A spec that came from JSON can always be written as JSON again.
		return "unencodable"
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// IsOurs tells whether a live object was written by us. What convert printed and
// somebody applied carries our label too, and is theirs.
func IsOurs(live metav1.Object) bool {
	return live.GetLabels()[ManagedLabel] == "true" && (live.GetAnnotations()[AppliedAnnotation] != "" || ownerOf(live) != "")
}

// ownerOf names the Ingress that owns an object; empty: none does.
func ownerOf(live metav1.Object) string {
	for _, owner := range live.GetOwnerReferences() {
		if owner.Kind == "Ingress" {
			return owner.Name
		}
	}
	return ""
}

// MadeFor names the Ingress that an object was made for; empty when nothing on it
// tells.
func MadeFor(live metav1.Object) string {
	if ingress := live.GetAnnotations()[IngressAnnotation]; ingress != "" {
		return ingress
	}
	return ownerOf(live)
}

// Adoptable tells whether an object that is not ours may be taken over for the named
// Ingress if somebody asks for it: no other Ingress is named on it.
func Adoptable(live metav1.Object, ingress string) bool {
	made := MadeFor(live)
	return !IsOurs(live) && (made == "" || made == ingress)
}

// HandedOver tells whether the object itself asks to be taken over for the named Ingress.
func HandedOver(live metav1.Object, ingress string) bool {
	return Adoptable(live, ingress) && live.GetAnnotations()[AdoptAnnotation] == "true"
}

// OwnedBy tells whether a live object, whose name is one that the named Ingress
// wants, may be written for it: it is ours, and no other Ingress is named on it.
func OwnedBy(live metav1.Object, ingress string) bool {
	made := MadeFor(live)
	return IsOurs(live) && (made == "" || made == ingress)
}
