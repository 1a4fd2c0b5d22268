package cluster

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// Cluster reads from a cache. Nothing that it returns may be modified.
type Cluster struct {
	cache  client.Reader
	stores *Stores
	kinds  []schema.GroupVersionKind
}

// Name names one Traefik object.
type Name struct {
	Kind schema.GroupVersionKind
	Key  types.NamespacedName
}

// String is such as "IngressRoute/web".
func (n Name) String() string { return n.Kind.Kind + "/" + n.Key.Name }

// New returns a Cluster over a cache whose informers are made by stores.
func New(cache client.Reader, stores *Stores, apiGroup string) *Cluster {
	return &Cluster{cache: cache, stores: stores, kinds: Kinds(apiGroup)}
}

// Ingress returns one Ingress, nil when there is none.
func (c *Cluster) Ingress(_ context.Context, key types.NamespacedName) (*networkingv1.Ingress, error) {
	return get[networkingv1.Ingress](c.stores.ingresses, key)
}

// Ingresses returns the Ingresses of a namespace, all namespaces when it is empty.
func (c *Cluster) Ingresses(_ context.Context, namespace string) ([]*networkingv1.Ingress, error) {
	return inNamespace[networkingv1.Ingress](c.stores.ingresses, namespace)
}

// Peers implements translate.Store. An Ingress may be in the answer twice, once
// for each key that it shares.
func (c *Cluster) Peers(ctx context.Context, peerKeys []string) ([]*networkingv1.Ingress, error) {
	if slices.Contains(peerKeys, convert.AnyHost) {
		return c.Ingresses(ctx, "")
	}
	var peers []*networkingv1.Ingress
	for _, key := range append([]string{convert.AnyHost}, peerKeys...) {
		some, err := byIndex[networkingv1.Ingress](c.stores.ingresses, hostKeyIndex, key)
		if err != nil {
			return nil, err
		}
		peers = append(peers, some...)
	}
	return peers, nil
}

// IngressClasses implements translate.Store.
func (c *Cluster) IngressClasses(ctx context.Context) ([]*networkingv1.IngressClass, error) {
	list := &networkingv1.IngressClassList{}
	if err := c.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

// Service implements translate.Store.
func (c *Cluster) Service(_ context.Context, key types.NamespacedName) (*corev1.Service, error) {
	return get[corev1.Service](c.stores.services, key)
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
func (c *Cluster) AsWanted(_ context.Context, want *unstructured.Unstructured) (bool, error) {
	cached, err := get[Object](c.stores.traefik[want.GroupVersionKind()], client.ObjectKeyFromObject(want))
	return cached != nil && cached.IsAs(want), err
}

// MadeFor names every Traefik object that is marked as made for an Ingress.
func (c *Cluster) MadeFor(_ context.Context, ingress types.NamespacedName) ([]Name, error) {
	var made []Name
	for _, kind := range c.kinds {
		objects, err := byIndex[Object](c.stores.traefik[kind], madeForIndex, ingress.String())
		if err != nil {
			return nil, fmt.Errorf("list %s objects of Ingress %s: %w", kind.Kind, ingress, err)
		}
		for _, object := range objects {
			made = append(made, Name{kind, object.Key()})
		}
	}
	return made, nil
}

// TakenBy implements decide.Routes.
func (c *Cluster) TakenBy(_ context.Context, namespace, name, ingress string) (string, error) {
	routes := c.stores.traefik[c.kinds[len(c.kinds)-1]]
	cached, err := get[Object](routes, types.NamespacedName{Namespace: namespace, Name: name})
	if cached == nil || err != nil {
		return "", err
	}
	live, err := cached.unpack()
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
