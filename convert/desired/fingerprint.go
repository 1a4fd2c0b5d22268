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
		leave(marks.Labels, owned.Labels)
		leave(marks.Annotations, owned.Annotations)
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

type owned struct {
	Labels      map[string]json.RawMessage `json:"f:labels"`
	Annotations map[string]json.RawMessage `json:"f:annotations"`
}

// ownedMarks are those that our field manager owns, nil when nothing tells.
func ownedMarks(u *unstructured.Unstructured) *owned {
	for _, entry := range u.GetManagedFields() {
		if entry.Manager != FieldManager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Metadata owned `json:"f:metadata"`
		}
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) == nil {
			return &fields.Metadata
		}
	}
	return nil
}

// leave deletes what is not owned.
func leave(marks map[string]string, owned map[string]json.RawMessage) {
	maps.DeleteFunc(marks, func(key, _ string) bool {
		_, ours := owned["f:"+key]
		return !ours
	})
}
