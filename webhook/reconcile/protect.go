package reconcile

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// closeRoutes removes the routes that were made for ingress, because what is to
// protect them cannot be put in place: as they are, they let in what the Ingress
// keeps out by now. What people edited is theirs to remove.
func (r *Reconciler) closeRoutes(ctx context.Context, ingress *networkingv1.Ingress, outcome *Outcome) error {
	made, err := r.Cluster.MadeFor(ctx, client.ObjectKeyFromObject(ingress))
	if err != nil {
		return fmt.Errorf("find routes that lost their protection: %w", err)
	}
	for _, one := range made {
		if !emit.IsRouteKind(one.Kind.Kind) {
			continue
		}
		live, err := r.live(ctx, one)
		if err != nil {
			return err
		}
		if live == nil || !desired.OwnedBy(live, ingress.Name) || live.GetDeletionTimestamp() != nil {
			continue
		}
		if keepsEdits(ingress, live) {
			outcome.add(Finding{State: Diverged, Object: name(live), Text: "kept: edited by hand, although what its Ingress asks for to protect it is not in place"})
			continue
		}
		if err := r.remove(ctx, live, outcome); err != nil {
			return err
		}
	}
	return nil
}
