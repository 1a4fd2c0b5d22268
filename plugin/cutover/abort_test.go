package cutover_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// recorded is how a node's record ends.
type recorded struct {
	Phase journal.NodePhase
	To    string
	Begun bool
}

func recordOf(r *rig.Rig, name string) recorded {
	n := r.Fleet().Journal.Node(name)
	return recorded{Phase: n.Phase, To: n.To, Begun: n.Begun != nil}
}

// Who died between the record of a move and the move itself has moved nothing, whichever way
// nodes are given to a side; what an abort leaves says so.
func TestAbortOfAMoveThatWasOnlyRecorded(t *testing.T) {
	t.Parallel()
	for name, engine := range map[string]func(*rig.Rig) (*cutover.Engine, *rig.Diary){
		"by label": (*rig.Rig).Engine, "by host name": storyteller,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t)
			r.Deploy(rig.OldSet(), rig.NewSet())
			r.Watch(rig.Nodes)
			ctx, kill := context.WithCancel(t.Context())
			e, d := engine(r)
			d.On = rig.At(cutover.Step, "edge-1", kill)
			if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Fatalf("run: %v", err)
			}
			r.WantSame("the record", recorded{journal.SwitchingTo, "new", true}, recordOf(r, "edge-1"))
			heir, _ := engine(r)
			_, err := heir.Abort(t.Context())
			r.Stopped(err)
			r.WantSame("the record after the abort", recorded{Phase: journal.Waiting}, recordOf(r, "edge-1"))
			r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
		})
	}
}

// A node that was on its way back, its label being gone already, is brought there.
func TestAbortOfAWayBack(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, _ := r.Engine()
	r.Must(e.Move(t.Context(), "edge-2", fleet.New))
	ctx, kill := context.WithCancel(t.Context())
	e, d := r.Engine()
	d.On = rig.At(cutover.Passed, "edge-2", kill) // its old pod serves, which nobody has written down
	if err := e.RollbackAll(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("rollback: %v", err)
	}
	r.WantSame("the record", recorded{journal.SwitchingTo, "old", true}, recordOf(r, "edge-2"))
	heir, _ := r.Engine()
	_, err := heir.Abort(t.Context())
	r.Stopped(err)
	r.WantSame("the record after the abort", recorded{journal.Done, "old", true}, recordOf(r, "edge-2"))
	r.WantSame("served", rig.Everywhere(fleet.Old), r.Served())
}
