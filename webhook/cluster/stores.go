package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/pager"
)

const (
	hostKeyIndex = "hostkey"
	madeForIndex = "madefor"
)

// Stores are what informers hold of the kinds of which a cluster has many objects. They
// are asked without the cache's reader, which keeps two entries in an index for each
// value, and knows of no other types than those that clients read.
type Stores struct {
	hostKeys func(*networkingv1.Ingress) []string

	// Of each kind there is one store, or one for each namespace that is watched.
	ingresses, services []toolscache.Indexer
	traefik             map[schema.GroupVersionKind][]toolscache.Indexer
}

// NewStores returns Stores without informers. hostKeys are what Ingresses are found by,
// see convert.HostKeys.
func NewStores(hostKeys func(*networkingv1.Ingress) []string) *Stores {
	return &Stores{hostKeys: hostKeys, traefik: map[schema.GroupVersionKind][]toolscache.Indexer{}}
}

// NewInformer is for a cache that is being made (cache.Options). Every informer has to
// exist before the Stores are asked for the first time.
func (s *Stores) NewInformer(source toolscache.ListerWatcher, example runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
	switch example.(type) {
	case *networkingv1.Ingress:
		indexers[hostKeyIndex] = s.byHostKey
	case *corev1.Service:
		indexers = toolscache.Indexers{} // they are found by name
	case *unstructured.Unstructured:
		indexers = toolscache.Indexers{madeForIndex: madeFor}
	}
	informer := toolscache.NewSharedIndexInformer(inPages(source), example, resync, indexers)
	switch o := example.(type) {
	case *networkingv1.Ingress:
		s.ingresses = append(s.ingresses, informer.GetIndexer())
	case *corev1.Service:
		s.services = append(s.services, informer.GetIndexer())
	case *unstructured.Unstructured:
		kind := o.GroupVersionKind()
		s.traefik[kind] = append(s.traefik[kind], informer.GetIndexer())
	}
	return informer
}

func (s *Stores) byHostKey(o any) ([]string, error) {
	ingress, ok := o.(*networkingv1.Ingress)
	if !ok {
		return nil, nil
	}
	return s.hostKeys(ingress), nil
}

func madeFor(o any) ([]string, error) {
	object, ok := o.(*Object)
	if !ok || !object.ours {
		return nil, nil
	}
	return []string{types.NamespacedName{Namespace: object.Namespace, Name: object.Owner}.String()}, nil
}

// inPages lists a kind by pages, and keeps of each page what is cached: as the API server
// sends them, all objects of a large cluster at once take several times the room. It
// matters where the server does not stream lists to watches, which is so before
// Kubernetes 1.32.
func inPages(source toolscache.ListerWatcher) toolscache.ListerWatcher {
	from := toolscache.ToListerWatcherWithContext(source)
	return &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			kept := &metainternalversion.List{}
			pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				page, err := from.ListWithContext(ctx, options)
				if err != nil {
					return nil, err
				}
				list, err := meta.ListAccessor(page)
				if err != nil {
					return nil, fmt.Errorf("read a page of a list: %w", err)
				}
				kept.ResourceVersion = list.GetResourceVersion()
				return page, nil
			})
			pages.PageBufferSize = 0
			// A server answers from its own cache, in one page, whoever says how old the
			// answer may be.
			options.ResourceVersion, options.ResourceVersionMatch = "", ""
			err := pages.EachListItemWithAlloc(ctx, options, func(object runtime.Object) error {
				slim, err := Slim(object)
				if err != nil {
					return err
				}
				if item, ok := slim.(runtime.Object); ok {
					kept.Items = append(kept.Items, item)
				}
				return nil
			})
			return kept, err
		},
		WatchFuncWithContext: from.WatchWithContext,
	}
}

// get returns nil when there is no such object.
func get[T any](stores []toolscache.Indexer, key types.NamespacedName) (*T, error) {
	for _, store := range stores {
		object, exists, err := store.GetByKey(key.String())
		if err != nil {
			return nil, fmt.Errorf("read %s from the cache: %w", key, err)
		}
		if found, ok := object.(*T); ok && exists {
			return found, nil
		}
	}
	return nil, nil
}

// byIndex returns the objects of an index's value.
func byIndex[T any](stores []toolscache.Indexer, index, value string) ([]*T, error) {
	var found []*T
	for _, store := range stores {
		some, err := store.ByIndex(index, value)
		if err != nil {
			return nil, fmt.Errorf("read the cache by %s: %w", index, err)
		}
		found = appendAs(found, some)
	}
	return found, nil
}

// inNamespace returns the objects of a namespace, of all namespaces when it is empty.
func inNamespace[T any](stores []toolscache.Indexer, namespace string) ([]*T, error) {
	if namespace != metav1.NamespaceAll {
		return byIndex[T](stores, toolscache.NamespaceIndex, namespace)
	}
	var found []*T
	for _, store := range stores {
		found = appendAs(found, store.List())
	}
	return found, nil
}

func appendAs[T any](found []*T, objects []any) []*T {
	for _, object := range objects {
		if one, ok := object.(*T); ok {
			found = append(found, one)
		}
	}
	return found
}
