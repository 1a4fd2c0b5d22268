package source

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/legacy"
)

// manyNamespaces is from where on one list of the whole cluster is cheaper than
// a list per namespace.
const manyNamespaces = 20

// Extent is how much of the cluster is read; its values can be combined.
type Extent int

const (
	// Routes reads Ingresses and Services: what decides which objects there are.
	// It is what the webhook sees, so both come to the same answer.
	Routes Extent = 0
	// Everything reads Endpoints and the Secrets that are referred to as well, to
	// find what the old controller refuses to serve.
	Everything Extent = 1
	// Classes reads IngressClasses, which Traefik 1.7 does not know.
	Classes Extent = 2
)

// FromCluster reads the Ingresses of scope, those that meet the same requests,
// and what they refer to. Without the right to see something, the conversion
// goes on as if it were unknown, and a note says so; only Ingresses themselves
// must be readable.
func FromCluster(ctx context.Context, client kubernetes.Interface, scope Scope, extent Extent) (Loaded, error) {
	l := &lister{ctx: ctx, client: client}
	all, err := l.ingresses("")
	if apierrors.IsForbidden(err) && scope.Namespace != "" {
		l.note("not allowed to list Ingresses of other namespaces: routes that share a host with them are judged without them")
		all, err = l.ingresses(scope.Namespace)
	}
	if err != nil {
		return Loaded{}, fmt.Errorf("listing ingresses: %w", err)
	}
	if err := scope.everyName(all); err != nil {
		return Loaded{}, err
	}
	var loaded Loaded
	for _, ingress := range all {
		loaded.all = append(loaded.all, ir.Ingress{Ingress: ingress})
	}
	namespaces := map[string]bool{}
	for _, ingress := range scope.withPeers(all) {
		loaded.Input.Ingresses = append(loaded.Input.Ingresses, ir.Ingress{Ingress: ingress})
		namespaces[ingress.Namespace] = true
	}
	where := sorted(namespaces)
	if len(where) > manyNamespaces {
		where = []string{metav1.NamespaceAll}
	}
	if loaded.Input.Services, loaded.Input.ServicesKnown, err = known(l, "services", where, l.services); err != nil {
		return Loaded{}, err
	}
	if extent&Classes != 0 {
		if loaded.Input.IngressClasses, _, err = known(l, "ingressclasses", []string{metav1.NamespaceAll}, l.classes); err != nil {
			return Loaded{}, err
		}
	}
	if extent&Everything == 0 {
		loaded.Notes = l.notes
		return loaded, nil
	}
	if loaded.Input.Endpoints, loaded.Input.EndpointsKnown, err = known(l, "endpoints", where, l.endpoints); err != nil {
		return Loaded{}, err
	}
	if loaded.Input.Secrets, loaded.Input.SecretsKnown, err = l.secrets(loaded.Input.Ingresses); err != nil {
		return Loaded{}, err
	}
	loaded.Notes = l.notes
	return loaded, nil
}

type lister struct {
	ctx    context.Context
	client kubernetes.Interface
	notes  []string
}

func (l *lister) note(text string) { l.notes = append(l.notes, text) }

// known lists a resource in several namespaces; when one is forbidden the
// resource is not known as a whole.
func known[V any](l *lister, resource string, namespaces []string, list func(namespace string) ([]V, error)) (values []V, all bool, err error) {
	for _, namespace := range namespaces {
		some, err := list(namespace)
		if apierrors.IsForbidden(err) {
			l.note(fmt.Sprintf("not allowed to list %s%s: what Ingresses refer to is not checked", resource, in(namespace)))
			return values, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("listing %s%s: %w", resource, in(namespace), err)
		}
		values = append(values, some...)
	}
	return values, true, nil
}

func in(namespace string) string {
	if namespace == "" {
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

// pages lists in pages of 500, so that neither side holds everything twice.
func pages[V runtime.Object](ctx context.Context, list func(context.Context, metav1.ListOptions) (runtime.Object, error), each func(V)) error {
	return pager.New(list).EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		if value, ok := object.(V); ok {
			each(value)
		}
		return nil
	})
}

// ingresses asks for the newest version that the server has: clusters of
// Traefik 1.7 are often older than networking.k8s.io/v1.
func (l *lister) ingresses(namespace string) ([]*networkingv1.Ingress, error) {
	versions := []func(string) ([]*networkingv1.Ingress, error){l.networkingV1, l.networkingV1beta1, l.extensionsV1beta1}
	for _, list := range versions {
		found, err := list(namespace)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, ingress := range found {
			ingress.ManagedFields = nil
			// The object once more, as text; that it is there is told as of all annotations.
			if _, applied := ingress.Annotations[corev1.LastAppliedConfigAnnotation]; applied {
				ingress.Annotations[corev1.LastAppliedConfigAnnotation] = ""
			}
		}
		return found, nil
	}
	return nil, fmt.Errorf("the server has no Ingress resource (networking.k8s.io/v1, networking.k8s.io/v1beta1, extensions/v1beta1)")
}

func (l *lister) networkingV1(namespace string) (found []*networkingv1.Ingress, err error) {
	err = pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.NetworkingV1().Ingresses(namespace).List(ctx, options)
	}, func(ingress *networkingv1.Ingress) {
		found = append(found, ingress)
	})
	return found, err
}

func (l *lister) networkingV1beta1(namespace string) (found []*networkingv1.Ingress, err error) {
	err = pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.NetworkingV1beta1().Ingresses(namespace).List(ctx, options)
	}, func(ingress *networkingv1beta1.Ingress) {
		found = append(found, legacy.ToV1(ingress))
	})
	return found, err
}

func (l *lister) extensionsV1beta1(namespace string) (found []*networkingv1.Ingress, err error) {
	var failed error
	err = pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.ExtensionsV1beta1().Ingresses(namespace).List(ctx, options)
	}, func(object runtime.Object) {
		// The same fields in another Go type.
		raw, err := json.Marshal(object)
		old := &networkingv1beta1.Ingress{}
		if err == nil {
			err = json.Unmarshal(raw, old)
		}
		if err != nil {
			failed = fmt.Errorf("reading an extensions/v1beta1 ingress: %w", err)
			return
		}
		found = append(found, legacy.ToV1(old))
	})
	if err == nil {
		err = failed
	}
	return found, err
}

// classes are not namespaced.
func (l *lister) classes(string) (found []*networkingv1.IngressClass, err error) {
	err = pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.NetworkingV1().IngressClasses().List(ctx, options)
	}, func(class *networkingv1.IngressClass) {
		found = append(found, class)
	})
	if apierrors.IsNotFound(err) {
		return nil, nil // older than 1.19
	}
	return found, err
}

func (l *lister) services(namespace string) (found []*corev1.Service, err error) {
	err = pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.CoreV1().Services(namespace).List(ctx, options)
	}, func(service *corev1.Service) {
		found = append(found, onlyRead(service))
	})
	return found, err
}

// onlyRead takes from a Service what no conversion reads: thousands are in memory at once.
func onlyRead(service *corev1.Service) *corev1.Service {
	service.ManagedFields, service.Labels, service.OwnerReferences, service.Finalizers = nil, nil, nil, nil
	delete(service.Annotations, corev1.LastAppliedConfigAnnotation)
	service.Spec.Selector, service.Spec.ClusterIPs, service.Spec.IPFamilies = nil, nil, nil
	return service
}

func sorted(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
