package cluster

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// Cluster reads from a cache. Nothing that it returns may be modified.
type Cluster struct {
	cache client.Reader
	kinds []schema.GroupVersionKind
	// services is nil when only the cache can be asked.
	services toolscache.Indexer
}

// Name names one Traefik object.
type Name struct {
	Kind schema.GroupVersionKind
	Key  types.NamespacedName
}

// String is such as "IngressRoute/web".
func (n Name) String() string { return n.Kind.Kind + "/" + n.Key.Name }

// New returns a Cluster over a cache that has the indexes of AddIndexes.
func New(cache client.Reader, apiGroup string) *Cluster {
	return &Cluster{cache: cache, kinds: Kinds(apiGroup)}
}

// Ingress returns one Ingress, nil when there is none.
func (c *Cluster) Ingress(ctx context.Context, key types.NamespacedName) (*networkingv1.Ingress, error) {
	ingress := &networkingv1.Ingress{}
	if err := c.cache.Get(ctx, key, ingress); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return ingress, nil
}

// Ingresses returns the Ingresses of a namespace, all namespaces when it is empty.
func (c *Cluster) Ingresses(ctx context.Context, namespace string) ([]*networkingv1.Ingress, error) {
	return c.ingresses(ctx, client.InNamespace(namespace))
}

// Peers implements translate.Store. An Ingress may be in the answer twice, once
// for each key that it shares.
func (c *Cluster) Peers(ctx context.Context, peerKeys []string) ([]*networkingv1.Ingress, error) {
	if slices.Contains(peerKeys, convert.AnyHost) {
		return c.Ingresses(ctx, "")
	}
	var peers []*networkingv1.Ingress
	for _, key := range append([]string{convert.AnyHost}, peerKeys...) {
		some, err := c.ingresses(ctx, client.MatchingFields{hostKeyIndex: key})
		if err != nil {
			return nil, err
		}
		peers = append(peers, some...)
	}
	return peers, nil
}

func (c *Cluster) ingresses(ctx context.Context, options ...client.ListOption) ([]*networkingv1.Ingress, error) {
	list := &networkingv1.IngressList{}
	if err := c.cache.List(ctx, list, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

// IngressClasses implements translate.Store.
func (c *Cluster) IngressClasses(ctx context.Context) ([]*networkingv1.IngressClass, error) {
	list := &networkingv1.IngressClassList{}
	if err := c.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

// ServicesOf lets Services answer from the store of an informer, if it has one: a list
// of a cache copies every Service of the namespace, for every conversion.
func (c *Cluster) ServicesOf(informer any) {
	if store, ok := informer.(interface{ GetIndexer() toolscache.Indexer }); ok {
		c.services = store.GetIndexer()
	}
}

// Services implements translate.Store.
func (c *Cluster) Services(ctx context.Context, namespace string) ([]*corev1.Service, error) {
	if c.services != nil {
		return c.stored(namespace)
	}
	list := &corev1.ServiceList{}
	if err := c.cache.List(ctx, list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

func (c *Cluster) stored(namespace string) ([]*corev1.Service, error) {
	all, err := c.services.ByIndex(toolscache.NamespaceIndex, namespace)
	if err != nil {
		return nil, err
	}
	services := make([]*corev1.Service, 0, len(all))
	for _, object := range all {
		if service, ok := object.(*corev1.Service); ok {
			services = append(services, service)
		}
	}
	return services, nil
}

// ReadService reads one Service from a reader, such as the API server itself; nil when
// there is none.
func ReadService(reader client.Reader) func(context.Context, types.NamespacedName) (*corev1.Service, error) {
	return func(ctx context.Context, key types.NamespacedName) (*corev1.Service, error) {
		service := &corev1.Service{}
		if err := reader.Get(ctx, key, service); err != nil {
			return nil, client.IgnoreNotFound(err)
		}
		return service, nil
	}
}

// NamespaceOptedOut tells whether a namespace carries desired.NamespaceLabel.
func (c *Cluster) NamespaceOptedOut(ctx context.Context, name string) (bool, error) {
	namespace := &corev1.Namespace{}
	if err := c.cache.Get(ctx, types.NamespacedName{Name: name}, namespace); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return namespace.Labels[desired.NamespaceLabel] == desired.NamespaceDisabled, nil
}

// AsWanted tells whether a wanted object is there, exactly as it is wanted. An object of
// which the cache does not know that may be it all the same.
func (c *Cluster) AsWanted(ctx context.Context, want *unstructured.Unstructured) (bool, error) {
	cached := &unstructured.Unstructured{}
	cached.SetGroupVersionKind(want.GroupVersionKind())
	if err := c.cache.Get(ctx, client.ObjectKeyFromObject(want), cached, client.UnsafeDisableDeepCopy); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return cached.Object[packedField] == desired.Fingerprint(want), nil
}

// Live returns one Traefik object, nil when there is none. Of one that is as we applied
// it, it tells whose it is, and nothing else.
func (c *Cluster) Live(ctx context.Context, kind schema.GroupVersionKind, key types.NamespacedName) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(kind)
	if err := c.cache.Get(ctx, key, live, client.UnsafeDisableDeepCopy); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, err
	}
	return unpack(live)
}

// MadeFor names every Traefik object that is marked as made for an Ingress.
func (c *Cluster) MadeFor(ctx context.Context, ingress types.NamespacedName) ([]Name, error) {
	var made []Name
	for _, kind := range c.kinds {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		if err := c.cache.List(ctx, list, client.InNamespace(ingress.Namespace), client.MatchingFields{madeForIndex: ingress.Name}, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("list %s objects of Ingress %s: %w", kind.Kind, ingress, err)
		}
		for i := range list.Items {
			made = append(made, Name{kind, client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return made, nil
}

// TakenBy implements decide.Routes.
func (c *Cluster) TakenBy(ctx context.Context, namespace, name, ingress string) (string, error) {
	live, err := c.Live(ctx, c.kinds[len(c.kinds)-1], types.NamespacedName{Namespace: namespace, Name: name})
	if err != nil {
		return "", err
	}
	return TakenBy(live, ingress), nil
}

// TakenBy says in a few words who made a live object whose name the conversion
// of an Ingress wants; empty when it is ours or does not exist.
func TakenBy(live *unstructured.Unstructured, ingress string) string {
	switch {
	case live == nil, desired.OwnedBy(live, ingress), desired.HandedOver(live, ingress):
		return ""
	case desired.MadeFor(live) != "" && desired.MadeFor(live) != ingress:
		return "it was made for Ingress " + desired.MadeFor(live)
	}
	return "it was not made by ingress-migrate"
}

func pointers[T any](items []T) []*T {
	ps := make([]*T, len(items))
	for i := range items {
		ps[i] = &items[i]
	}
	return ps
}
