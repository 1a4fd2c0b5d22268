package decide_test

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// nobodyElse is a cluster with one Service and no Ingress.
type nobodyElse struct{}

func (nobodyElse) Peers(context.Context, []string) ([]*networkingv1.Ingress, error) { return nil, nil }

func (nobodyElse) IngressClasses(context.Context) ([]*networkingv1.IngressClass, error) {
	return nil, nil
}

func (nobodyElse) Service(_ context.Context, key types.NamespacedName) (*corev1.Service, error) {
	if key.Name != "web" {
		return nil, nil
	}
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}, nil
}
