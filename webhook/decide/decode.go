package decide

import (
	"encoding/json"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/legacy"
)

// decode reads the object of a request as networking.k8s.io/v1. The namespace
// and the name come from the request where the object leaves them out.
func decode(request *admissionv1.AdmissionRequest) (*networkingv1.Ingress, error) {
	return decodeRaw(request, request.Object.Raw)
}

// decodeRaw reads one of the objects of a request.
func decodeRaw(request *admissionv1.AdmissionRequest, raw []byte) (*networkingv1.Ingress, error) {
	if len(raw) == 0 {
		return nil, errors.New("decode Ingress: the request carries no object")
	}
	ingress := &networkingv1.Ingress{}
	switch version := request.Resource.Version; version {
	case "v1":
		if err := json.Unmarshal(raw, ingress); err != nil {
			return nil, fmt.Errorf("decode Ingress: %w", err)
		}
	case "v1beta1":
		// extensions/v1beta1 has the same fields as networking.k8s.io/v1beta1.
		old := &networkingv1beta1.Ingress{}
		if err := json.Unmarshal(raw, old); err != nil {
			return nil, fmt.Errorf("decode Ingress: %w", err)
		}
		ingress = legacy.ToV1(old)
	default:
		return nil, fmt.Errorf("decode Ingress: version %q is unknown", version)
	}
	if ingress.Namespace == "" {
		ingress.Namespace = request.Namespace
	}
	if ingress.Name == "" {
		ingress.Name = request.Name
	}
	return ingress, nil
}
