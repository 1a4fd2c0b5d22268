package cutover

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// mark marks pods that were made while the guard of their set was on as what they are: of
// the template without it. Whoever takes the guard off, we in the end or somebody who
// applies the manifest again, gives the set back to a controller that replaces all others.
// While the guard is on, their generation says that they are up to date.
func (s *session) mark(ctx context.Context, set *fleet.Set, nodes []fleet.Node) error {
	if set == nil || set.UnguardedRevision == "" {
		return nil // what the template was edited into has no revision without the guard
	}
	for _, n := range nodes {
		for _, p := range n.Of(set.Side) {
			if err := s.markPod(ctx, set, p, set.UnguardedRevision); err != nil {
				return err
			}
		}
	}
	return nil
}

// markNode marks the pods of a node that was just given back.
func (s *session) markNode(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side) error {
	if to != fleet.Old {
		return nil
	}
	n, err := s.readNode(ctx, f, name)
	if err != nil {
		return err
	}
	return s.mark(ctx, f.Old, []fleet.Node{*n})
}

// acknowledge marks pods that were made while the guard was on as made from the current
// template, which has none any more, and waits until the controller knows it.
func (s *session) acknowledge(ctx context.Context, set *fleet.Set, f *fleet.Fleet) error {
	for _, n := range f.Nodes {
		for _, p := range n.Of(set.Side) {
			if err := s.markPod(ctx, set, p, set.Revision); err != nil {
				return err
			}
		}
	}
	return s.noticed(ctx, f, set.Side)
}

// markPod marks one pod, unless another template than the revision's made it, or it is
// gone.
func (s *session) markPod(ctx context.Context, set *fleet.Set, p fleet.Pod, revision string) error {
	if p.Terminating || p.Revision == revision || !slices.Contains(set.Equivalent, p.Revision) {
		return nil
	}
	patch, err := fleet.RevisionPatch(set, p, revision)
	if err != nil {
		return err
	}
	const attempts = 10
	pods := s.Client.CoreV1().Pods(p.Namespace)
	for range attempts {
		err = s.change(ctx, func() error {
			_, err := pods.Patch(ctx, p.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "ingress-migrate"})
			if !apierrors.IsConflict(err) {
				return err
			}
			// Its kubelet writes to it all the time, and another pod of its name is not meant.
			live, readErr := pods.Get(ctx, p.Name, metav1.GetOptions{})
			if readErr == nil && live.UID != p.UID {
				return nil
			}
			return cmp.Or(readErr, err)
		})
		if !apierrors.IsConflict(err) {
			break
		}
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("marking pod %s/%s as made from the current template: %w", p.Namespace, p.Name, err)
	}
	return nil
}
