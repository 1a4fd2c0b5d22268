package reconcile

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// prune removes what was made for ingress and is not wanted any more, routes
// first. What people edited is theirs to remove.
func (r *Reconciler) prune(ctx context.Context, ingress *networkingv1.Ingress, wanted []*unstructured.Unstructured, outcome *Outcome) error {
	made, err := r.Cluster.MadeFor(ctx, client.ObjectKeyFromObject(ingress))
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, want := range wanted {
		keep[name(want)] = true
	}
	for i := len(made) - 1; i >= 0; i-- { // MadeFor has routes last
		if keep[made[i].String()] {
			continue
		}
		live, err := r.live(ctx, made[i])
		if err != nil {
			return err
		}
		if live == nil || !desired.OwnedBy(live, ingress.Name) || live.GetDeletionTimestamp() != nil {
			continue
		}
		if keepsEdits(ingress, live) {
			outcome.add(Finding{State: Diverged, Object: name(live), Text: "kept: edited by hand and no longer wanted by its Ingress"})
			continue
		}
		if err := r.remove(ctx, live, outcome); err != nil {
			return err
		}
	}
	return nil
}

// keepsEdits tells whether a live object was edited, and edits are to be kept.
func keepsEdits(ingress *networkingv1.Ingress, live *unstructured.Unstructured) bool {
	return desired.Edited(live) && ingress.Annotations[desired.DriftAnnotation] != desired.DriftOverwrite
}

// remove deletes a live object, unless it has changed since it was read.
func (r *Reconciler) remove(ctx context.Context, live *unstructured.Unstructured, outcome *Outcome) error {
	uid, version := live.GetUID(), live.GetResourceVersion()
	err := r.Writer.Delete(ctx, live, client.Preconditions(metav1.Preconditions{UID: &uid, ResourceVersion: &version}))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %s: %w", name(live), err)
	}
	outcome.Removed = append(outcome.Removed, name(live))
	return nil
}

// detach leaves the objects of an opted-out Ingress in the cluster and takes our
// marks off them, so that they are neither overwritten nor collected.
func (r *Reconciler) detach(ctx context.Context, ingress *networkingv1.Ingress) (Outcome, error) {
	outcome := Outcome{State: OptedOut}
	made, err := r.Cluster.MadeFor(ctx, client.ObjectKeyFromObject(ingress))
	if err != nil {
		return outcome, err
	}
	for _, one := range made {
		live, err := r.live(ctx, one)
		if err != nil {
			return outcome, err
		}
		if live == nil || !desired.OwnedBy(live, ingress.Name) {
			continue
		}
		if err := r.release(ctx, live); err != nil {
			return outcome, err
		}
		outcome.Written = append(outcome.Written, name(live))
	}
	return outcome, nil
}

// release takes our marks off one live object.
func (r *Reconciler) release(ctx context.Context, live *unstructured.Unstructured) error {
	// MergeFromWithOptimisticLock: an edit in between must be seen first.
	patch := client.MergeFromWithOptions(live.DeepCopy(), client.MergeFromWithOptimisticLock{})
	released := live.DeepCopy()
	desired.Detach(released)
	if err := r.Writer.Patch(ctx, released, patch, client.FieldOwner(desired.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("detach %s: %w", name(live), err)
	}
	return nil
}
