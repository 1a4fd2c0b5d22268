package cutover

import (
	"context"
	"errors"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// pause lets time pass.
func (s *session) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.Clock.After(d):
		return nil
	}
}

// pauseFleet is the pause between two pictures of the whole fleet: the larger
// that is, the longer.
func (s *session) pauseFleet(ctx context.Context, f *fleet.Fleet) error {
	const perPoll = 50
	return s.pause(ctx, s.Settings.Poll*time.Duration(1+len(f.Nodes)/perPoll))
}

// persist repeats a call while its error may pass, with growing pauses. There is
// no limit but the context: giving up half-way would leave a node dark, and the
// world changes nothing by itself that a later call would not see.
func (s *session) persist(ctx context.Context, call func() error) error {
	wait := s.Settings.Poll
	told := false
	for {
		err := call()
		if !lock.Transient(err) {
			return err
		}
		if !told {
			s.Observer.Observe(Event{Kind: Wait, Text: "the API server does not answer, trying again: " + err.Error()})
			told = true
		}
		if err := s.pause(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, 10*time.Second)
	}
}

// change makes one call that writes, and only while the lease is held.
func (s *session) change(ctx context.Context, call func() error) error {
	return s.persist(ctx, func() error {
		if err := s.lock.Check(ctx); err != nil {
			return err
		}
		return call()
	})
}

// superseded tells of somebody else who works on these proxies now: nothing may be
// written any more.
func superseded(err error) bool {
	return errors.Is(err, lock.ErrLost) || errors.Is(err, journal.ErrFenced)
}

// read takes a fresh picture.
func (s *session) read(ctx context.Context) (*fleet.Fleet, error) {
	var f *fleet.Fleet
	err := s.persist(ctx, func() (err error) {
		f, err = s.Reader.Read(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, f.Need(s.sides...)
}

// readNode takes a fresh picture of one node.
func (s *session) readNode(ctx context.Context, f *fleet.Fleet, name string) (*fleet.Node, error) {
	var n *fleet.Node
	err := s.persist(ctx, func() (err error) {
		n, err = s.Reader.ReadNode(ctx, f, name)
		return err
	})
	return n, err
}

// deadline is a time limit that does not run while the world cannot be seen.
type deadline struct {
	clock Clock
	left  time.Duration
	last  time.Time
}

func (s *session) deadline(d time.Duration) *deadline {
	return &deadline{clock: s.Clock, left: d, last: s.Clock.Now()}
}

// look is called before the world is asked, seen after it answered; the time in
// between belongs to the API server, not to what is waited for.
func (d *deadline) look() {
	now := d.clock.Now()
	d.left -= now.Sub(d.last)
	d.last = now
}

func (d *deadline) seen() { d.last = d.clock.Now() }

func (d *deadline) over() bool { return d.left <= 0 }
