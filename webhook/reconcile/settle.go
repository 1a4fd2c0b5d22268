package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// wantedObjects returns what the cluster should hold for ingress: routes last.
func (r *Reconciler) wantedObjects(ingress *networkingv1.Ingress, t translate.Translation) ([]*unstructured.Unstructured, error) {
	wanted := make([]*unstructured.Unstructured, 0, len(t.Objects))
	for _, object := range t.Objects {
		want, err := desired.Object(object, ingress)
		if err != nil {
			return nil, err
		}
		desired.WrittenBy(want, r.Stage.version)
		wanted = append(wanted, want)
	}
	slices.SortStableFunc(wanted, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(emit.CompareKinds(a.GetKind(), b.GetKind()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return wanted, nil
}

// settle brings one live object to what is wanted, or says why it stays as it is.
func (r *Reconciler) settle(ctx context.Context, ingress *networkingv1.Ingress, want *unstructured.Unstructured, outcome *Outcome) (*Finding, error) {
	if asWanted, err := r.Cluster.AsWanted(ctx, want); err != nil || asWanted {
		return nil, err
	}
	live, err := r.live(ctx, cluster.Name{Kind: want.GroupVersionKind(), Key: client.ObjectKeyFromObject(want)})
	if err != nil {
		return nil, err
	}
	if live != nil && desired.HandedOver(live, ingress.Name) {
		return nil, r.takeOver(ctx, want, live, outcome)
	}
	if who := cluster.TakenBy(live, ingress.Name); who != "" {
		text := "left alone: " + who
		if desired.Adoptable(live, ingress.Name) {
			text += "; annotation " + desired.AdoptAnnotation + "=true on it hands it over"
		}
		return &Finding{State: Foreign, Object: name(want), Text: text}, nil
	}
	state, differences := desired.Compare(want, live)
	if state == desired.Drifted || state == desired.Diverged {
		switch ingress.Annotations[desired.DriftAnnotation] {
		case desired.DriftOverwrite:
			return nil, r.takeOver(ctx, want, live, outcome)
		case desired.DriftDetach:
			return nil, errDetach
		}
	}
	switch state {
	case desired.InSync:
		if desired.Marked(want, live) {
			return nil, nil
		}
	case desired.Drifted:
		return &Finding{State: Drifted, Object: name(want), Text: "edited by hand and kept: " + fields(differences)}, nil
	case desired.Foreign:
		return &Finding{State: Foreign, Object: name(want), Text: "left alone: it was not made by ingress-migrate"}, nil
	case desired.Missing, desired.Stale, desired.Diverged:
	}
	return r.apply(ctx, want, live, state, outcome)
}

// live returns what is stored under a name, nil when there is nothing. The cache is not
// asked: it may not have an object yet that this replica or another one wrote a moment
// ago, and taking it for missing would make an edit since then look like somebody else's
// object.
func (r *Reconciler) live(ctx context.Context, n cluster.Name) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(n.Kind)
	if err := r.Fresh.Get(ctx, n.Key, live); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read %s: %w", n, err)
	}
	return live, nil
}

// apply writes want. A field manager's conflict is the API server's word that
// somebody else set a field that we want to change.
func (r *Reconciler) apply(ctx context.Context, want, live *unstructured.Unstructured, state desired.State, outcome *Outcome) (*Finding, error) {
	written := want.DeepCopy()
	err := r.Writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(written), client.FieldOwner(desired.FieldManager))
	if conflict := managersOf(err); conflict != "" {
		switch {
		case state == desired.Stale || state == desired.InSync:
			// The live fields are exactly what we applied last, so an edit that made
			// another manager their owner was taken back: nothing of it gets lost.
			// The resourceVersion keeps this true until the write.
			written = want.DeepCopy()
			written.SetResourceVersion(live.GetResourceVersion())
			err = r.Writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(written), client.FieldOwner(desired.FieldManager), client.ForceOwnership)
		case state == desired.Missing:
			return &Finding{State: Foreign, Object: name(want), Text: "left alone: set by " + conflict}, nil
		default:
			return &Finding{State: Diverged, Object: name(want), Text: "kept: the Ingress changed after an edit by " + conflict}, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", name(want), err)
	}
	if state == desired.Missing && sharedSpec(written) {
		// Somebody created the same object at the same moment and the API server
		// merged the two. It is theirs: take our marks off again.
		if err := r.release(ctx, written); err != nil {
			return nil, err
		}
		return &Finding{State: Foreign, Object: name(want), Text: "left alone: it was not made by ingress-migrate"}, nil
	}
	outcome.Written = append(outcome.Written, name(want))
	return nil, nil
}

// errDetach says that an object was edited, and its Ingress wants all of its objects
// to be people's then.
var errDetach = errors.New("detach")

// takeOver takes fields from whoever set them: of an object that its owner handed over,
// or whose edits are not to be kept. Fields that we do not want stay as they are.
func (r *Reconciler) takeOver(ctx context.Context, want, live *unstructured.Unstructured, outcome *Outcome) error {
	written := want.DeepCopy()
	written.SetResourceVersion(live.GetResourceVersion())
	if err := r.Writer.Apply(ctx, client.ApplyConfigurationFromUnstructured(written), client.FieldOwner(desired.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("take over %s: %w", name(want), err)
	}
	outcome.Written = append(outcome.Written, name(want))
	return nil
}

// managersOf returns what the API server says about field managers that own
// what we wanted to change; empty when err is no such conflict.
func managersOf(err error) string {
	if !apierrors.IsConflict(err) {
		return ""
	}
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Details == nil {
		return ""
	}
	var managers []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		manager := strings.TrimPrefix(cause.Message, "conflict with ")
		managers = append(managers, manager+" ("+cause.Field+")")
	}
	return strings.Join(managers, ", ")
}

// sharedSpec tells whether another manager owns fields of an object's spec.
func sharedSpec(o *unstructured.Unstructured) bool {
	return slices.ContainsFunc(o.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool {
		return m.Manager != desired.FieldManager && m.FieldsV1 != nil && strings.Contains(string(m.FieldsV1.GetRawBytes()), `"f:spec"`)
	})
}

func fields(differences []desired.Difference) string {
	const shown = 3
	var names []string
	for _, d := range differences {
		names = append(names, d.Field)
	}
	if len(names) > shown {
		names = append(names[:shown], fmt.Sprintf("and %d more", len(differences)-shown))
	}
	return strings.Join(names, ", ")
}

func name(o *unstructured.Unstructured) string { return o.GetKind() + "/" + o.GetName() }
