package lock

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// hand is a clock that is moved by hand.
type hand struct {
	mu  sync.Mutex
	now time.Time

	meanwhile func()
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) forward(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// After passes the time, and what was to happen meanwhile does.
func (h *hand) After(d time.Duration) <-chan time.Time {
	h.forward(d)
	if h.meanwhile != nil {
		h.meanwhile()
	}
	c := make(chan time.Time, 1)
	c <- h.Now()
	return c
}

func acquire(t *testing.T, client kubernetes.Interface, clock *hand, holder string) (*Lock, error) {
	t.Helper()
	// The duration is so long that nothing is renewed behind the test's back.
	l, err := Acquire(t.Context(), Config{Client: client, Namespace: "edge", Holder: holder, Purpose: Cutover, Duration: time.Hour, Now: clock.Now, After: clock.After})
	if err == nil {
		t.Cleanup(func() { l.stop(); <-l.done })
	}
	return l, err
}

// api is a fake API server that refuses updates of what has changed since it was
// read, which client-go's own fake does not.
func api() *fake.Clientset {
	client := fake.NewClientset()
	version := 0
	client.PrependReactor("*", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		write, ok := action.(clienttesting.UpdateAction) // a create looks the same
		if !ok {
			return false, nil, nil
		}
		lease := write.GetObject().(*coordinationv1.Lease)
		if action.GetVerb() == "update" && lease.ResourceVersion != strconv.Itoa(version) {
			return true, nil, apierrors.NewConflict(coordinationv1.Resource("leases"), lease.Name, errors.New("changed"))
		}
		version++
		lease.ResourceVersion = strconv.Itoa(version)
		return false, nil, nil
	})
	return client
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecondHolder(t *testing.T) {
	client, clock := api(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	first, err := acquire(t, client, clock, "a@x/1")
	must(t, err)
	clock.forward(20 * time.Minute)
	_, err = acquire(t, client, clock, "b@y/2")
	var held *HeldError
	if !errors.As(err, &held) || *held != (HeldError{Holder: "a@x/1", Purpose: Cutover, Age: 20 * time.Minute, Left: 40 * time.Minute}) {
		t.Fatalf("while it is held: %v", err)
	}
	if err := first.Check(t.Context()); err != nil {
		t.Errorf("the holder: %v", err)
	}

	// It runs out, and somebody else takes it: the fence grows, the first one is out.
	clock.forward(61 * time.Minute)
	second, err := acquire(t, client, clock, "b@y/2")
	must(t, err)
	if first.Fence() != 1 || second.Fence() != 2 {
		t.Errorf("fences %d and %d", first.Fence(), second.Fence())
	}
	if err := first.Check(t.Context()); !errors.Is(err, ErrLost) {
		t.Errorf("the first holder goes on: %v", err)
	}
	if err := second.Check(t.Context()); err != nil {
		t.Errorf("the second holder: %v", err)
	}

	// Given back, it can be taken at once; the first one's release changes nothing.
	first.Release(t.Context())
	if _, err := acquire(t, client, clock, "c@z/3"); !errors.As(err, &held) {
		t.Errorf("released by who had lost it: %v", err)
	}
	second.Release(t.Context())
	third, err := acquire(t, client, clock, "c@z/3")
	must(t, err)
	if third.Fence() != 3 {
		t.Errorf("fence %d", third.Fence())
	}
}

// TestRunOutButNotTaken: an API server that was away longer than the lease is no
// reason to lose it when nobody else came.
func TestRunOutButNotTaken(t *testing.T) {
	client, clock := api(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	l, err := acquire(t, client, clock, "a@x/1")
	must(t, err)
	clock.forward(2 * time.Hour)
	if err := l.Check(t.Context()); err != nil {
		t.Fatalf("check: %v", err)
	}
	if l.Fence() != 1 {
		t.Errorf("fence %d", l.Fence())
	}
}

// TestClocksThatDiffer: a lease that has run out long ago by the own clock is held
// as long as it is renewed, and one of the future is not, when it is not.
func TestClocksThatDiffer(t *testing.T) {
	for name, skew := range map[string]time.Duration{"the holder's is late": -3 * time.Hour, "the holder's is early": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			client, theirs, ours := api(), &hand{now: start.Add(skew)}, &hand{now: start}
			holder, err := acquire(t, client, theirs, "a@x/1")
			must(t, err)
			looks := 0
			ours.meanwhile = func() {
				if looks++; looks == 5 {
					theirs.forward(15 * time.Minute)
					must(t, holder.renewOnce(t.Context()))
				}
			}
			var held *HeldError
			if _, err := acquire(t, client, ours, "b@y/2"); !errors.As(err, &held) || held.Holder != "a@x/1" {
				t.Errorf("while it is renewed: %v", err)
			}
			ours.meanwhile = nil
			before := ours.Now()
			if _, err := acquire(t, client, ours, "b@y/2"); err != nil {
				t.Errorf("when it is not: %v", err)
			}
			if took := ours.Now().Sub(before); took < 30*time.Minute || took > time.Hour {
				t.Errorf("taken after %s", took)
			}
			theirs.forward(31 * time.Minute) // as ours did
			if err := holder.Check(t.Context()); !errors.Is(err, ErrLost) {
				t.Errorf("the first holder goes on: %v", err)
			}
		})
	}
}

func TestDeleted(t *testing.T) {
	client, clock := api(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	l, err := acquire(t, client, clock, "a@x/1")
	must(t, err)
	must(t, client.CoordinationV1().Leases("edge").Delete(t.Context(), Name, metav1.DeleteOptions{}))
	clock.forward(45 * time.Minute)
	if err := l.Check(t.Context()); !errors.Is(err, ErrLost) {
		t.Errorf("check: %v", err)
	}
}

// Only a cutover can be asked to stop; the others end by themselves.
func TestHeldErrorSaysWhatHelps(t *testing.T) {
	for purpose, want := range map[Purpose]bool{Cutover: true, "": true, Move: false, Recycle: false} {
		if got := strings.Contains((&HeldError{Holder: "a@x/1", Purpose: purpose}).Error(), "cutover pause"); got != want {
			t.Errorf("%q: told to pause it: %v", purpose, got)
		}
	}
}

func TestHeld(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if h := Held(&coordinationv1.Lease{}, now); h != nil {
		t.Errorf("an empty lease is held: %v", h)
	}
}

// lossy is a fake API server of which some answers are lost, after the call was obeyed.
func lossy(client *fake.Clientset, verb string, times int) {
	tracker := client.Tracker()
	client.PrependReactor(verb, "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if times == 0 {
			return false, nil, nil
		}
		times--
		lease := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease)
		lease.ResourceVersion = "lost-" + strconv.Itoa(times)
		store := func() error { return tracker.Create(action.GetResource(), lease, lease.Namespace) }
		if verb == "update" {
			store = func() error { return tracker.Update(action.GetResource(), lease, lease.Namespace) }
		}
		if err := store(); err != nil {
			return true, nil, err
		}
		return true, nil, apierrors.NewServiceUnavailable("the answer was lost")
	})
}

// A lease that was taken and not confirmed is this holder's: nobody else's name keeps it out.
func TestAnswerLost(t *testing.T) {
	for verb, want := range map[string]int32{"create": 2, "update": 4} {
		t.Run(verb, func(t *testing.T) {
			client, clock := fake.NewClientset(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			if verb == "update" {
				before, err := acquire(t, client, clock, "a@x/1")
				must(t, err)
				before.Release(t.Context())
			}
			lossy(client, verb, 1)
			if verb == "update" {
				lossy(client, verb, 1)
			}
			l, err := acquire(t, client, clock, "b@y/2")
			must(t, err)
			if l.Fence() != want {
				t.Errorf("fence %d, want %d", l.Fence(), want)
			}
			must(t, l.Check(t.Context()))
			if _, err := acquire(t, client, clock, "c@z/3"); !errors.As(err, new(*HeldError)) {
				t.Errorf("a third one: %v", err)
			}
		})
	}
}

// An API server that does not come back is waited for as long as a lease lasts, which is
// when an attempt that was stored has run out.
func TestNoAnswerAtAll(t *testing.T) {
	client, clock := fake.NewClientset(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	client.PrependReactor("create", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewTimeoutError("no answer", 1)
	})
	start := clock.Now()
	if _, err := acquire(t, client, clock, "a@x/1"); !apierrors.IsTimeout(err) {
		t.Errorf("want the API server's error, got %v", err)
	}
	if took := clock.Now().Sub(start); took < time.Hour || took > time.Hour+time.Minute {
		t.Errorf("gave up after %s", took)
	}
}

// A lease is given back also when the API server refuses that at first.
func TestReleaseInsists(t *testing.T) {
	client, clock := fake.NewClientset(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	l, err := acquire(t, client, clock, "a@x/1")
	must(t, err)
	refusals := 3
	client.PrependReactor("update", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if refusals--; refusals >= 0 {
			return true, nil, apierrors.NewInternalError(errors.New("not now"))
		}
		return false, nil, nil
	})
	l.Release(t.Context())
	lease, err := client.CoordinationV1().Leases("edge").Get(t.Context(), Name, metav1.GetOptions{})
	must(t, err)
	if holder := holderOf(lease); holder != nobody {
		t.Errorf("held by %s", holder)
	}
}

// Conflicts with what is still this holder's do not lose the lease.
func TestRenewalRefusedTwice(t *testing.T) {
	client, clock := fake.NewClientset(), &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	l, err := acquire(t, client, clock, "a@x/1")
	must(t, err)
	refusals := 2
	client.PrependReactor("update", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if refusals--; refusals >= 0 {
			return true, nil, apierrors.NewConflict(coordinationv1.Resource("leases"), Name, errors.New("changed"))
		}
		return false, nil, nil
	})
	clock.forward(45 * time.Minute)
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
}
