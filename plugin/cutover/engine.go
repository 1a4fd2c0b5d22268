package cutover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Marker puts a route into the cluster that only the new proxy has.
type Marker interface {
	Install(ctx context.Context, namespace, id string) error
	Remove(ctx context.Context, namespace, id string) error
}

// Engine moves nodes. Make one per command.
type Engine struct {
	Client   kubernetes.Interface
	Reader   *fleet.Reader
	Gate     *gate.Client
	Marker   Marker
	Requests func(context.Context, gate.Ports) ([]gate.Request, error)
	// Drainer is nil for a passive cutover.
	Drainer  Drainer
	Clock    Clock
	Observer Observer
	Settings Settings
	// Holder is user@host/uuid.
	Holder string
	// Stop, when closed, makes the engine finish the current node's gates and
	// stop; a cancelled context stops it at once.
	Stop <-chan struct{}
}

// session is one command's hold on the cutover: the lease and the journal.
type session struct {
	*Engine
	lock  *lock.Lock
	store *journal.Store
	ports gate.Ports
	// sides that must be there, or nothing is done.
	sides []fleet.Side
	// id of the cutover, which never changes.
	id string

	mu       sync.Mutex // guards what follows
	j        *journal.Journal
	baseline gate.Baseline
	// skip are nodes that were given up for as long as this command runs.
	skip map[string]bool
}

// begin says which journal a command needs.
type begin int

const (
	beginNew  begin = iota // a new one; an unfinished one is an error
	beginOpen              // the unfinished or aborted one, rebuilt from the guards if it is lost
	beginAny               // the unfinished or aborted one, else a new one
)

// open takes the lease, then reads the world and opens or makes the journal.
// Nothing that was read before the lease is used. The caller closes the session.
func (e *Engine) open(ctx context.Context, how begin) (*session, *fleet.Fleet, error) {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := f.Need(fleet.Old, fleet.New); err != nil {
		return nil, nil, err
	}
	l, err := lock.Acquire(ctx, lock.Config{Client: e.Client, Namespace: f.Namespace(), Holder: e.Holder, Duration: e.Settings.LeaseDuration, Now: e.Clock.Now})
	if err != nil {
		return nil, nil, err
	}
	s := &session{Engine: e, lock: l, store: journal.NewStore(e.Client, f.Namespace()), sides: []fleet.Side{fleet.Old, fleet.New}, skip: map[string]bool{}}
	if f, err = s.openJournal(ctx, how); err != nil {
		s.close(ctx)
		return nil, nil, err
	}
	return s, f, nil
}

func (s *session) openJournal(ctx context.Context, how begin) (*fleet.Fleet, error) {
	f, err := s.Reader.Read(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.Need(fleet.Old, fleet.New); err != nil {
		return nil, err
	}
	s.ports = portsToAsk(f, s.Settings)
	unfinished := f.Journal != nil && f.Journal.Phase != journal.RolledBack && f.Journal.Phase != journal.Aborted
	if how == beginNew && unfinished {
		if f.Journal.Phase == journal.Switched {
			return nil, fmt.Errorf("cutover %s is complete, %s serves: go back with %s first", f.Journal.ID, f.New.Title, rollbackAllCommand)
		}
		return nil, fmt.Errorf("cutover %s is under way (%s): go on with %s, or back with %s", f.Journal.ID, f.Journal.Phase, resumeCommand, rollbackAllCommand)
	}
	lost := f.Old.Guard.Record != nil || f.New.Guard.Record != nil && f.Journal == nil
	switch {
	case unfinished, how != beginNew && f.Journal != nil && f.Journal.Phase == journal.Aborted:
		return f, s.continueJournal(ctx, f)
	case how == beginOpen && !lost:
		return nil, errors.New("there is no cutover to go on with: begin one with kubectl ingress-migrate cutover run")
	}
	return f, s.newJournal(ctx, f, how)
}

// continueJournal opens the journal that f shows and makes it this session's.
func (s *session) continueJournal(ctx context.Context, f *fleet.Fleet) error {
	j, err := s.store.Open(ctx, f.Journal.ID)
	if err != nil {
		return err
	}
	if j == nil {
		return s.newJournal(ctx, f, beginOpen) // deleted this very moment
	}
	if j.Fence > s.lock.Fence() {
		return fmt.Errorf("the journal of cutover %s has seen fence %d, this lease has %d: %w", j.ID, j.Fence, s.lock.Fence(), journal.ErrFenced)
	}
	if f.Requested != "" {
		// Whoever starts the engine again takes the request to stop back.
		if err := journal.Request(ctx, s.Client, f.Namespace(), j.ID, ""); err != nil {
			return err
		}
	}
	if _, err := s.store.ReadBaseline(&s.baseline); err != nil {
		return err
	}
	s.j, s.id = j, j.ID
	return s.write(ctx, func(j *journal.Journal) { j.Stopped = "" })
}

// newJournal records what is there before anything is changed. When guards of an
// earlier run are found, their notes say what was there before them.
func (s *session) newJournal(ctx context.Context, f *fleet.Fleet, how begin) error {
	id := NewID()
	now := s.Clock.Now()
	left := f.Old
	if left == nil {
		left = f.New
	}
	if r := left.Guard.Record; r != nil && how != beginNew && f.Journal == nil {
		// A journal that was lost gets its name back, so that the marker stays valid.
		id = r.ID
		s.Observer.Observe(Event{Kind: Warn, Text: "the journal of cutover " + id + " is gone; it is rebuilt from labels and guards"})
	}
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	j := &journal.Journal{
		ID: id, Fence: s.lock.Fence(), Holder: s.Holder, Started: now.UTC().Truncate(time.Second), Phase: journal.Preparing,
		Old: originalOf(f.Old), New: originalOf(f.New), Settings: settings,
	}
	s.planNodes(j, f)
	s.j, s.id = j, j.ID
	return s.store.Create(ctx, j)
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
	if c := f.Node(s.Settings.Canary); c != nil && !c.Gone {
		j.Plan(now, c.Name)
	}
	total := 0
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Gone {
			j.Forget(n.Name)
			continue
		}
		total++
		j.Plan(now, n.Name)
	}
	j.Floor = s.Settings.FloorOf(total)
}

// write changes the journal and stores it; a change that stays unstored is
// undone. The lease is checked first.
func (s *session) write(ctx context.Context, change func(*journal.Journal)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.j.Clone()
	change(next)
	next.Fence, next.Holder = s.lock.Fence(), s.Holder
	err := s.persist(ctx, func() error {
		if err := s.lock.Check(ctx); err != nil {
			return err
		}
		return s.store.Write(ctx, next)
	})
	if err != nil {
		return err
	}
	s.j = next
	return nil
}

// note changes the record of one node.
func (s *session) note(ctx context.Context, node string, change func(*journal.Node)) error {
	return s.write(ctx, func(j *journal.Journal) {
		j.Plan(s.Clock.Now(), node)
		n := j.Node(node)
		before := n.Phase
		change(n)
		if n.Phase != before {
			n.Since = s.Clock.Now().UTC().Truncate(time.Second)
		}
	})
}

// record returns a copy of a node's record.
func (s *session) record(node string) journal.Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.j.Node(node); n != nil {
		return *n
	}
	return journal.Node{Name: node, Phase: journal.Waiting}
}

// close gives the lease back.
func (s *session) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	s.lock.Release(ctx)
}

// stop records why the engine stops and returns the error that says so. When
// that cannot be recorded any more, the reason is still returned.
func (s *session) stop(ctx context.Context, stopped *Stopped) error {
	if s.j == nil {
		return stopped // nothing is recorded of this command
	}
	err := s.write(ctx, func(j *journal.Journal) { j.Stopped = stopped.Reason })
	if err != nil {
		s.Observer.Observe(Event{Kind: Warn, Text: "the reason for stopping could not be recorded: " + err.Error()})
	}
	return stopped
}

func (s *session) info(format string, args ...any) {
	s.Observer.Observe(Event{Kind: Info, Text: fmt.Sprintf(format, args...)})
}

// asked tells whether somebody asked this process to stop.
func (s *session) asked() bool {
	select {
	case <-s.Stop:
		return true
	default:
		return false
	}
}
