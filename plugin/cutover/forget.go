package cutover

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// forget removes what the cutover put into the cluster: labels of nodes, the gate's route,
// journals and, last because it tells where those are, the note on the new DaemonSet.
func (s *session) forget(ctx context.Context) error {
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	for i := range f.Nodes {
		if n := &f.Nodes[i]; !n.Gone && n.Label != "" {
			if err := s.placement.give(ctx, f, n.Name, fleet.Old, false); err != nil {
				return fmt.Errorf("removing the label of node %s: %w", n.Name, err)
			}
		}
	}
	if s.Marker != nil {
		if err := s.change(ctx, func() error { return s.Marker.Remove(ctx, f.New.Name.Namespace, s.id) }); err != nil {
			return err
		}
	}
	if err := s.removeJournals(ctx); err != nil {
		return err
	}
	err = s.patchSet(ctx, f.New, func(live *fleet.Set) ([]byte, error) {
		if _, ok := live.Object.Annotations[fleet.GuardAnnotation]; !ok {
			return nil, nil
		}
		return json.Marshal(map[string]any{"metadata": map[string]any{
			"resourceVersion": live.Object.ResourceVersion, "annotations": map[string]any{fleet.GuardAnnotation: nil},
		}})
	})
	if err != nil {
		return fmt.Errorf("removing the note on daemonset %s: %w", f.New.Name, err)
	}
	s.info("%s is the only proxy, and nothing of the cutover is left; the way back is a cutover in the other direction", f.New.Name)
	return nil
}

// removeJournals removes the records of earlier cutovers, and this one's last.
func (s *session) removeJournals(ctx context.Context) error {
	maps := s.Client.CoreV1().ConfigMaps(s.home)
	var names []string
	err := s.persist(ctx, func() error {
		all, err := maps.List(ctx, metav1.ListOptions{LabelSelector: journal.Label})
		if err != nil {
			return err
		}
		names = nil
		for i := range all.Items {
			names = append(names, all.Items[i].Name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing the journals in namespace %s: %w", s.home, err)
	}
	slices.SortStableFunc(names, func(a, b string) int {
		own := journal.Name(s.id)
		switch {
		case a == own && b != own:
			return 1
		case b == own && a != own:
			return -1
		}
		return 0
	})
	for _, name := range names {
		err := s.change(ctx, func() error {
			return maps.Delete(ctx, name, metav1.DeleteOptions{})
		})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("removing the journal %s/%s: %w", s.home, name, err)
		}
	}
	return nil
}
