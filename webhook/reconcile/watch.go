package reconcile

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
)

// watches turn events of the cluster into Ingresses to look at.
type watches struct {
	gate     *gate
	lister   Lister
	peerKeys func(*networkingv1.Ingress) []string
	wide     Wide
}

// Wide knows of Ingresses that are converted together with many others. They are not
// looked at again for each change of any other one, but once after a pause; and those
// that are converted with all others make all others wait as well.
type Wide interface {
	Everything(*networkingv1.Ingress) bool
	// Pause is zero for an Ingress with few others.
	Pause(*networkingv1.Ingress) time.Duration
}

// again queues an Ingress because of something else than itself, after a pause at least.
func (w *watches) again(q queue, ingress *networkingv1.Ingress, pause time.Duration) {
	w.gate.addAfter(q, keyOf(ingress), later, max(pause, w.wide.Pause(ingress)))
}

// ingresses queues the Ingress of an event, and its peers: Traefik merges
// Ingresses that share a host and path, and one can say where a certificate of many is
// loaded, so one can change the routes of others.
func (w *watches) ingresses() handler.TypedEventHandler[*networkingv1.Ingress, reconcile.Request] {
	return handler.TypedFuncs[*networkingv1.Ingress, reconcile.Request]{
		CreateFunc: func(ctx context.Context, e event.TypedCreateEvent[*networkingv1.Ingress], q queue) {
			if e.IsInInitialList {
				w.gate.add(q, keyOf(e.Object), later)
				return
			}
			w.gate.changed(q, keyOf(e.Object))
			w.peers(ctx, q, e.Object)
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[*networkingv1.Ingress], q queue) {
			if !changed(e.ObjectOld, e.ObjectNew) {
				return
			}
			w.gate.changed(q, keyOf(e.ObjectNew))
			w.peers(ctx, q, e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(ctx context.Context, e event.TypedDeleteEvent[*networkingv1.Ingress], q queue) {
			w.gate.changed(q, keyOf(e.Object))
			w.peers(ctx, q, e.Object)
		},
	}
}

// changed tells whether an update matters to the conversion. Status writes of
// ingress controllers do not.
func changed(a, b *networkingv1.Ingress) bool {
	return a.UID != b.UID || (a.DeletionTimestamp == nil) != (b.DeletionTimestamp == nil) ||
		!reflect.DeepEqual(a.Annotations, b.Annotations) || !reflect.DeepEqual(a.Labels, b.Labels) ||
		!equality.Semantic.DeepEqual(a.Spec, b.Spec)
}

// peers queues the peers of all given states of one Ingress.
func (w *watches) peers(ctx context.Context, q queue, states ...*networkingv1.Ingress) {
	if !w.gate.leads() {
		return
	}
	var keys []string
	pause := time.Duration(0)
	for _, state := range states {
		keys = append(keys, w.peerKeys(state)...)
		if w.wide.Everything(state) {
			pause = w.wide.Pause(state)
		}
	}
	slices.Sort(keys)
	peers, err := w.lister.Peers(ctx, slices.Compact(keys))
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot list the peers of an Ingress; the next full pass covers them", "ingress", keyOf(states[0]))
		return
	}
	for _, peer := range peers {
		if keyOf(peer) != keyOf(states[0]) {
			w.again(q, peer, pause)
		}
	}
}

// traefikObjects queues the Ingress that an object of a kind was made for, and the one of
// the same name: a name that was taken may have become free. It is no source.Kind, since
// what is cached of these objects is none that a client reads.
func (w *watches) traefikObjects(informers cache.Informers, kind schema.GroupVersionKind) source.Source {
	return source.Func(func(ctx context.Context, q queue) error {
		example := &unstructured.Unstructured{}
		example.SetGroupVersionKind(kind)
		informer, err := informers.GetInformer(ctx, example, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watch %s: %w", kind.Kind, err)
		}
		_, err = informer.AddEventHandler(w.changesOf(q))
		return err
	})
}

func (w *watches) changesOf(q queue) toolscache.ResourceEventHandler {
	enqueue := func(o *cluster.Object) {
		w.gate.add(q, o.Key(), now)
		if o.Owner != "" && o.Owner != o.Name {
			w.gate.add(q, types.NamespacedName{Namespace: o.Namespace, Name: o.Owner}, now)
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		UpdateFunc: func(before, after any) {
			was, ok := before.(*cluster.Object)
			is, ok2 := after.(*cluster.Object)
			if !ok || !ok2 || was.Version == is.Version {
				return
			}
			enqueue(is)
			if was.Owner != is.Owner {
				enqueue(was)
			}
		},
		DeleteFunc: func(object any) {
			if missed, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = missed.Obj
			}
			if o, ok := object.(*cluster.Object); ok {
				enqueue(o)
			}
		},
	}
}

// services queues the Ingresses of a Service's namespace: Traefik 1.7 reads
// ports and annotations of Services, and drops routes of missing ones.
func (w *watches) services() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
	return handler.TypedFuncs[*corev1.Service, reconcile.Request]{
		CreateFunc: func(ctx context.Context, e event.TypedCreateEvent[*corev1.Service], q queue) {
			if !e.IsInInitialList {
				w.namespace(ctx, q, e.Object.Namespace)
			}
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[*corev1.Service], q queue) {
			if !reflect.DeepEqual(e.ObjectOld.Annotations, e.ObjectNew.Annotations) || !equality.Semantic.DeepEqual(e.ObjectOld.Spec, e.ObjectNew.Spec) {
				w.namespace(ctx, q, e.ObjectNew.Namespace)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.TypedDeleteEvent[*corev1.Service], q queue) {
			w.namespace(ctx, q, e.Object.Namespace)
		},
	}
}

// namespaces queues the Ingresses of a namespace whose labels changed.
func (w *watches) namespaces() handler.TypedEventHandler[*corev1.Namespace, reconcile.Request] {
	return handler.TypedFuncs[*corev1.Namespace, reconcile.Request]{
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[*corev1.Namespace], q queue) {
			if !reflect.DeepEqual(e.ObjectOld.Labels, e.ObjectNew.Labels) {
				w.namespace(ctx, q, e.ObjectNew.Name)
			}
		},
	}
}

// ingressClasses queues everything: a class decides whose an Ingress is.
func (w *watches) ingressClasses() handler.TypedEventHandler[*networkingv1.IngressClass, reconcile.Request] {
	return handler.TypedFuncs[*networkingv1.IngressClass, reconcile.Request]{
		CreateFunc: func(ctx context.Context, e event.TypedCreateEvent[*networkingv1.IngressClass], q queue) {
			if !e.IsInInitialList {
				w.namespace(ctx, q, "")
			}
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[*networkingv1.IngressClass], q queue) {
			if e.ObjectOld.ResourceVersion != e.ObjectNew.ResourceVersion {
				w.namespace(ctx, q, "")
			}
		},
		DeleteFunc: func(ctx context.Context, _ event.TypedDeleteEvent[*networkingv1.IngressClass], q queue) {
			w.namespace(ctx, q, "")
		},
	}
}

func (w *watches) namespace(ctx context.Context, q queue, namespace string) {
	if !w.gate.leads() {
		return
	}
	ingresses, err := w.lister.Ingresses(ctx, namespace)
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot list Ingresses; the next full pass covers them", "namespace", namespace)
		return
	}
	for _, ingress := range ingresses {
		w.again(q, ingress, 0)
	}
}
