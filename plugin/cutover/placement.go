package cutover

import (
	"context"
	"fmt"
	"sync"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// placement is how nodes are given to the one proxy or the other, and what has the
// DaemonSets' controllers obey that. All of it can be repeated at any time.
type placement interface {
	// hold brings both DaemonSets into the state in which give moves one node. It does only
	// what is still missing, and touches no pod that serves.
	hold(ctx context.Context, f *fleet.Fleet) error
	// guard does that for one DaemonSet, and waits until it is obeyed: no pod of it waits or
	// runs on nodes that it leaves out, and every pod that served before is the same one.
	guard(ctx context.Context, f *fleet.Fleet, set *fleet.Set) error
	// give gives a node to a side. With well, only a node that is ready and whose DaemonSets
	// are held is touched.
	give(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, well bool) error
	// part has each node that both sides want be that side's which has it.
	part(ctx context.Context, f *fleet.Fleet) error
	// release ends what hold did to the new DaemonSet, when the old one is restored.
	release(ctx context.Context) error
}

// newSession is one command's hold on the cutover under a lease; the sides have to be
// there.
func (e *Engine) newSession(l *lock.Lock, f *fleet.Fleet, sides ...fleet.Side) *session {
	s := &session{
		Engine: e, lock: l, store: journal.NewStore(e.Client, f.Namespace()), home: f.Namespace(),
		sides: sides, skip: map[string]bool{}, pulses: map[string]pulse{},
	}
	s.use(f.Strategy())
	return s
}

// use chooses how nodes are given to a side.
func (s *session) use(strategy journal.Strategy) {
	if strategy == journal.Story {
		s.placement = story{s, &sync.Mutex{}}
		return
	}
	s.placement = labels{s}
}

// held patches a set so that it holds still, and waits until that is obeyed. The patch is
// made of the nodes as they were before and the set as it is now.
func (s *session) held(ctx context.Context, set *fleet.Set, doing, done string, patch func(before *fleet.Fleet, live *fleet.Set) ([]byte, error)) error {
	start := s.Clock.Now()
	before, err := s.read(ctx)
	if err != nil {
		return err
	}
	if err := s.patchSet(ctx, set, func(live *fleet.Set) ([]byte, error) { return patch(before, live) }); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := s.settled(ctx, before, set.Side, true); err != nil {
		return err
	}
	s.Observer.Observe(Event{Kind: Info, Text: fmt.Sprintf("%s %s, no serving pod was touched", set.Name, done), Took: s.Clock.Now().Sub(start)})
	return nil
}
