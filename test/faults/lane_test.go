package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// strategy is a way to move nodes.
type strategy struct {
	name string
	// pair: only two nodes are the edge, so that there are few steps.
	pair bool
	// drained: a load balancer takes nodes out of rotation before they are moved, and
	// clients are behind it.
	drained bool
	choose  func(*cutover.Settings)
}

var (
	passive = strategy{name: "passive", pair: true, choose: func(*cutover.Settings) {}}
	drained = strategy{name: "drained", pair: true, drained: true, choose: func(s *cutover.Settings) { s.PrePull = true }}
	// as told: the way that the story went.
	told        = strategy{name: "story", pair: true, choose: func(s *cutover.Settings) { s.Strategy = journal.Story }}
	toldDrained = strategy{name: "story, drained", pair: true, drained: true, choose: told.choose}
	batches     = strategy{name: "batches", choose: func(s *cutover.Settings) { s.Batch, s.Floor = 2, 2 }}
)

// lane is a cluster on which one case follows the other: each begins and ends with the
// old proxy everywhere.
type lane struct {
	*rig.Rig
	strategy strategy
	names    []string
	floor    int
	before   rig.Original
	// newBefore is the new DaemonSet's spec before a first cutover, to which the story's way
	// goes back as well.
	newBefore appsv1.DaemonSetSpec
	front     *front
	engines   int
}

func newLane(t *testing.T, s strategy) *lane {
	t.Helper()
	l := &lane{Rig: rig.New(t), strategy: s, floor: 2}
	var changes []rig.Change
	for _, n := range l.Sandbox.Nodes() {
		l.names = append(l.names, n.Name)
	}
	if s.pair {
		l.names, changes, l.floor = l.Pair(), []rig.Change{rig.OnPair}, 1
	}
	l.Create(rig.OldSet(changes...))
	l.WaitServed(fleet.Old, len(l.names))
	l.Create(rig.NewSet(changes...))
	l.before = l.Original()
	l.Watch(l.floor, l.names...)
	if s.drained {
		l.front = newFront(l)
	}
	return l
}

// said logs what an engine does.
type said struct{ t *testing.T }

func (s said) Observe(e cutover.Event) {
	s.t.Logf("%-8s %-7s %-4s %s %s", e.Kind, e.Node, e.To, e.Text, e.Took.Round(time.Millisecond))
}

// operator is an engine, the context it runs in, and what befalls it.
type operator struct {
	*cutover.Engine
	*transport
	ctx context.Context
}

// operator makes one; choose tells what befalls it, nil: nothing.
func (l *lane) operator(choose func(int, *http.Request) *fault) *operator {
	l.T.Helper()
	ctx, kill := context.WithCancel(l.T.Context())
	l.T.Cleanup(kill)
	if choose == nil {
		choose = func(int, *http.Request) *fault { return nil }
	}
	t := &transport{client: l.Client, kill: kill, choose: choose}
	config := rest.CopyConfig(l.Config)
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { t.next = next; return t })
	l.engines++
	e, err := rig.EngineOn(config, "operator@here/"+strconv.Itoa(l.engines), said{l.T})
	l.Must(err)
	e.Settings.AcceptSingleNode, e.Settings.LeaseDuration, e.Settings.CanarySoak = true, time.Second, 50*time.Millisecond
	l.strategy.choose(&e.Settings)
	if l.front != nil {
		e.Drainer = &drainer{front: l.front, of: t}
	}
	return &operator{Engine: e, transport: t, ctx: ctx}
}

// deploy has the new proxy be as it is before a first cutover: without a guard, its pods
// waiting for the ports.
func (l *lane) deploy() {
	l.T.Helper()
	original := rig.NewSet()
	l.Update("new", func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Affinity, ds.Spec.UpdateStrategy = nil, original.Spec.UpdateStrategy
		delete(ds.Annotations, fleet.GuardAnnotation)
	})
	l.WaitWaiting(fleet.New, len(l.names))
	l.newBefore = l.Fleet().New.Object.Spec
}

// story tells whether nodes are moved the way that the story went.
func (l *lane) story() bool {
	var s cutover.Settings
	l.strategy.choose(&s)
	return s.Strategy == journal.Story
}

// on is every node with one side.
func (l *lane) on(side fleet.Side) map[string]fleet.Side {
	out := map[string]fleet.Side{}
	for _, name := range l.names {
		out[name] = side
	}
	return out
}

// switched wants the new proxy everywhere.
func (l *lane) switched(when string) {
	l.T.Helper()
	l.WantSame("served "+when, l.on(fleet.New), l.Served())
	l.quiet(when, journal.Switched)
}

// restored wants everything to be as it was.
func (l *lane) restored(when string) {
	l.T.Helper()
	l.WantSame("served "+when, l.on(fleet.Old), l.Served())
	l.WantSame("the old DaemonSet "+when, l.before, l.Original())
	f := l.Fleet()
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Label != "" {
			l.T.Errorf("%s: %s has the label %q", when, n.Name, n.Label)
		}
		for _, p := range n.Of(fleet.Old) {
			if p.Revision != f.Old.Revision {
				l.T.Errorf("%s: pod %s of %s is of revision %s, not %s: it would be replaced", when, p.Name, n.Name, p.Revision, f.Old.Revision)
			}
		}
	}
	if l.story() {
		l.WantSame("the new DaemonSet "+when, l.newBefore, l.Fleet().New.Object.Spec)
	}
	l.quiet(when, journal.RolledBack)
}

// quiet wants nobody to be at work, nothing to be left half-done, and no request lost.
func (l *lane) quiet(when string, phase journal.Phase) {
	l.T.Helper()
	f := l.Fleet()
	if f.Lease != nil {
		l.T.Errorf("%s: %s holds the lease", when, f.Lease.Holder)
	}
	if j := f.Journal; j != nil && (j.Phase != phase || j.Stopped != "") {
		l.T.Errorf("%s: the journal says %s, stopped %q", when, j.Phase, j.Stopped)
	}
	if l.front != nil {
		l.front.quiet(l, when)
	}
}

// owned wants every node to be served by the side that its label says, and no record to
// speak of a move that nobody makes.
func (l *lane) owned(when string) {
	l.T.Helper()
	f := l.Fleet()
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Serves() != n.Side() {
			l.T.Errorf("%s: %s is served by %q, and is the %s proxy's", when, n.Name, n.Serves(), n.Side())
		}
	}
	if f.Lease != nil {
		l.T.Errorf("%s: %s holds the lease", when, f.Lease.Holder)
	}
	if f.Journal == nil {
		return
	}
	for _, n := range f.Journal.Nodes {
		if n.Phase.InFlight() {
			l.T.Errorf("%s: %s is recorded as %s to %s", when, n.Name, n.Phase, n.To)
		}
	}
}

// ways are what can be typed after an engine came to its end.
var ways = []string{"resume", "abort", "rollback"}

// free waits until nobody holds the lease: who died does not give it back.
func (l *lane) free() {
	l.T.Helper()
	l.Eventually("the lease of who went before is over", func() error {
		if lease := l.Fleet().Lease; lease != nil {
			return fmt.Errorf("%s holds it", lease.Holder)
		}
		return nil
	})
}

// typed types one of ways, if there is anything to go on with.
func (l *lane) typed(way, when string) {
	l.T.Helper()
	l.free()
	f := l.Fleet()
	id, phase, o := cutover.ID(f), journal.Phase(""), l.operator(nil)
	if f.Journal != nil {
		phase = f.Journal.Phase
	}
	var err error
	switch {
	case id == "":
		// Nothing was begun, or everything is over.
	case way == "resume" && phase != journal.Aborted:
		if err = o.Resume(o.ctx); err == nil && cutover.ID(l.Fleet()) != "" {
			l.switched(when)
		}
	case way == "abort" && phase != "" && phase != journal.Switched && phase != journal.Aborted:
		var asked bool
		asked, err = o.Abort(o.ctx)
		if stopped := new(cutover.Stopped); !asked && errors.As(err, &stopped) && stopped.Interrupted {
			err = nil
		}
		l.owned(when)
	case way == "rollback":
		err = o.RollbackAll(o.ctx)
	}
	if err != nil {
		l.T.Fatalf("%s: %v", when, err)
	}
	if cutover.ID(l.Fleet()) == "" {
		l.restored(when)
	}
}

// address of a node's port.
func (l *lane) address(name string) string {
	for _, n := range l.Sandbox.Nodes() {
		if n.Name == name {
			return net.JoinHostPort(n.Address, strconv.Itoa(rig.Port))
		}
	}
	return ""
}
