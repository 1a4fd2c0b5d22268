package cluster

import (
	"encoding/json"
	"fmt"
	"strings"

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
	if u, ok := object.(*unstructured.Unstructured); ok {
		return pack(u)
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
	}
	return object, nil
}

// pack makes of a Traefik object what is cached of it: as maps the objects of 20,000
// Ingresses take hundreds of MB. Of one that is as we applied it a fingerprint says all;
// of any other one, which are few, everything is kept.
func pack(u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if _, done := u.Object[packedField]; done {
		return u, nil
	}
	metadata := map[string]any{"namespace": u.GetNamespace(), "name": u.GetName(), "resourceVersion": u.GetResourceVersion()}
	shell := &unstructured.Unstructured{Object: map[string]any{"metadata": metadata, ownerField: u.GetAnnotations()[desired.IngressAnnotation]}}
	if OwnerOf(u) != "" && desired.IsOurs(u) && !desired.Edited(u) && u.GetDeletionTimestamp() == nil {
		shell.Object[packedField] = desired.Fingerprint(u)
		return shell, nil
	}
	u.SetManagedFields(nil)
	raw, err := json.Marshal(u.Object)
	if err != nil {
		return nil, fmt.Errorf("pack %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	shell.Object[packedField] = string(raw)
	return shell, nil
}

const (
	packedField = "packed" // the fingerprint, or the JSON
	ownerField  = "owner"  // the value of desired.IngressAnnotation, "" for none
)

// unpack returns the object that was packed, or the given one when none was; of one
// that is as we applied it, whose it is, and nothing else.
func unpack(cached *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	packed, ok := cached.Object[packedField].(string)
	if !ok {
		return cached, nil
	}
	if asApplied(packed) {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		u.SetNamespace(cached.GetNamespace())
		u.SetName(cached.GetName())
		u.SetLabels(map[string]string{desired.ManagedLabel: "true"})
		u.SetAnnotations(map[string]string{desired.AppliedAnnotation: packed, desired.IngressAnnotation: OwnerOf(cached)})
		return u, nil
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON([]byte(packed)); err != nil {
		return nil, fmt.Errorf("unpack %s/%s: %w", cached.GetNamespace(), cached.GetName(), err)
	}
	return u, nil
}

// asApplied tells fingerprints from JSON.
func asApplied(packed string) bool { return !strings.HasPrefix(packed, "{") }

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
		live, err := unpack(u)
		return err == nil && desired.IsOurs(live)
	}
	return desired.IsOurs(cached)
}
