package cutover

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// labels is the placement by a label of the node, which guards on both DaemonSets obey.
type labels struct{ *session }

// hold sets the new proxy's guard first: it must be there before any of its
// pods, and where pods of it wait for ports it removes them. Then the old one's.
func (p labels) hold(ctx context.Context, f *fleet.Fleet) error {
	for i := range f.Nodes {
		// A guard would take the new proxy off a node that it serves already.
		if n := &f.Nodes[i]; !isGuarded(f.New) && adoptable(n) {
			if err := p.give(ctx, f, n.Name, fleet.New, false); err != nil {
				return err
			}
			p.info("%s is served by %s already and gets its label", n.Name, f.New.Title)
		}
	}
	if !isGuarded(f.New) {
		if err := p.guard(ctx, f, f.New); err != nil {
			return err
		}
	}
	if !isGuarded(f.Old) {
		if err := p.guard(ctx, f, f.Old); err != nil {
			return err
		}
	}
	return p.head(ctx, f, p.course())
}

// guard sets one guard and waits until it is obeyed: no pod of the set waits or
// runs outside its nodes, and every pod that served before is still the same one.
func (p labels) guard(ctx context.Context, f *fleet.Fleet, set *fleet.Set) error {
	return p.held(ctx, set, fmt.Sprintf("guarding daemonset %s", set.Name), "is guarded", func(_ *fleet.Fleet, live *fleet.Set) ([]byte, error) {
		return fleet.GuardPatch(live, p.course())
	})
}

// give gives the node to a side. With well, only a node that is ready and whose
// DaemonSets are guarded is touched.
func (p labels) give(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, well bool) error {
	const attempts = 10
	var err error
	for range attempts {
		err = p.persist(ctx, func() error {
			n, err := p.Reader.ReadNode(ctx, f, name)
			if err != nil {
				return err
			}
			if n.Gone || n.Side() == to {
				return goneIf(well, n)
			}
			if well {
				if err := gone(n); err != nil {
					return err
				}
				if err := p.stillGuarded(ctx, f); err != nil {
					return err
				}
			}
			patch, err := fleet.LabelPatch(n, to)
			if err != nil {
				return err
			}
			if err := p.lock.Check(ctx); err != nil {
				return err
			}
			_, err = p.Client.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "ingress-migrate"})
			return err
		})
		// A kubelet writes to its node all the time.
		if !apierrors.IsConflict(err) {
			return err
		}
	}
	return err
}

func goneIf(well bool, n *fleet.Node) error {
	if well && n.Gone {
		return gone(n)
	}
	return nil
}

// part has nothing to do: a node has its label or has not.
func (p labels) part(context.Context, *fleet.Fleet) error { return nil }

// release leaves the new DaemonSet guarded: it wants no node.
func (p labels) release(context.Context) error { return nil }
