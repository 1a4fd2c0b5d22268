package reconcile

import (
	"context"
	"fmt"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
)

// Stage holds back what another version of the program would change in routes whose
// Ingresses stay as they are: an upgrade must not rewrite thousands at once. It is
// reported, and done by `sync`, namespace by namespace, or when the Ingress changes.
//
// An Ingress that was found as it should be by this process is not held back any more:
// from then on only its own changes, or those of its peers and Services, change its routes.
type Stage struct {
	version string

	mu     sync.Mutex
	passed map[types.NamespacedName]struct{}
}

// NewStage returns a Stage of the given version of the program.
func NewStage(version string) *Stage {
	return &Stage{version: version, passed: map[types.NamespacedName]struct{}{}}
}

func (s *Stage) done(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed[key] = struct{}{}
}

func (s *Stage) gone(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.passed, key)
}

func (s *Stage) isDone(key types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, done := s.passed[key]
	return done
}

// heldBack returns what the upgrade would change for ingress; nil: nothing is held back.
func (r *Reconciler) heldBack(ctx context.Context, ingress *networkingv1.Ingress, wanted []*unstructured.Unstructured) (*Finding, error) {
	key := client.ObjectKeyFromObject(ingress)
	if r.Stage.isDone(key) {
		return nil, nil
	}
	made, err := r.Cluster.MadeFor(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("find what another version wrote: %w", err)
	}
	wants := map[string]*unstructured.Unstructured{}
	for _, want := range wanted {
		wants[name(want)] = want
	}
	for _, one := range made {
		want := wants[one.String()]
		if want != nil {
			if asWanted, err := r.Cluster.AsWanted(ctx, want); err != nil || asWanted {
				if err != nil {
					return nil, fmt.Errorf("find what another version wrote: %w", err)
				}
				continue
			}
		}
		live, err := r.live(ctx, one)
		if err != nil {
			return nil, err
		}
		if live == nil || !desired.OwnedBy(live, ingress.Name) || desired.Edited(live) || live.GetDeletionTimestamp() != nil {
			continue
		}
		wrote := desired.OtherConverter(live, ingress, r.Stage.version)
		if wrote == "" {
			continue
		}
		what := "is not made any more"
		if want != nil {
			state, differences := desired.Compare(want, live)
			if state != desired.Stale {
				continue
			}
			what = "makes it otherwise: " + fields(differences)
		}
		if unprotected, err := r.unprotected(ctx, ingress, wanted); unprotected || err != nil {
			return nil, err
		}
		return &Finding{State: Outdated, Object: name(live), Text: fmt.Sprintf(
			"kept as version %s wrote it; version %s %s; kubectl ingress-migrate sync -n %s %s",
			wrote, r.Stage.version, what, ingress.Namespace, ingress.Name)}, nil
	}
	r.Stage.done(key)
	return nil, nil
}

// unprotected tells whether what protects the routes of ingress belongs to somebody else:
// then they are closed, whoever wrote them.
func (r *Reconciler) unprotected(ctx context.Context, ingress *networkingv1.Ingress, wanted []*unstructured.Unstructured) (bool, error) {
	for _, want := range wanted {
		if !desired.Protects(want) {
			continue
		}
		if asWanted, err := r.Cluster.AsWanted(ctx, want); err != nil || asWanted {
			if err != nil {
				return false, fmt.Errorf("find what protects routes: %w", err)
			}
			continue
		}
		live, err := r.live(ctx, cluster.Name{Kind: want.GroupVersionKind(), Key: client.ObjectKeyFromObject(want)})
		if err != nil {
			return false, err
		}
		if live != nil && cluster.TakenBy(live, ingress.Name) != "" {
			return true, nil
		}
	}
	return false, nil
}
