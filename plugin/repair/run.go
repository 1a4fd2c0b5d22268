package repair

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
)

// DryRun says how far a run goes.
type DryRun int

// The kinds of run.
const (
	// Real changes the cluster.
	Real DryRun = iota
	// Client sends nothing.
	Client
	// Server sends everything, and the API server stores nothing.
	Server
)

// ErrHeld is the outcome of a route that was not written because an object that
// it refers to could not be: a route without its authentication is worse than a
// missing one.
var ErrHeld = errors.New("not written, because an object that it refers to is not in place")

// Runner executes steps.
type Runner struct {
	Objects dynamic.Interface
	DryRun  DryRun
	// Done is told the outcome of every step but Keep, in order. The object is
	// what the API server answered, or would be sent.
	Done func(step Step, object *unstructured.Unstructured, err error)
}

// Run executes steps in order. One that fails does not stop those of other
// Ingresses; only the end of the context does.
func (r *Runner) Run(ctx context.Context, steps []Step) error {
	held := map[string]bool{}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		ingress := step.Namespace + "/" + step.Ingress
		isRoute := step.Object.Kind == "IngressRoute"
		var object *unstructured.Unstructured
		var err error
		switch {
		case step.Action == Keep:
			// A foreign middleware must not protect, or open, our route.
			held[ingress] = held[ingress] || !isRoute && step.Object.State == desired.Foreign
			continue
		case step.Action == Delete:
			object, err = step.Object.Live, r.remove(ctx, step.Object.Live)
		case isRoute && held[ingress]:
			object, err = step.Object.Want, ErrHeld
		default:
			object, err = r.write(ctx, step)
			held[ingress] = held[ingress] || err != nil && !isRoute
		}
		r.Done(step, object, err)
	}
	return nil
}

func (r *Runner) write(ctx context.Context, step Step) (*unstructured.Unstructured, error) {
	if r.DryRun == Client {
		return step.Object.Want, nil
	}
	applied, err := r.Apply(ctx, step.Object.Want, step.Action == Overwrite)
	// The live fields are exactly what we applied last, so whoever owns them set
	// them back: nothing of theirs gets lost. The resourceVersion keeps this true.
	if conflict(err) && step.Object.State == desired.Stale {
		want := step.Object.Want.DeepCopy()
		want.SetResourceVersion(step.Object.Live.GetResourceVersion())
		applied, err = r.Apply(ctx, want, true)
	}
	return applied, explained(err)
}

// Apply writes one object by server-side apply under our field manager. Without
// force, fields that somebody else set to other values are a conflict.
func (r *Runner) Apply(ctx context.Context, want *unstructured.Unstructured, force bool) (*unstructured.Unstructured, error) {
	resource, err := scan.Resource(want.GetAPIVersion(), want.GetKind())
	if err != nil {
		return nil, err
	}
	options := metav1.ApplyOptions{FieldManager: desired.FieldManager, Force: force}
	if r.DryRun == Server {
		options.DryRun = []string{metav1.DryRunAll}
	}
	return r.Objects.Resource(resource).Namespace(want.GetNamespace()).Apply(ctx, want.GetName(), want, options)
}

// remove deletes exactly the object that was looked at.
func (r *Runner) remove(ctx context.Context, live *unstructured.Unstructured) error {
	if r.DryRun == Client {
		return nil
	}
	resource, err := scan.Resource(live.GetAPIVersion(), live.GetKind())
	if err != nil {
		return err
	}
	uid, version := live.GetUID(), live.GetResourceVersion()
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}}
	if r.DryRun == Server {
		options.DryRun = []string{metav1.DryRunAll}
	}
	err = r.Objects.Resource(resource).Namespace(live.GetNamespace()).Delete(ctx, live.GetName(), options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// causes are the field managers that the API server names in a conflict.
func causes(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var found []metav1.StatusCause
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			found = append(found, cause)
		}
	}
	return found
}

func conflict(err error) bool { return len(causes(err)) > 0 }

// explained says a conflict in few words: who holds which field.
func explained(err error) error {
	var who []string
	for _, cause := range causes(err) {
		who = append(who, strings.TrimPrefix(cause.Message, "conflict with ")+" ("+strings.TrimPrefix(cause.Field, ".")+")")
	}
	if who == nil {
		return err
	}
	return fmt.Errorf("fields belong to %s; --overwrite takes them", strings.Join(who, ", "))
}
