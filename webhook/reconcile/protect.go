package reconcile

import (
	"context"
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// harmless are middlewares without which a route exposes nothing more, by their
// field in the spec. What is not known to be one is taken for a protection.
func harmless() []string {
	return []string{
		"addPrefix", "buffering", "circuitBreaker", "compress", "contentType", "errors",
		"replacePath", "replacePathRegex", "retry", "stripPrefix", "stripPrefixRegex",
	}
}

// protects tells whether a route without this object may let more in.
func protects(want *unstructured.Unstructured) bool {
	switch want.GetKind() {
	case "TLSOption":
		return true
	case "Middleware":
		spec, ok := want.Object["spec"].(map[string]any)
		if !ok {
			return true
		}
		for field := range spec {
			if !slices.Contains(harmless(), field) {
				return true
			}
		}
	}
	return false
}

// refused tells whether the API server will not take an object, as opposed to not
// now: its schema, a policy, a quota or missing rights.
func refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err)
}

// closeRoutes removes the routes that were made for ingress, because what is to
// protect them cannot be put in place: as they are, they let in what the Ingress
// keeps out by now. What people edited is theirs to remove.
func (r *Reconciler) closeRoutes(ctx context.Context, ingress *networkingv1.Ingress, outcome *Outcome) error {
	made, err := r.Cluster.MadeFor(ctx, client.ObjectKeyFromObject(ingress))
	if err != nil {
		return fmt.Errorf("find routes that lost their protection: %w", err)
	}
	for _, live := range made {
		if !emit.IsRouteKind(live.GetKind()) || live.GetDeletionTimestamp() != nil {
			continue
		}
		if live.GetAnnotations()[desired.AppliedAnnotation] != desired.SpecHash(live) {
			outcome.add(Finding{State: Diverged, Object: name(live), Text: "kept: edited by hand, although what its Ingress asks for to protect it is not in place"})
			continue
		}
		if err := r.remove(ctx, live, outcome); err != nil {
			return err
		}
	}
	return nil
}
