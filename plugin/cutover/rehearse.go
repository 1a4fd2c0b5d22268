package cutover

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Rehearse sends the writes of a cutover for the server to check, not to store:
// both guards and one node's label, or its host name.
func (e *Engine) Rehearse(ctx context.Context) error {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return err
	}
	if err := f.Need(fleet.Old, fleet.New); err != nil {
		return err
	}
	options := metav1.PatchOptions{FieldManager: "ingress-migrate", DryRun: []string{metav1.DryRunAll}}
	for _, side := range []fleet.Side{fleet.New, fleet.Old} {
		set := f.Set(side)
		patch, err := fleet.GuardPatch(set, fleet.Note{ID: "rehearsal"})
		if e.Settings.Strategy == journal.Story {
			patch, err = fleet.StoryPatch(set, fleet.Note{ID: "rehearsal"}, func(out []string) []string {
				if side == fleet.Old && len(f.Nodes) > 0 {
					out = append(out, f.Nodes[0].Hostname)
				}
				return out
			})
		}
		if err != nil {
			return err
		}
		if _, err := e.Client.AppsV1().DaemonSets(set.Name.Namespace).Patch(ctx, set.Name.Name, types.MergePatchType, patch, options); err != nil {
			return fmt.Errorf("guarding daemonset %s (server dry run): %w", set.Name, err)
		}
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Gone || e.Settings.Strategy == journal.Story {
			continue
		}
		patch, err := fleet.LabelPatch(n, fleet.New)
		if err != nil {
			return err
		}
		// A kubelet may have written to the node since; a conflict shows the right
		// to write as well as success does.
		if _, err := e.Client.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, patch, options); err != nil && !apierrors.IsConflict(err) {
			return fmt.Errorf("labelling node %s (server dry run): %w", n.Name, err)
		}
		return nil
	}
	return nil
}
