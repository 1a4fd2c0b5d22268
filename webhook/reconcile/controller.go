package reconcile

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// passTimeout ends one pass over one Ingress, which writes a few objects. It is begun
// again later.
const passTimeout = time.Minute

// Options of Add.
type Options struct {
	// Kinds are the Traefik kinds to watch.
	Kinds []schema.GroupVersionKind
	// FullPass is how often every Ingress is looked at.
	FullPass time.Duration
	// Standby is how long a replica that does not lead leaves an Ingress that it
	// did not admit to the leader.
	Standby time.Duration
	// Workers is how many Ingresses are worked on at once.
	Workers  int
	Lister   Lister
	PeerKeys func(*networkingv1.Ingress) []string
	Wide     Wide
	Desk     *Desk
	Ledger   *Ledger
	// FullPassDone is told when a full pass was queued.
	FullPassDone func(time.Time)
}

// Add lets r run on every replica of mgr: the leader works on every Ingress, the
// others on what they admitted.
func Add(mgr manager.Manager, r *Reconciler, o Options) error {
	everyReplica := false
	c, err := controller.New("ingress", mgr, controller.Options{
		Reconciler:              r,
		MaxConcurrentReconciles: o.Workers,
		// What hangs must not keep a worker from all other Ingresses.
		ReconciliationTimeout: passTimeout,
		RateLimiter:           retries(),
		NeedLeaderElection:    &everyReplica,
	})
	if err != nil {
		return fmt.Errorf("make controller: %w", err)
	}
	g := &gate{elected: mgr.Elected(), desk: o.Desk, ledger: o.Ledger, standby: o.Standby}
	w := &watches{gate: g, lister: o.Lister, peerKeys: o.PeerKeys, wide: o.Wide}
	sources := []source.Source{
		source.Kind(mgr.GetCache(), &networkingv1.Ingress{}, w.ingresses()),
		source.Kind(mgr.GetCache(), &networkingv1.IngressClass{}, w.ingressClasses()),
		source.Kind(mgr.GetCache(), &corev1.Service{}, w.services()),
		source.Kind(mgr.GetCache(), &corev1.Namespace{}, w.namespaces()),
	}
	for _, kind := range o.Kinds {
		sources = append(sources, w.traefikObjects(mgr.GetCache(), kind))
	}
	sources = append(sources, fullPasses(g, o.Lister, o.FullPass, o.FullPassDone))
	for _, s := range sources {
		if err := c.Watch(s); err != nil {
			return fmt.Errorf("watch %s: %w", s, err)
		}
	}
	return nil
}

// Leads tells whether mgr leads.
func Leads(mgr manager.Manager) func() bool {
	g := gate{elected: mgr.Elected()}
	return g.leads
}
