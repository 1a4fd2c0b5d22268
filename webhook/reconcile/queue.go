package reconcile

import (
	"context"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Lister lists Ingresses of a cache.
type Lister interface {
	// Ingresses returns those of a namespace, of all namespaces when it is empty.
	Ingresses(ctx context.Context, namespace string) ([]*networkingv1.Ingress, error)
	// Peers returns those that have to be converted together with one that has the keys.
	Peers(ctx context.Context, peerKeys []string) ([]*networkingv1.Ingress, error)
}

// gate decides which Ingresses this replica works on, and when:
//
//	                                       leader    other replicas
//	Ingress changed, admitted here         at once   after headStart
//	Ingress changed, admitted elsewhere    at once   after standby
//	anything else (objects, peers, passes) at once   never
//
// A replica that does not lead normally finds the work done when its time comes,
// and changes nothing. When the leader is dead, nothing waits for a new one. It
// never answers to changes of Traefik objects: two replicas of different versions
// would overwrite each other for as long as both run.
type gate struct {
	elected <-chan struct{}
	desk    *Desk
	ledger  *Ledger
	standby time.Duration
}

// headStart is longer than a leader needs that is alive, and what nobody would notice
// when it is not. Without it every second Ingress is worked on twice, side by side, and
// the routes of all wait for an API server that is asked for more.
const headStart = 250 * time.Millisecond

func (g *gate) leads() bool {
	select {
	case <-g.elected:
		return true
	default:
		return false
	}
}

// add queues one Ingress on the leader.
func (g *gate) add(q queue, key types.NamespacedName, priority int) {
	g.addAfter(q, key, priority, 0)
}

// addAfter queues one Ingress on the leader for after a pause.
func (g *gate) addAfter(q queue, key types.NamespacedName, priority int, after time.Duration) {
	if g.leads() {
		g.enqueue(q, key, priority, after)
	}
}

// changed queues an Ingress that was created, changed or deleted.
func (g *gate) changed(q queue, key types.NamespacedName) {
	after := time.Duration(0)
	switch {
	case g.leads():
	case g.desk.Holds(key.String()):
		after = headStart
	default:
		after = g.standby
	}
	g.enqueue(q, key, now, after)
}

func (g *gate) enqueue(q queue, key types.NamespacedName, priority int, after time.Duration) {
	if after == 0 && priority == now {
		// What is only looked at again, as in a full pass, mostly has its route: it does
		// not wait for one.
		g.ledger.Waits(key)
	}
	request := reconcile.Request{NamespacedName: key}
	if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		pq.AddWithOpts(priorityqueue.AddOpts{Priority: &priority, After: after}, request)
		return
	}
	q.AddAfter(request, after)
}

// now and later are priorities: a deploy that waits for its route goes before
// the thousands of a full pass.
const (
	now   = 0
	later = handler.LowPriority
)

// retries says when a pass that failed is begun again. What stood in its way (an API
// server that restarts, a quota that is raised) ends without a word to us, and then its
// route must not wait for long; so the pauses end at a few seconds.
func retries() workqueue.TypedRateLimiter[reconcile.Request] {
	const first, longest = 5 * time.Millisecond, 5 * time.Second
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](first, longest)
}

// fullPasses queues every Ingress when this replica becomes the leader and then
// at every interval. It covers whatever was not seen: down times, calls that
// failed open, restores.
func fullPasses(g *gate, lister Lister, interval time.Duration, done func(time.Time)) source.Source {
	pass := func(ctx context.Context, q queue) {
		ingresses, err := lister.Ingresses(ctx, "")
		if err != nil {
			log.FromContext(ctx).Error(err, "full pass: cannot list Ingresses, next try at the next interval")
			return
		}
		for _, ingress := range ingresses {
			g.add(q, keyOf(ingress), later)
		}
		done(time.Now())
	}
	return source.Func(func(ctx context.Context, q queue) error {
		go func() {
			select {
			case <-ctx.Done():
				return
			case <-g.elected:
			}
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			for {
				pass(ctx, q)
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
			}
		}()
		return nil
	})
}
