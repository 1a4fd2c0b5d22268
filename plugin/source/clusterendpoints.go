package source

import (
	"context"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// endpoints reads EndpointSlices, and Endpoints of servers older than 1.21 or of
// callers that may only read those. Newer servers answer every read of
// Endpoints with a deprecation warning.
func (l *lister) endpoints(namespace string) ([]*ir.Endpoints, error) {
	var slices []*ir.Endpoints
	err := pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.DiscoveryV1().EndpointSlices(namespace).List(ctx, options)
	}, func(slice *discoveryv1.EndpointSlice) {
		slices = append(slices, endpointsOf(slice))
	})
	if err == nil {
		return mergeSlices(nil, slices), nil
	}
	if !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return nil, err
	}
	var found []*ir.Endpoints
	err = pages(l.ctx, func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return l.client.CoreV1().Endpoints(namespace).List(ctx, options)
	}, func(endpoints *ir.Endpoints) {
		endpoints.ManagedFields = nil
		found = append(found, endpoints)
	})
	return found, err
}
