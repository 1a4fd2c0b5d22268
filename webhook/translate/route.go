package translate

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// Route returns the name of the IngressRoute that stands for the Ingress called
// name: the one of the same name, or the first when there is none. It is empty
// when the conversion emits no route.
func (t Translation) Route(name string) string {
	var routes []string
	for _, o := range t.Objects {
		if o.GetObjectKind().GroupVersionKind().Kind == emit.RouteKind {
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

// Obstacle returns the code of the finding because of which a human has to act
// before there can be a route: a blocking one, else one that cannot be converted;
// empty when there is none. What is not served for a reason that may pass by
// itself, such as a Service that is applied a moment later, is no obstacle.
func (t Translation) Obstacle() diag.Code {
	code := diag.Code("")
	for _, d := range t.Diagnostics {
		if d.Blocking {
			return d.Code
		}
		if d.Severity == diag.Unsupported && code == "" {
			code = d.Code
		}
	}
	return code
}
