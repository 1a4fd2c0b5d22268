package desired

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Fingerprint is the same for a wanted object and for a live one that is as it was
// applied (see Edited), when they carry the same marks: the labels and annotations that
// we own, the hash of the spec among them, and the owners. What others added counts for
// nothing, as far as the managedFields tell whose it is; nor does which version wrote it,
// and when, as in Marked.
func Fingerprint(u *unstructured.Unstructured) string {
	marks := struct {
		Labels, Annotations map[string]string
		Owners              []metav1.OwnerReference
	}{u.GetLabels(), u.GetAnnotations(), u.GetOwnerReferences()}
	if owned := ownedMarks(u); owned != nil {
		leave(marks.Labels, owned.labels)
		leave(marks.Annotations, owned.annotations)
	}
	delete(marks.Annotations, ConverterAnnotation)
	delete(marks.Annotations, SourceAnnotation)
	raw, err := json.Marshal(marks)
	if err != nil {
		// Texts can always be written as JSON.
		return ""
	}
	sum := sha256.Sum256(raw)
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}

// owned are the keys of metadata that a field manager owns, as managedFields has them.
type owned struct{ labels, annotations map[string]any }

// ownedMarks are those that our field manager owns, nil when nothing tells. The entries
// are read as they are: structs of them would have their fields encoded and decoded once
// more, for each object that comes into a cache.
func ownedMarks(u *unstructured.Unstructured) *owned {
	metadata, _ := u.Object["metadata"].(map[string]any)
	entries, _ := metadata["managedFields"].([]any)
	for _, one := range entries {
		entry, _ := one.(map[string]any)
		fields, ok := entry["fieldsV1"].(map[string]any)
		if !ok || entry["manager"] != FieldManager || entry["operation"] != string(metav1.ManagedFieldsOperationApply) {
			continue
		}
		marks, _ := fields["f:metadata"].(map[string]any)
		o := &owned{}
		o.labels, _ = marks["f:labels"].(map[string]any)
		o.annotations, _ = marks["f:annotations"].(map[string]any)
		return o
	}
	return nil
}

// leave deletes what is not owned.
func leave(marks map[string]string, owned map[string]any) {
	maps.DeleteFunc(marks, func(key, _ string) bool {
		_, ours := owned["f:"+key]
		return !ours
	})
}
