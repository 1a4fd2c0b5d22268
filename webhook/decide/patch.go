package decide

import (
	"encoding/json"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// StampAnnotation on an Ingress names its route: "IngressRoute/web", or says
// "unconvertible: CODE". It never carries a time, a counter or a version, and knows
// nothing of Services and other Ingresses: the same Ingress must get the same stamp
// for ever, or every re-apply would be a change. So it is what the Ingress leads to
// by itself; whether that is there now, `scan` tells. It has no entry in
// managedFields, so `kubectl diff` stays empty.
const StampAnnotation = "ingress-migrate.io/route"

// stamp returns the stamp of an Ingress that was converted alone; empty: it gets none.
func stamp(alone translate.Translation, name string) string {
	if route := alone.Route(name); route != "" {
		return emit.RouteKind + "/" + route
	}
	if code := alone.Obstacle(); code != "" {
		return "unconvertible: " + string(code)
	}
	return ""
}

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

// takenWarning says that the name of a route is somebody else's. Who that is was
// written by whoever made the object.
func takenWarning(route, who string) string {
	return "ingress-migrate: IngressRoute " + diag.Escape(route) + " is left alone: " + diag.Escape(who)
}
