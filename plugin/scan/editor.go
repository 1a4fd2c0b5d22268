package scan

import (
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// editorOf finds who owns a field of a live object besides us: the manager of
// the newest entry of managedFields with that field. A field that somebody
// removed has no owner; then the newest entry of anybody else that owns a part
// of the spec is the best guess.
func editorOf(live *unstructured.Unstructured, field string) *Editor {
	var owner, guess *Editor
	for _, entry := range live.GetManagedFields() {
		if entry.Manager == desired.FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil || entry.Subresource != "" {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			continue
		}
		if _, spec := fields["f:spec"]; !spec {
			continue
		}
		editor := &Editor{Manager: entry.Manager, Field: field}
		if entry.Time != nil {
			editor.Time = entry.Time.Time
		}
		guess = newer(guess, editor)
		if owns(fields, field) {
			owner = newer(owner, editor)
		}
	}
	if owner != nil {
		return owner
	}
	return guess
}

func newer(a, b *Editor) *Editor {
	if a == nil || b.Time.After(a.Time) {
		return b
	}
	return a
}

// owns follows a path such as spec.routes[0].match. Lists of Traefik's
// resources are atomic: who owns the list owns what is in it.
func owns(fields map[string]any, path string) bool {
	path, _, inList := strings.Cut(path, "[")
	for _, name := range strings.Split(path, ".") {
		next, ok := fields["f:"+name].(map[string]any)
		if !ok {
			return false
		}
		fields = next
	}
	return inList || len(fields) == 0 || fields["."] != nil
}
