package cutover

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// begin says which journal a command needs. All but beginNew take the unfinished
// or aborted one; when there is none:
type begin int

const (
	beginNew     begin = iota // a new one; an unfinished one is an error
	beginResume               // it is rebuilt, if the guards tell which way it went
	beginBack                 // it is rebuilt to go back, if there is a guard
	beginDrain                // a new one, or a lost one rebuilt
	beginUndrain              // a lost one is rebuilt; going back one node begins nothing
	beginRetire               // it must be there
)

// open takes the lease, then reads the world and opens or makes the journal.
// Nothing that was read before the lease is used. The caller closes the session.
func (e *Engine) open(ctx context.Context, how begin, purpose lock.Purpose) (*session, *fleet.Fleet, error) {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := f.Need(fleet.Old, fleet.New); err != nil {
		return nil, nil, err
	}
	l, err := e.acquire(ctx, f, purpose)
	if err != nil {
		return nil, nil, err
	}
	s := e.newSession(l, f, fleet.Old, fleet.New)
	if f, err = s.openJournal(ctx, how); err != nil {
		s.close(ctx)
		return nil, nil, err
	}
	return s, f, nil
}

func (e *Engine) acquire(ctx context.Context, f *fleet.Fleet, purpose lock.Purpose) (*lock.Lock, error) {
	return lock.Acquire(ctx, lock.Config{
		Client: e.Client, Namespace: f.Namespace(), Holder: e.Holder, Purpose: purpose, Duration: e.Settings.LeaseDuration,
		Now: e.Clock.Now, After: e.Clock.After,
		Watching: func(holder string, during time.Duration) {
			e.Observer.Observe(Event{Kind: Wait, Text: fmt.Sprintf("watching for %s whether %s is still at work", during, holder)})
		},
	})
}

func (s *session) openJournal(ctx context.Context, how begin) (*fleet.Fleet, error) {
	f, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	s.ports = PortsToAsk(f, s.Settings)
	if how == beginNew && unfinished(f.Journal) {
		if f.Journal.Phase == journal.Retiring {
			return nil, retiring(f.Journal)
		}
		if f.Journal.Phase == journal.Switched {
			return nil, fmt.Errorf("cutover %s is complete, %s serves: go back with %s first", f.Journal.ID, f.New.Title, rollbackAllCommand)
		}
		return nil, fmt.Errorf("cutover %s is under way (%s): go on with %s, or back with %s", f.Journal.ID, f.Journal.Phase, resumeCommand, rollbackAllCommand)
	}
	if unfinished(f.Journal) || how != beginNew && f.Journal != nil && f.Journal.Phase == journal.Aborted {
		return f, s.continueJournal(ctx, f, how)
	}
	return f, s.newJournal(ctx, f, how)
}

// continueJournal opens the journal that f shows and makes it this session's.
func (s *session) continueJournal(ctx context.Context, f *fleet.Fleet, how begin) error {
	if f.Journal.Phase == journal.Retiring && how != beginRetire && how != beginBack {
		return retiring(f.Journal)
	}
	var j *journal.Journal
	err := s.persist(ctx, func() (err error) {
		j, err = s.store.Open(ctx, f.Journal.ID)
		return err
	})
	if err != nil {
		return err
	}
	if j == nil && how == beginRetire {
		return fmt.Errorf("the journal of cutover %s was deleted this very moment: see %s", f.Journal.ID, statusCommand)
	}
	if j == nil {
		f.Journal = nil
		return s.newJournal(ctx, f, how) // deleted this very moment
	}
	if j.Fence > s.lock.Fence() {
		return fmt.Errorf("the journal of cutover %s has seen fence %d, this lease has %d: %w", j.ID, j.Fence, s.lock.Fence(), journal.ErrFenced)
	}
	if f.Requested != "" {
		// Whoever starts the engine again takes the request to stop back.
		if err := s.change(ctx, func() error { return journal.Request(ctx, s.Client, f.Namespace(), j.ID, "") }); err != nil {
			return err
		}
	}
	if _, err := s.store.ReadBaseline(&s.baseline); err != nil {
		return err
	}
	s.j, s.id = j, j.ID
	s.use(j.Strategy)
	return s.write(ctx, func(j *journal.Journal) { j.Stopped = "" })
}

func retiring(j *journal.Journal) error {
	return fmt.Errorf("cutover %s: the old proxy is being retired: finish that with %s, or go back with %s while its DaemonSet is there", j.ID, retireCommand, rollbackAllCommand)
}

// newJournal records what is there before anything is changed. When guards of an
// earlier run are found, their notes say what was there before them, and which
// way that went.
func (s *session) newJournal(ctx context.Context, f *fleet.Fleet, how begin) error {
	phase, err := firstPhase(f, how)
	if err != nil {
		return err
	}
	id := NewID()
	now := s.Clock.Now()
	if r := noted(f); r != nil && how != beginNew && (f.Journal == nil || f.Journal.ID != r.ID) {
		// A journal that was lost gets its name back, so that the marker stays valid.
		id = r.ID
		s.Observer.Observe(Event{Kind: Warn, Text: "the journal of cutover " + id + " is gone; it is rebuilt from labels and guards"})
	}
	strategy := f.Strategy()
	if how == beginNew {
		strategy = s.Settings.Strategy
		if err := sameStrategy(f, strategy); err != nil {
			return err
		}
	}
	s.use(strategy)
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	j := &journal.Journal{
		Strategy: strategy,
		ID:       id, Fence: s.lock.Fence(), Holder: s.Holder, Started: now.UTC().Truncate(time.Second), Phase: phase,
		Old: originalOf(f.Old), New: originalOf(f.New), Settings: settings,
	}
	s.planNodes(j, f)
	s.j, s.id = j, j.ID
	return s.change(ctx, func() error { return s.store.Create(ctx, j) })
}

// keepSettings records those that the cutover goes on with, so that the next one
// who resumes it makes the same choices. A single node moved by hand does not
// decide them for the others.
func (s *session) keepSettings(ctx context.Context) error {
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	if bytes.Equal(settings, s.j.Settings) {
		return nil
	}
	return s.write(ctx, func(j *journal.Journal) { j.Settings = settings })
}

// firstPhase of a journal that is made now, or why none is to be made.
func firstPhase(f *fleet.Fleet, how begin) (journal.Phase, error) {
	heading := fleet.Side("")
	if lost(f) {
		heading = f.Heading()
	}
	switch how {
	case beginResume:
		to, err := Direction(f)
		if err != nil {
			return "", err
		}
		heading = to
	case beginBack:
		if !lost(f) {
			return "", fmt.Errorf("there is no cutover to go back from: see %s", statusCommand)
		}
		return journal.RollingBack, nil
	case beginUndrain:
		if !lost(f) && !touched(f) {
			return "", fmt.Errorf("there is no cutover, every node belongs to %s: see %s", f.Old.Title, statusCommand)
		}
		if heading == "" {
			// Nobody said where the others are to go, so resume must not decide it.
			return journal.Aborted, nil
		}
	}
	if heading == fleet.Old {
		return journal.RollingBack, nil
	}
	return journal.Preparing, nil
}

// touched: some node is the new proxy's, by its label or because it serves there.
func touched(f *fleet.Fleet) bool {
	for i := range f.Nodes {
		if n := &f.Nodes[i]; !n.Gone && (n.Side() == fleet.New || n.Serves() == fleet.New) {
			return true
		}
	}
	return false
}

// originalOf is what the set was before any guard of ours.
func originalOf(set *fleet.Set) journal.Original {
	if set == nil {
		return journal.Original{}
	}
	o := journal.Original{
		Name: set.Name, UID: set.Object.UID, Revision: set.RevisionName,
		Strategy: set.Object.Spec.UpdateStrategy, Template: set.Unguarded(),
	}
	if r := set.Guard.Record; r != nil {
		o.Revision, o.Strategy = r.Revision, r.Strategy
	}
	return o
}

// planNodes appends nodes that are not recorded yet, the canary first.
func (s *session) planNodes(j *journal.Journal, f *fleet.Fleet) {
	now := s.Clock.Now().UTC().Truncate(time.Second)
	j.Plan(now, s.Settings.inOrder(f)...)
	total := 0
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Gone {
			j.Forget(n.Name)
			continue
		}
		total++
	}
	j.Floor = s.Settings.FloorOf(total)
}
