// Package faults_test ends operators at every write that they make, and wants others to
// bring the cutover to its end, or to what was before.
package faults_test

import (
	"fmt"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
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

// TestKilledAfterEveryWrite kills the operator after its n-th write, for all n:
// another one then brings the cutover to its end. Then the rollback is killed
// after its n-th write, and another one brings that to its end: everything is as
// it was.
func TestKilledAfterEveryWrite(t *testing.T) {
	everyWrite(t, func(t *testing.T) func(int) bool {
		r := rig.New(t)
		names := r.Pair()
		r.Create(rig.OldSet(rig.OnPair))
		r.WaitServed(fleet.Old, len(names))
		r.Create(rig.NewSet(rig.OnPair))
		before := r.Original()
		r.Watch(1, names...)
		both := func(side fleet.Side) map[string]fleet.Side {
			return map[string]fleet.Side{"edge-1": side, "edge-2": side}
		}
		return func(n int) bool {
			running := r.Killed("run", n)
			if running {
				// Killed before the first record: there is nothing to resume.
				command := "resume"
				if r.Fleet().Journal == nil {
					command = "run"
				}
				if f := r.Fleet(); f.Journal != nil && f.Journal.Phase == journal.RolledBack {
					command = "run"
				}
				if f := r.Fleet(); f.Journal != nil && f.Journal.Phase == journal.Switched {
					command = "" // it was the last write
				}
				if command != "" {
					if err := r.Inherit(command); err != nil {
						t.Fatalf("%s after write %d: %v", command, n, err)
					}
				}
			}
			r.WantSame(fmt.Sprintf("served after write %d and resume", n), both(fleet.New), r.Served())

			rolling := r.Killed("rollback", n)
			if rolling && r.Fleet().Journal.Phase != journal.RolledBack {
				if err := r.Inherit("rollback"); err != nil {
					t.Fatalf("rollback after write %d: %v", n, err)
				}
			}
			r.WantSame(fmt.Sprintf("served after write %d and rollback", n), both(fleet.Old), r.Served())
			r.WantSame("the old DaemonSet", before, r.Original())
			return !running && !rolling
		}
	})
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
