package cutover

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
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
	// Scraper reads proxies' metrics; nil: nobody does. Prometheus is nil without one.
	Scraper    *traffic.Scraper
	Prometheus *traffic.Prometheus
	// Verify asks two nodes the same and compares; nil: nobody does.
	Verify func(ctx context.Context, reference, moved verify.Side) (*verify.Report, error)
	// Drainer is nil for a passive cutover.
	Drainer  lb.Drainer
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
	// placement is how this cutover gives nodes to a side.
	placement placement
	ports     gate.Ports
	// sides that must be there, or nothing is done.
	sides []fleet.Side
	// id of the cutover, which never changes, and the namespace of its journal.
	id, home string

	mu       sync.Mutex // guards what follows
	j        *journal.Journal
	baseline gate.Baseline
	// skip are nodes that were given up for as long as this command runs.
	skip map[string]bool

	pulses map[string]pulse // of leaders; only the loop looks at them
}

// write changes the journal and stores it; a change that stays unstored is
// undone. The lease is checked first.
func (s *session) write(ctx context.Context, change func(*journal.Journal)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.j.Clone()
	change(next)
	next.Fence, next.Holder = s.lock.Fence(), s.Holder
	if err := s.change(ctx, func() error { return s.store.Write(ctx, next) }); err != nil {
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
		if now := n.Phase; now != before {
			n.Phase = before
			n.Enter(now, s.Clock.Now())
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
	s.mu.Lock()
	unrecorded := s.j == nil
	s.mu.Unlock()
	if unrecorded {
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
