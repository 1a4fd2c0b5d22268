package webhook_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// invariants watches one namespace while something goes wrong. What must hold at every
// moment, in the order in which the API server stored things:
//
//   - a route of ours says on whose Ingress it is, and that one was stored before it;
//   - a route never names a host that its Ingress was never stored with;
//   - a route is never deleted while its Ingress is there and wants it.
type invariants struct {
	r         *rig
	namespace string
	stop      context.CancelFunc
	done      sync.WaitGroup

	mu sync.Mutex
	// early are routes whose Ingress's watch has not come that far; the two are not in
	// step, least of all when the API server was away.
	early []early
	// hosts are all that an Ingress was ever stored with, also when it is gone.
	hosts map[string]map[string]bool
	// there are the UIDs of Ingresses that exist.
	there  map[string]types.UID
	broken []string
	routes int
}

// early is the route of an Ingress, for a host that it is not known to have.
type early struct{ owner, host string }

// watchInvariants begins to watch; end tells what was broken.
func (r *rig) watchInvariants(namespace string) *invariants {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.ctx)
	v := &invariants{r: r, namespace: namespace, stop: cancel, hosts: map[string]map[string]bool{}, there: map[string]types.UID{}}
	ingresses, err := watchtools.NewRetryWatcherWithContext(ctx, r.version(namespace), &toolscache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return r.client.NetworkingV1().Ingresses(namespace).Watch(ctx, o)
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	routes := r.routesOf(ctx, namespace)
	v.done.Go(func() {
		for e := range ingresses.ResultChan() {
			v.ingress(e)
		}
	})
	v.done.Go(func() {
		for e := range routes.ResultChan() {
			v.route(ctx, e)
		}
	})
	return v
}

// routesOf watches the routes of a namespace from now on, until ctx ends. An API server
// ends watches that it has served for a while, or that fall behind.
func (r *rig) routesOf(ctx context.Context, namespace string) watch.Interface {
	r.t.Helper()
	routes, err := watchtools.NewRetryWatcherWithContext(ctx, r.version(namespace), &toolscache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return r.dynamic.Resource(traefik("ingressroutes")).Namespace(namespace).Watch(ctx, o)
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return routes
}

// version is that of an empty namespace's lists now.
func (r *rig) version(namespace string) string {
	r.t.Helper()
	list, err := r.client.NetworkingV1().Ingresses(namespace).List(r.ctx, metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return list.ResourceVersion
}

func (v *invariants) ingress(e watch.Event) {
	ingress, ok := e.Object.(*networkingv1.Ingress)
	if !ok {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if e.Type == watch.Deleted {
		delete(v.there, ingress.Name)
		return
	}
	v.there[ingress.Name] = ingress.UID
	if v.hosts[ingress.Name] == nil {
		v.hosts[ingress.Name] = map[string]bool{}
	}
	for _, rule := range ingress.Spec.Rules {
		v.hosts[ingress.Name][rule.Host] = true
	}
}

func (v *invariants) route(ctx context.Context, e watch.Event) {
	route, ok := e.Object.(*unstructured.Unstructured)
	if !ok {
		return
	}
	owner := route.GetAnnotations()["ingress-migrate.io/ingress"]
	if e.Type == watch.Deleted {
		// The two watches are not in step: ask, when it looks wrong.
		stored, err := v.r.client.NetworkingV1().Ingresses(v.namespace).Get(ctx, owner, metav1.GetOptions{})
		if err == nil && stored.DeletionTimestamp == nil && len(route.GetOwnerReferences()) > 0 && stored.UID == route.GetOwnerReferences()[0].UID {
			v.breaks("the route of %s was deleted while its Ingress is there", owner)
		}
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.routes++
	if host := hostOf(fmt.Sprint(route.Object["spec"])); !v.hosts[owner][host] {
		v.early = append(v.early, early{owner, host})
	}
}

func hostOf(spec string) string {
	_, after, _ := strings.Cut(spec, "Host(`")
	host, _, _ := strings.Cut(after, "`")
	return host
}

// strange is an error while a route is for a host with which its Ingress was never stored.
func (v *invariants) strange() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range v.early {
		if !v.hosts[e.owner][e.host] {
			return fmt.Errorf("the route of %q is for host %q", e.owner, e.host)
		}
	}
	return nil
}

func (v *invariants) breaks(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.broken = append(v.broken, fmt.Sprintf(format, args...))
}

// settled waits until every Ingress of the namespace has its route, and no route is
// without one; then it ends the watch and fails the test for whatever was broken.
func (v *invariants) settled() {
	r := v.r
	r.t.Helper()
	r.eventually("every Ingress has its route, and every route its Ingress", func() error {
		ingresses, err := r.client.NetworkingV1().Ingresses(v.namespace).List(r.ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		routes, err := r.dynamic.Resource(traefik("ingressroutes")).Namespace(v.namespace).List(r.ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		have := map[string]string{}
		for _, route := range routes.Items {
			have[route.GetAnnotations()["ingress-migrate.io/ingress"]] = hostOf(fmt.Sprint(route.Object["spec"]))
		}
		for _, ingress := range ingresses.Items {
			if host := ingress.Spec.Rules[0].Host; have[ingress.Name] != host {
				return fmt.Errorf("the route of %s is for %q, want %q", ingress.Name, have[ingress.Name], host)
			}
			delete(have, ingress.Name)
		}
		if len(have) > 0 {
			return fmt.Errorf("%d Ingresses that are gone have routes: %v", len(have), have)
		}
		return nil
	})
	r.eventually("every route was for a host with which its Ingress was stored", v.strange)
	v.stop()
	v.done.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, broken := range v.broken {
		r.t.Error(broken)
	}
	r.t.Logf("watched %d writes of routes", v.routes)
}
