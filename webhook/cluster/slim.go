package cluster

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Slim drops what nobody here reads before an object is cached: managedFields and the
// last applied configuration are often larger than the rest of the object. Of a Traefik
// object it makes an Object. It can be given an object twice.
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
