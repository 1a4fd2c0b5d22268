package repair

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
)

// ErrOpen is the outcome of a route that is still there although what protects it is
// not in place: somebody edited it, so it is theirs to delete.
var ErrOpen = errors.New("kept: edited by hand, although what its Ingress asks for to protect it is not in place")

// closed is the reason of a Delete that nobody asked for.
const closed = "what its Ingress asks for to protect it cannot be put in place"

// closeRoutes deletes the routes of the Ingress of step, whose object cannot be put in
// place: as they are, they let in what that object is to keep out. They are looked for
// where they are stored, since the plan does not know those that are as they should be.
func (r *Runner) closeRoutes(ctx context.Context, step Step) []outcome {
	var done []outcome
	for _, kind := range emit.Kinds() {
		if !emit.IsRouteKind(kind) {
			continue
		}
		open, err := r.routesOf(ctx, step, kind)
		if err != nil {
			step.Why = closed
			return append(done, outcome{step: step, err: fmt.Errorf("find routes that lost their protection: %w", err)})
		}
		for _, live := range open {
			o := outcome{object: live, step: Step{
				Action: Delete, Namespace: step.Namespace, Ingress: step.Ingress, Why: closed,
				Object: scan.Object{APIVersion: live.GetAPIVersion(), Kind: kind, Name: live.GetName(), State: scan.Unwanted},
			}}
			if desired.Edited(live) {
				o.err = ErrOpen
			} else {
				o.err = r.remove(ctx, live)
			}
			done = append(done, o)
		}
	}
	return done
}

// routesOf lists the routes of one kind that we wrote for the Ingress of step.
func (r *Runner) routesOf(ctx context.Context, step Step, kind string) ([]*unstructured.Unstructured, error) {
	resource, err := scan.Resource(step.Object.APIVersion, kind)
	if err != nil {
		return nil, err
	}
	list, err := r.Objects.Resource(resource).Namespace(step.Namespace).List(ctx, metav1.ListOptions{LabelSelector: desired.ManagedLabel + "=true"})
	if err != nil {
		if apierrors.IsNotFound(err) { // older custom resource definitions
			return nil, nil
		}
		return nil, err
	}
	var routes []*unstructured.Unstructured
	for i := range list.Items {
		live := &list.Items[i]
		if desired.IsOurs(live) && desired.MadeFor(live) == step.Ingress && live.GetDeletionTimestamp() == nil {
			routes = append(routes, live)
		}
	}
	return routes, nil
}
