package reconcile

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// clock is set by tests.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func TestDesk(t *testing.T) {
	c := newClock()
	d := NewDesk(c.now)
	d.HandOver("shop/web")
	if !d.Holds("shop/web") || d.Holds("shop/other") {
		t.Error("the desk does not hold what was handed over, and only that")
	}
	c.t = c.t.Add(handOverFor + time.Second)
	if d.Holds("shop/web") {
		t.Error("what was never stored stays for ever")
	}
	d.HandOver("shop/later")
	if diff := cmp.Diff(1, len(d.expiry)); diff != "" {
		t.Errorf("entries after a sweep (-want +got):\n%s", diff)
	}
}

// TestDeskIsBounded: requests that are refused later cost nobody's memory.
func TestDeskIsBounded(t *testing.T) {
	c := newClock()
	d := NewDesk(c.now)
	for n := range 3 * maxHandedOver {
		d.HandOver(fmt.Sprintf("shop/web-%d", n))
	}
	if len(d.expiry) > maxHandedOver {
		t.Errorf("%d entries", len(d.expiry))
	}
	c.t = c.t.Add(handOverFor + time.Second)
	d.HandOver("shop/web")
	if !d.Holds("shop/web") || len(d.expiry) != 1 {
		t.Errorf("after all have expired there are %d entries", len(d.expiry))
	}
}

func TestLedger(t *testing.T) {
	c := newClock()
	l := NewLedger(c.now)
	web, cart := types.NamespacedName{Namespace: "shop", Name: "web"}, types.NamespacedName{Namespace: "shop", Name: "cart"}
	drifted := Outcome{State: Drifted, Findings: []Finding{{Drifted, "IngressRoute/web", "edited"}}}

	l.Waits(web)
	c.t = c.t.Add(time.Minute)
	l.Waits(web)
	l.Waits(cart)
	if got := l.OldestWait(); got != time.Minute {
		t.Errorf("oldest wait %s, want 1m", got)
	}
	if !l.Passed(web, drifted) {
		t.Error("a first finding is no news")
	}
	if l.Passed(web, drifted) {
		t.Error("the same finding is news again")
	}
	l.Failed(cart)
	c.t = c.t.Add(time.Minute)
	if got := l.OldestWait(); got != time.Minute {
		t.Errorf("oldest wait %s, want 1m: a failed pass goes on waiting", got)
	}
	if diff := cmp.Diff(map[State]int{Drifted: 1, Failed: 1}, l.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if l.Passed(web, Outcome{State: Current}) {
		t.Error("no finding is news")
	}
	if !l.Passed(web, drifted) {
		t.Error("a finding that comes back is no news")
	}
	l.Gone(web)
	l.Gone(cart)
	if len(l.Counts()) != 0 || l.OldestWait() != 0 {
		t.Error("Ingresses that are gone are still counted")
	}
}

// TestGate is the table of gate's comment.
func TestGate(t *testing.T) {
	elected := make(chan struct{})
	close(elected)
	mine := types.NamespacedName{Namespace: "shop", Name: "admitted-here"}
	other := types.NamespacedName{Namespace: "shop", Name: "admitted-elsewhere"}
	const never = time.Duration(-1)
	for name, c := range map[string]struct {
		leads                    bool
		mine, other, anythingTil time.Duration
	}{
		"leader":  {leads: true},
		"standby": {mine: headStart, other: time.Hour, anythingTil: never},
	} {
		t.Run(name, func(t *testing.T) {
			g := &gate{elected: make(chan struct{}), desk: NewDesk(time.Now), ledger: NewLedger(time.Now), standby: time.Hour}
			if c.leads {
				g.elected = elected
			}
			g.desk.HandOver(mine.String())
			for what, want := range map[string]time.Duration{"mine": c.mine, "other": c.other, "anything": c.anythingTil} {
				q := &recordingQueue{}
				switch what {
				case "mine":
					g.changed(q, mine)
				case "other":
					g.changed(q, other)
				default:
					g.add(q, mine, later)
				}
				got := never
				if q.added {
					got = q.after
				}
				if got != want {
					t.Errorf("%s is queued after %s, want %s", what, got, want)
				}
			}
		})
	}
}

// wide is an Ingress without a host.
type wide struct{ name string }

func (w wide) Everything(ing *networkingv1.Ingress) bool { return ing.Name == w.name }

func (w wide) Pause(ing *networkingv1.Ingress) time.Duration {
	switch ing.Name {
	case w.name:
		return time.Minute
	case "one-of-many":
		return time.Second
	}
	return 0
}

// listed is a cluster of one Ingress that is a peer of all.
type listed struct{ ing *networkingv1.Ingress }

func (l listed) Ingresses(context.Context, string) ([]*networkingv1.Ingress, error) {
	return []*networkingv1.Ingress{l.ing}, nil
}

func (l listed) Peers(context.Context, []string) ([]*networkingv1.Ingress, error) {
	return []*networkingv1.Ingress{l.ing}, nil
}

// TestWideIngressesWait: one Ingress without a host must not make every change of any
// other one a conversion of the whole cluster.
func TestWideIngressesWait(t *testing.T) {
	elected := make(chan struct{})
	close(elected)
	object := func(name string) *networkingv1.Ingress {
		return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	}
	for _, c := range []struct {
		changed, peer string
		want          time.Duration
	}{
		{"changed", "hostless", time.Minute},
		{"changed", "with-a-host", 0},
		{"changed", "one-of-many", time.Second},
		{"hostless", "with-a-host", time.Minute},
		{"hostless", "one-of-many", time.Minute},
	} {
		w := &watches{
			gate:   &gate{elected: elected, desk: NewDesk(time.Now), ledger: NewLedger(time.Now)},
			lister: listed{object(c.peer)}, wide: wide{"hostless"}, peerKeys: convert.PeerKeys,
		}
		q := &recordingQueue{}
		w.peers(t.Context(), q, object(c.changed))
		if !q.added || q.after != c.want {
			t.Errorf("a change of %s: %s is looked at again after %s (%v), want %s", c.changed, c.peer, q.after, q.added, c.want)
		}
	}
}

// recordingQueue notes the one call that a gate makes.
type recordingQueue struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	added bool
	after time.Duration
}

func (q *recordingQueue) AddWithOpts(o priorityqueue.AddOpts, _ ...reconcile.Request) {
	q.added, q.after = true, o.After
}

// TestFullPassIsNoWait: the alert is on the age of the oldest wait, and thousands of
// Ingresses that have their routes are no reason for one.
func TestFullPassIsNoWait(t *testing.T) {
	c := newClock()
	elected := make(chan struct{})
	close(elected)
	g := &gate{elected: elected, desk: NewDesk(c.now), ledger: NewLedger(c.now)}
	g.add(&recordingQueue{}, types.NamespacedName{Namespace: "shop", Name: "looked-at-again"}, later)
	c.t = c.t.Add(time.Minute)
	if got := g.ledger.OldestWait(); got != 0 {
		t.Errorf("waits since %s for being looked at again", got)
	}
	g.changed(&recordingQueue{}, types.NamespacedName{Namespace: "shop", Name: "changed"})
	c.t = c.t.Add(time.Minute)
	if got := g.ledger.OldestWait(); got != time.Minute {
		t.Errorf("waits since %s, changed a minute ago", got)
	}
}

func TestRetriesComeSoon(t *testing.T) {
	limiter := retries()
	request := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: "web"}}
	for range 100 { // an outage of minutes
		if after := limiter.When(request); after > 5*time.Second {
			t.Fatalf("the next try comes after %s", after)
		}
	}
}
