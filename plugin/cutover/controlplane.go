package cutover

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// leaders act on a node's label. Without the first it has no effect; without the
// second the node goes dark, and giving it back does not help.
var leaders = [...]string{"kube-controller-manager", "kube-scheduler"}

// pulse is what is known of a leader by the own clock; what its lease says is
// another machine's.
type pulse struct {
	renewed time.Time // as the lease says, to be compared only
	looked  time.Time
	// alive: it was renewed after that; zero while no renewal was seen.
	alive time.Time
}

// led makes sure, before a node is touched, that those are alive who act on it;
// where there are no leases, or none to be read, that shows at the node.
func (s *session) led(ctx context.Context, goal fleet.Side) error {
	for _, name := range leaders {
		silent, err := s.silence(ctx, name)
		if err != nil {
			return err
		}
		if silent > 0 {
			return s.stop(ctx, &Stopped{
				Reason: fmt.Sprintf("%s has not renewed its lease kube-system/%s for %s: nobody would act on what a node is given to", name, name, silent),
				Next:   nextFor(goal) + ", when it runs again",
			})
		}
	}
	return nil
}

// silence is how long a leader was watched in vain; 0 when it is alive or cannot
// be told.
func (s *session) silence(ctx context.Context, name string) (time.Duration, error) {
	var limit *deadline
	told := false
	for {
		if limit != nil {
			limit.look()
		}
		lease, err := s.leaderLease(ctx, name)
		if err != nil || lease == nil {
			return 0, err
		}
		now := s.Clock.Now()
		patience := max(30*time.Second, 4*time.Duration(*lease.Spec.LeaseDurationSeconds)*time.Second)
		last := s.pulses[name]
		next := pulse{renewed: lease.Spec.RenewTime.Time, looked: now, alive: last.alive}
		if !last.looked.IsZero() && !next.renewed.Equal(last.renewed) {
			next.alive = last.looked
		}
		s.pulses[name] = next
		if !next.alive.IsZero() && now.Sub(next.alive) < patience {
			return 0, nil
		}
		// It may not have been able to, while the API server was away.
		if limit == nil {
			limit = s.deadline(patience)
		}
		limit.seen()
		if limit.over() {
			return patience, nil
		}
		if !told && limit.left < patience-5*time.Second {
			told = true
			s.Observer.Observe(Event{Kind: Wait, Text: "waiting for a sign of life of " + name})
		}
		if err := s.pause(ctx, max(s.Settings.Poll, time.Second)); err != nil {
			return 0, err
		}
	}
}

// leaderLease reads a leader's lease; nil when there is none that says anything.
func (s *session) leaderLease(ctx context.Context, name string) (*coordinationv1.Lease, error) {
	var lease *coordinationv1.Lease
	err := s.persist(ctx, func() (err error) {
		lease, err = s.Client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(ctx, name, metav1.GetOptions{})
		return err
	})
	// One that was left by a component which now runs without an election is old.
	const abandoned = 24 * time.Hour
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the lease %s/%s: %w", metav1.NamespaceSystem, name, err)
	case lease.Spec.RenewTime == nil, lease.Spec.LeaseDurationSeconds == nil, s.Clock.Now().Sub(lease.Spec.RenewTime.Time) > abandoned:
		return nil, nil
	}
	return lease, nil
}

// nextFor is the command that goes on towards a side.
func nextFor(goal fleet.Side) string {
	if goal == fleet.Old {
		return rollbackAllCommand
	}
	return resumeCommand
}
