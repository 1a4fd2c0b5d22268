// Package faults_test has everything befall an engine that may befall it, at every write
// that it makes, and wants others to bring the cutover to its end, or to what was before.
//
// In every case, while nodes are watched from outside: fewer never serve than the floor
// allows, clients behind a load balancer lose no request, and in the end the old
// DaemonSet is what it was, no pod of it is to be replaced, and nobody holds the lease.
package faults_test

import (
	"fmt"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// everyWrite counts to where try says that all was done before the n-th write. Clusters
// share the numbers: each takes every fourth.
func everyWrite(t *testing.T, try func(t *testing.T) func(n int) (done bool)) {
	t.Parallel()
	const clusters = 4
	for first := range clusters {
		t.Run(fmt.Sprintf("from-%d", first+1), func(t *testing.T) {
			t.Parallel()
			next := try(t)
			for n := first + 1; !t.Failed(); n += clusters {
				if next(n) {
					t.Logf("there are fewer than %d writes", n)
					return
				}
			}
		})
	}
}

// TestRetireKilledAfterEveryWrite ends a retirement after its n-th write, for all n, and
// another operator finishes it.
func TestRetireKilledAfterEveryWrite(t *testing.T) {
	everyWrite(t, func(t *testing.T) func(int) bool {
		return func(n int) (done bool) {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				r := rig.New(t)
				names := r.Pair()
				r.Create(rig.OldSet(rig.OnPair))
				r.WaitServed(fleet.Old, len(names))
				r.Create(rig.NewSet(rig.OnPair))
				r.Watch(1, names...)
				e, _ := r.Engine()
				e.Settings.AcceptSingleNode = true
				r.Must(e.Run(t.Context()))
				dying, ctx, dead := r.Dying(n)
				err := dying.Retire(ctx, cutover.Retirement{Recreate: true})
				if done = !dead(); done {
					r.Must(err)
				} else if f := r.Fleet(); f.Old != nil || f.Journal != nil || f.New.Guard.Record != nil {
					r.Must(r.Heir(func(e *cutover.Engine) error { return e.Retire(t.Context(), cutover.Retirement{Recreate: true}) }))
				}
				r.WantRetired(names...)
			})
			return done
		}
	})
}
