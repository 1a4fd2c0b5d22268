package decide

import (
	"encoding/json"
	"strings"
)

// StampAnnotation on an Ingress names its route: "IngressRoute/web", or says
// "unconvertible: CODE". It never carries a time, a counter or a version: the
// same Ingress must get the same stamp for ever, or every re-apply would be a
// change. It has no entry in managedFields, so `kubectl diff` stays empty.
const StampAnnotation = "ingress-migrate.io/route"

// operation is one operation of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// stampPatch returns the JSON patch that makes the stamp of annotations equal to
// stamp (empty: none), or nil when it is already.
func stampPatch(annotations map[string]string, stamp string) []byte {
	current, exists := annotations[StampAnnotation]
	path := "/metadata/annotations/" + strings.ReplaceAll(StampAnnotation, "/", "~1")
	var op operation
	switch {
	case stamp == "" && !exists, stamp != "" && current == stamp:
		return nil
	case stamp == "":
		op = operation{Op: "remove", Path: path}
	case annotations == nil:
		op = operation{Op: "add", Path: "/metadata/annotations", Value: map[string]string{StampAnnotation: stamp}}
	default:
		op = operation{Op: "add", Path: path, Value: stamp}
	}
	raw, err := json.Marshal([]operation{op})
	if err != nil {
		// Strings and a map of strings can always be written as JSON.
		return nil
	}
	return raw
}

// takenWarning fits into the 120 characters that an admission warning may have.
func takenWarning(route, who string) string {
	const room = 120
	w := "ingress-migrate: IngressRoute " + route + " is left alone: " + who
	if len(w) > room {
		w = w[:room-3] + "..."
	}
	return w
}
