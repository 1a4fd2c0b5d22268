package cluster

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// Slim drops what nobody here reads before an object is cached: managedFields and the
// last applied configuration are often larger than the rest of the object. It can be
// given an object twice.
func Slim(object any) (any, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		// Not an object (a tombstone): the cache deals with it.
		return object, nil
	}
	accessor.SetManagedFields(nil)
	switch o := object.(type) {
	case *networkingv1.Ingress:
		delete(o.Annotations, corev1.LastAppliedConfigAnnotation)
		o.Status = networkingv1.IngressStatus{}
	case *corev1.Service:
		delete(o.Annotations, corev1.LastAppliedConfigAnnotation)
		o.Labels, o.OwnerReferences, o.Finalizers = nil, nil, nil
		o.Spec.Selector, o.Spec.ClusterIPs, o.Spec.IPFamilies = nil, nil, nil
		o.Status = corev1.ServiceStatus{}
	case *unstructured.Unstructured:
		return pack(o)
	}
	return object, nil
}

// A Traefik object is cached as JSON, next to what is asked of it without unpacking:
// as maps the objects of 20,000 Ingresses take hundreds of MB.
const (
	packedField = "packed" // the JSON
	ownerField  = "owner"  // the value of desired.IngressAnnotation, "" for none
	oursField   = "ours"   // desired.IsOurs
)

// pack makes of a Traefik object what is cached of it. Its spec is left out when it is
// as it was applied.
func pack(u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if _, done := u.Object[packedField]; done {
		return u, nil
	}
	shell := map[string]any{
		"apiVersion": u.GetAPIVersion(), "kind": u.GetKind(),
		"metadata": map[string]any{"namespace": u.GetNamespace(), "name": u.GetName(), "resourceVersion": u.GetResourceVersion()},
		ownerField: u.GetAnnotations()[desired.IngressAnnotation], oursField: desired.IsOurs(u),
	}
	desired.LeaveSpecOut(u)
	raw, err := json.Marshal(u.Object)
	if err != nil {
		return nil, fmt.Errorf("pack %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	shell[packedField] = string(raw)
	return &unstructured.Unstructured{Object: shell}, nil
}

// unpack returns the object that was packed, or the given one when none was.
func unpack(cached *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	raw, packed := cached.Object[packedField].(string)
	if !packed {
		return cached, nil
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON([]byte(raw)); err != nil {
		return nil, fmt.Errorf("unpack %s %s/%s: %w", cached.GetKind(), cached.GetNamespace(), cached.GetName(), err)
	}
	return u, nil
}

// OwnerOf names the Ingress that a Traefik object of the cache says it was made for;
// empty when it says nothing.
func OwnerOf(cached client.Object) string {
	if u, ok := cached.(*unstructured.Unstructured); ok {
		if owner, packed := u.Object[ownerField].(string); packed {
			return owner
		}
	}
	return cached.GetAnnotations()[desired.IngressAnnotation]
}

// isOurs is desired.IsOurs of a Traefik object of the cache.
func isOurs(cached client.Object) bool {
	if u, ok := cached.(*unstructured.Unstructured); ok {
		if ours, packed := u.Object[oursField].(bool); packed {
			return ours
		}
	}
	return desired.IsOurs(cached)
}
