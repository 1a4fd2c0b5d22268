package cutover_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// TestManifestAppliedDuringARollback: GitOps gives the old DaemonSet back to its controller
// while nodes are given back. Their pods were made under the guard, and stay all the same.
func TestManifestAppliedDuringARollback(t *testing.T) {
	for after, test := range map[string]struct {
		// unavailable is how many the controller may replace at once; those that wait for the
		// nodes of the new proxy count.
		unavailable int32
		returned    []string
		stops       bool
	}{
		"edge-2": {unavailable: 3, returned: []string{"edge-1", "edge-2"}, stops: true},
		"edge-4": {unavailable: 1, returned: []string{"edge-1", "edge-2", "edge-3", "edge-4"}},
	} {
		t.Run(after, func(t *testing.T) {
			r := rig.New(t)
			original := rig.OldSet(rig.Rolling(test.unavailable, 0))
			r.Deploy(original, rig.NewSet())
			before := r.Original()
			r.Watch(rig.Floor)
			e, d := r.Engine()
			r.Must(e.Run(t.Context()))
			pods := map[string]types.UID{}
			d.On = rig.At(cutover.NodeDone, after, func() {
				all := r.Serving(fleet.Old)
				for _, name := range test.returned {
					pods[name] = all[name]
				}
				r.Update("old", func(ds *appsv1.DaemonSet) {
					ds.Spec.Template.Spec.Affinity = nil
					ds.Spec.UpdateStrategy = original.Spec.UpdateStrategy
				})
				r.Eventually("the controller has acted on it", func() error {
					if f := r.Fleet(); !f.Old.Settled || len(f.Node("edge-4").Of(fleet.Old)) == 0 {
						return errors.New("not yet")
					}
					return nil
				})
			})
			err := e.RollbackAll(t.Context())
			if test.stops {
				if stopped := r.Stopped(err); !strings.Contains(stopped.Reason, "the guard of DaemonSet edge/old is gone") {
					t.Errorf("reason %q", stopped.Reason)
				}
				r.Must(e.RollbackAll(t.Context()))
			} else {
				r.Must(err)
			}
			r.WantSame("the old DaemonSet", before, r.Original())
			r.Eventually("the controller counts every pod as up to date", func() error {
				f := r.Fleet()
				if n := f.Old.Object.Status.UpdatedNumberScheduled; !f.Old.Settled || n != rig.Nodes {
					return fmt.Errorf("%d are", n)
				}
				return nil
			})
			after := r.Serving(fleet.Old)
			for name, uid := range pods {
				if after[name] != uid {
					t.Errorf("%s, which was given back, has another pod", name)
				}
			}
		})
	}
}
