package translate

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// RouteKind is the kind of the objects that make traffic flow.
const RouteKind = "IngressRoute"

// Route returns the name of the IngressRoute that stands for the Ingress called
// name: the one of the same name, or the first when there is none. It is empty
// when the conversion emits no route.
func (t Translation) Route(name string) string {
	var routes []string
	for _, o := range t.Objects {
		if o.GetObjectKind().GroupVersionKind().Kind == RouteKind {
			routes = append(routes, o.GetName())
		}
	}
	if len(routes) == 0 {
		return ""
	}
	if slices.Contains(routes, name) {
		return name
	}
	return slices.Min(routes)
}

// Ours tells whether the source controller serves this Ingress at all.
func (t Translation) Ours() bool { return t.Verdict != convert.Skipped }

// Obstacle returns the code of the finding that kept the route from being made:
// a blocking one first, then the most severe one; empty when there is none.
func (t Translation) Obstacle() diag.Code {
	var worst *diag.Diagnostic
	for i := range t.Diagnostics {
		d := &t.Diagnostics[i]
		if worst == nil || (d.Blocking && !worst.Blocking) || (d.Blocking == worst.Blocking && d.Severity > worst.Severity) {
			worst = d
		}
	}
	if worst == nil || (worst.Severity < diag.Lossy && !worst.Blocking) {
		return ""
	}
	return worst.Code
}
