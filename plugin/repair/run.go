package repair

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
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

// workers is how many Ingresses are worked on at a time; an API server of the
// time of Traefik 1.7 admits 200 writes at once.
const workers = 8

// Runner executes steps.
type Runner struct {
	Objects dynamic.Interface
	DryRun  DryRun
	// Version of the program, which is said on what it writes.
	Version string
	// Done is told the outcome of every step but Keep, in the order of the steps
	// and never twice at a time, and of routes that are deleted because what protects
	// them cannot be put in place. The object is what the API server answered, or
	// would be sent; of no meaning beside an error.
	Done func(step Step, object *unstructured.Unstructured, err error)
}

// outcome is what became of one step.
type outcome struct {
	step   Step
	object *unstructured.Unstructured
	err    error
}

// Run executes steps: those of one Ingress one after the other, those of several
// at a time, and what is deleted after all that is written. A step that fails
// does not stop those of other Ingresses; only the end of the context does.
func (r *Runner) Run(ctx context.Context, steps []Step) error {
	first := slices.IndexFunc(steps, func(s Step) bool { return s.Object.State == scan.Unwanted })
	if first < 0 {
		first = len(steps)
	}
	for _, phase := range [][]Step{steps[:first], steps[first:]} {
		if err := r.phase(ctx, byIngress(phase)); err != nil {
			return err
		}
	}
	return nil
}

// byIngress cuts steps where the Ingress changes.
func byIngress(steps []Step) [][]Step {
	var groups [][]Step
	for i, step := range steps {
		if i == 0 || step.Namespace != steps[i-1].Namespace || step.Ingress != steps[i-1].Ingress {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], step)
	}
	return groups
}

func (r *Runner) phase(ctx context.Context, groups [][]Step) error {
	results := make([]chan []outcome, len(groups))
	for i := range results {
		results[i] = make(chan []outcome, 1)
	}
	var group sync.WaitGroup
	next := make(chan int)
	for range min(workers, len(groups)) {
		group.Go(func() {
			for i := range next {
				results[i] <- r.ingress(ctx, groups[i])
			}
		})
	}
	go func() {
		for i := range groups {
			next <- i
		}
		close(next)
	}()
	for _, result := range results {
		for _, o := range <-result {
			r.Done(o.step, o.object, o.err)
		}
	}
	group.Wait()
	return ctx.Err()
}

// ingress executes the steps of one Ingress, until the context ends.
func (r *Runner) ingress(ctx context.Context, steps []Step) []outcome {
	var done []outcome
	held := false
	// lost is the step of an object that protects routes and is not in place.
	var lost *Step
	for i, step := range steps {
		if ctx.Err() != nil {
			break
		}
		isRoute := emit.IsRouteKind(step.Object.Kind)
		o := outcome{step: step}
		switch {
		case step.Action == Keep:
			// A foreign middleware must not protect, or open, our route.
			if foreign := !isRoute && step.Object.State == desired.Foreign; foreign {
				held = true
				if step.Object.Protects {
					lost = &steps[i]
				}
			}
			continue
		case step.Action == Delete:
			if o.object, o.err = step.Object.Live.Object(); o.err == nil {
				o.err = r.remove(ctx, o.object)
			}
		case isRoute && held:
			o.err = ErrHeld
		default:
			o.object, o.err = r.write(ctx, step)
			held = held || o.err != nil && !isRoute
			if desired.Refused(o.err) && step.Object.Protects {
				lost = &steps[i]
			}
		}
		done = append(done, o)
	}
	if lost != nil && ctx.Err() == nil {
		done = append(done, r.closeRoutes(ctx, *lost)...)
	}
	return done
}

func (r *Runner) write(ctx context.Context, step Step) (*unstructured.Unstructured, error) {
	want, err := step.Object.Want.Object()
	if err != nil || r.DryRun == Client {
		return want, err
	}
	applied, err := r.Apply(ctx, want, step.Action == Overwrite)
	// The live fields are exactly what we applied last, so whoever owns them set
	// them back: nothing of theirs gets lost. The resourceVersion keeps this true.
	if conflict(err) && step.Object.State == desired.Stale {
		live, failed := step.Object.Live.Object()
		if failed != nil {
			return nil, failed
		}
		want.SetResourceVersion(live.GetResourceVersion())
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
	if r.Version != "" {
		want = want.DeepCopy()
		desired.WrittenBy(want, r.Version)
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
