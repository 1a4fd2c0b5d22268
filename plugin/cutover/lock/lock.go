// Package lock keeps a second operator out: one Lease for all changes to a pair
// of proxies. Its number of transitions is the fence that goes into the journal.
package lock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Name of the Lease, in the old proxy's namespace.
const Name = "ingress-migrate"

// ErrLost: the lease ran out or was taken by somebody else.
var ErrLost = errors.New("lost the lease " + Name)

// HeldError says that somebody else holds the lease.
type HeldError struct {
	Holder  string
	Purpose Purpose
	// Age is how long ago the holder renewed it.
	Age time.Duration
	// Left is how long the lease stays valid without another renewal.
	Left time.Duration
}

func (e *HeldError) Error() string {
	ask := ""
	if e.Purpose.Obeys() {
		ask = " ask it to stop with kubectl ingress-migrate cutover pause,"
	}
	return fmt.Sprintf("%s is working on these proxies (last sign of life %s ago): let it finish,%s or, if it is dead, try again in %s",
		e.Holder, e.Age.Round(time.Second), ask, e.Left.Round(time.Second)+time.Second)
}

// Purpose is what a lease was taken for.
type Purpose string

// The purposes.
const (
	// Cutover moves all nodes to one side, and looks between them whether it is
	// asked to stop.
	Cutover Purpose = "cutover"
	// Move is that of one node, Recycle a recycle, Rescue what gives all nodes to
	// one side at once.
	Move    Purpose = "move"
	Recycle Purpose = "recycle"
	Rescue  Purpose = "rescue"
	// Shift is one step at the load balancer.
	Shift Purpose = "shift"
	// Retire removes the old proxy.
	Retire Purpose = "retire"
)

// Obeys tells whether a holder can be asked to stop. What is not known may have
// been written by an older version, of which only the cutover takes long.
func (p Purpose) Obeys() bool { return p == Cutover || p == "" }

// purposeAnnotation is on the Lease.
const purposeAnnotation = "ingress-migrate.io/purpose"

// Lock is a Lease that is held and renewed until Release.
type Lock struct {
	client    kubernetes.Interface
	namespace string
	holder    string
	purpose   Purpose
	duration  time.Duration
	now       func() time.Time
	after     func(time.Duration) <-chan time.Time

	// renewing lets one renewal run at a time: two would refuse each other.
	renewing sync.Mutex

	mu      sync.Mutex // guards what follows
	lease   *coordinationv1.Lease
	renewed time.Time
	lost    error

	stop context.CancelFunc
	done chan struct{}
}

// Config says who takes the lease and for how long.
type Config struct {
	Client    kubernetes.Interface
	Namespace string
	// Holder is user@host/uuid.
	Holder  string
	Purpose Purpose
	// Duration without renewal after which others may take it; renewed four
	// times as often.
	Duration time.Duration
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time
	// Watching is told, if set, that a lease which seems to have run out is watched
	// for so long before it is taken.
	Watching func(holder string, during time.Duration)
}

// Acquire takes the lease or returns a HeldError.
func Acquire(ctx context.Context, c Config) (*Lock, error) {
	l := &Lock{client: c.Client, namespace: c.Namespace, holder: c.Holder, purpose: c.Purpose, duration: c.Duration, now: c.Now, after: c.After, done: make(chan struct{})}
	if err := l.take(ctx, c); err != nil {
		return nil, err
	}
	// The lease outlives a cancelled command until Release, so that finishing the
	// current node stays covered.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.renew(renewing)
	return l, nil
}

// take tries until it has the lease or somebody else does. An attempt without an answer may
// have been stored, and keeps everybody out for as long as a lease lasts: so long it goes on.
func (l *Lock) take(ctx context.Context, c Config) error {
	const attempts, pause = 3, time.Second
	var until time.Time
	watched := "" // what was seen not to change
	for refused := 0; ; {
		lease, at, err := l.tryOnce(ctx, c, &watched)
		var held *HeldError
		switch {
		case err == nil:
			l.lease, l.renewed = lease, at
			return nil
		case errors.As(err, &held) && held.Holder != l.holder:
			return held
		case held != nil, apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
			if refused++; refused < attempts {
				continue
			}
		case Transient(err):
			if until.IsZero() {
				until = l.now().Add(l.duration)
			}
			if !l.now().Before(until) {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-l.after(min(pause, l.duration/4)):
				continue
			}
		}
		return fmt.Errorf("taking the lease %s/%s: %w", l.namespace, Name, err)
	}
}

// tryOnce takes a lease that is nobody's, or this holder's already.
func (l *Lock) tryOnce(ctx context.Context, c Config, watched *string) (*coordinationv1.Lease, time.Time, error) {
	leases := l.client.CoordinationV1().Leases(l.namespace)
	lease, err := leases.Get(ctx, Name, metav1.GetOptions{})
	now := l.now()
	if apierrors.IsNotFound(err) {
		lease, err = leases.Create(ctx, l.filled(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: Name, Namespace: l.namespace}}, now, 1), metav1.CreateOptions{FieldManager: "ingress-migrate"})
		return lease, now, err
	}
	if err != nil {
		return nil, now, err
	}
	if held := Held(lease, now); held != nil && held.Holder != l.holder {
		return nil, now, held
	}
	if holder := holderOf(lease); holder != nobody && holder != l.holder && lease.ResourceVersion != *watched {
		if lease, err = l.abandoned(ctx, c, lease); err != nil {
			return nil, now, err
		}
		*watched, now = lease.ResourceVersion, l.now()
	}
	transitions := int32(1)
	if lease.Spec.LeaseTransitions != nil {
		transitions = *lease.Spec.LeaseTransitions + 1
	}
	lease, err = leases.Update(ctx, l.filled(lease, now, transitions), metav1.UpdateOptions{FieldManager: "ingress-migrate"})
	return lease, now, err
}

// abandoned watches a lease that has run out by what it says, and returns it when
// it was not renewed meanwhile. What it says is the holder's clock, which may
// differ from this one by more than the lease lasts. A holder writes nothing
// without a renewal that is younger than half of that (see Check), so half of it
// is long enough.
func (l *Lock) abandoned(ctx context.Context, c Config, lease *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	if lease.Spec.LeaseDurationSeconds == nil {
		return lease, nil // it was never held
	}
	duration := time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second
	during := duration/2 + time.Second
	if c.Watching != nil {
		c.Watching(holderOf(lease), during)
	}
	const looks = 10
	for until := l.now().Add(during); l.now().Before(until); {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.after(during / looks):
		}
		current, err := l.client.CoordinationV1().Leases(l.namespace).Get(ctx, Name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		if holderOf(current) == nobody {
			return current, nil
		}
		if current.ResourceVersion != lease.ResourceVersion {
			return nil, &HeldError{Holder: holderOf(current), Purpose: Purpose(current.Annotations[purposeAnnotation]), Left: duration}
		}
	}
	return lease, nil
}

func (l *Lock) filled(lease *coordinationv1.Lease, now time.Time, transitions int32) *coordinationv1.Lease {
	lease = lease.DeepCopy()
	// The API counts whole seconds; a shorter lease is rounded up.
	seconds := int32(math.Ceil(l.duration.Seconds()))
	at := metav1.NewMicroTime(now)
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[purposeAnnotation] = string(l.purpose)
	lease.Spec.HolderIdentity = &l.holder
	lease.Spec.LeaseDurationSeconds = &seconds
	if lease.Spec.LeaseTransitions == nil || *lease.Spec.LeaseTransitions != transitions {
		lease.Spec.AcquireTime = &at
	}
	lease.Spec.RenewTime = &at
	lease.Spec.LeaseTransitions = &transitions
	return lease
}

// Held tells who holds a lease now, by what it says; nil when nobody does or it
// cannot be told.
func Held(lease *coordinationv1.Lease, now time.Time) *HeldError {
	s := lease.Spec
	if s.HolderIdentity == nil || *s.HolderIdentity == "" || s.RenewTime == nil || s.LeaseDurationSeconds == nil {
		return nil
	}
	duration := time.Duration(*s.LeaseDurationSeconds) * time.Second
	age := now.Sub(s.RenewTime.Time)
	if age < -duration {
		return nil // one of the clocks is wrong; whether it is held has to be seen
	}
	age = max(age, 0)
	left := duration - age
	if left <= 0 {
		return nil
	}
	return &HeldError{Holder: *s.HolderIdentity, Purpose: Purpose(lease.Annotations[purposeAnnotation]), Age: age, Left: left}
}

func (l *Lock) renew(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(l.duration / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = l.renewOnce(ctx) // Check tells those who need the lease
		}
	}
}

// renewOnce keeps the fence: a lease that ran out while the API server was away
// is still ours if nobody took it meanwhile. An error may pass before the lease
// runs out, unless l.lost is set.
func (l *Lock) renewOnce(ctx context.Context) error {
	l.renewing.Lock()
	defer l.renewing.Unlock()
	l.mu.Lock()
	lease, lost := l.lease, l.lost
	l.mu.Unlock()
	if lost != nil {
		return lost
	}
	now := l.now()
	leases := l.client.CoordinationV1().Leases(l.namespace)
	updated, err := leases.Update(ctx, l.filled(lease, now, l.Fence()), metav1.UpdateOptions{FieldManager: "ingress-migrate"})
	const attempts = 5
	for again := 0; apierrors.IsConflict(err) && again < attempts; again++ {
		var current *coordinationv1.Lease
		if current, err = leases.Get(ctx, Name, metav1.GetOptions{}); err != nil {
			break
		}
		if !l.owns(current) {
			return l.lose("taken by " + holderOf(current))
		}
		updated, err = leases.Update(ctx, l.filled(current, now, l.Fence()), metav1.UpdateOptions{FieldManager: "ingress-migrate"})
	}
	if apierrors.IsNotFound(err) {
		return l.lose("it was deleted")
	}
	if err != nil {
		return fmt.Errorf("renewing the lease %s/%s: %w", l.namespace, Name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lease, l.renewed = updated, now
	return nil
}

// owns tells whether a lease is held by this very Lock.
func (l *Lock) owns(lease *coordinationv1.Lease) bool {
	return holderOf(lease) == l.holder && lease.Spec.LeaseTransitions != nil && *lease.Spec.LeaseTransitions == l.Fence()
}

func (l *Lock) lose(why string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = fmt.Errorf("%w: %s", ErrLost, why)
	return l.lost
}

const nobody = "nobody"

func holderOf(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return nobody
	}
	return *lease.Spec.HolderIdentity
}

// Check returns nil while the lease is surely ours. Ask before every write. When
// the last renewal is too old it renews on the spot; an error that may pass (an
// API server that is away) is returned as it is.
func (l *Lock) Check(ctx context.Context) error {
	l.mu.Lock()
	lost, age := l.lost, l.now().Sub(l.renewed)
	l.mu.Unlock()
	if lost != nil {
		return lost
	}
	// Half the duration leaves time for the write that is asked about.
	if age < l.duration/2 {
		return nil
	}
	return l.renewOnce(ctx)
}

// Fence is the number that grows with every holder.
func (l *Lock) Fence() int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lease.Spec.LeaseTransitions == nil {
		return 0
	}
	return *l.lease.Spec.LeaseTransitions
}

// Release gives the lease back and stops renewing it. What the API server does not take
// before ctx ends runs out by itself.
func (l *Lock) Release(ctx context.Context) {
	l.stop()
	<-l.done
	l.mu.Lock()
	lease, lost := l.lease.DeepCopy(), l.lost
	l.mu.Unlock()
	if lost != nil {
		return
	}
	leases := l.client.CoordinationV1().Leases(l.namespace)
	const pause = 500 * time.Millisecond
	for {
		none := ""
		lease.Spec.HolderIdentity = &none
		_, err := leases.Update(ctx, lease, metav1.UpdateOptions{FieldManager: "ingress-migrate"})
		if apierrors.IsConflict(err) {
			// A renewal that was cut off by the stop may have been stored all the same.
			var current *coordinationv1.Lease
			if current, err = leases.Get(ctx, Name, metav1.GetOptions{}); err == nil {
				if !l.owns(current) {
					return
				}
				lease = current
				continue
			}
		}
		if !Transient(err) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-l.after(pause):
		}
	}
}
