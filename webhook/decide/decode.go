package decide

import (
	"encoding/json"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// decode reads the object of a request as networking.k8s.io/v1. The namespace
// and the name come from the request where the object leaves them out.
func decode(request *admissionv1.AdmissionRequest) (*networkingv1.Ingress, error) {
	if len(request.Object.Raw) == 0 {
		return nil, errors.New("decode Ingress: the request carries no object")
	}
	ingress := &networkingv1.Ingress{}
	switch version := request.Resource.Version; version {
	case "v1":
		if err := json.Unmarshal(request.Object.Raw, ingress); err != nil {
			return nil, fmt.Errorf("decode Ingress: %w", err)
		}
	case "v1beta1":
		// extensions/v1beta1 has the same fields as networking.k8s.io/v1beta1.
		old := &networkingv1beta1.Ingress{}
		if err := json.Unmarshal(request.Object.Raw, old); err != nil {
			return nil, fmt.Errorf("decode Ingress: %w", err)
		}
		ingress = fromV1beta1(old)
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

// fromV1beta1 keeps every field under its name in v1. The API server does the
// same when it stores the object, so the conversion sees the same at admission
// and afterwards (kubernetes pkg/apis/networking/v1beta1/conversion.go).
func fromV1beta1(old *networkingv1beta1.Ingress) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{ObjectMeta: old.ObjectMeta}
	ingress.Spec.IngressClassName = old.Spec.IngressClassName
	ingress.Spec.DefaultBackend = backend(old.Spec.Backend)
	for _, tls := range old.Spec.TLS {
		ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS{Hosts: tls.Hosts, SecretName: tls.SecretName})
	}
	for _, oldRule := range old.Spec.Rules {
		rule := networkingv1.IngressRule{Host: oldRule.Host}
		if oldRule.HTTP != nil {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for _, oldPath := range oldRule.HTTP.Paths {
				path := networkingv1.HTTPIngressPath{Path: oldPath.Path}
				if b := backend(&oldPath.Backend); b != nil {
					path.Backend = *b
				}
				pathType := networkingv1.PathTypeImplementationSpecific
				if oldPath.PathType != nil {
					pathType = networkingv1.PathType(*oldPath.PathType)
				}
				path.PathType = &pathType
				rule.HTTP.Paths = append(rule.HTTP.Paths, path)
			}
		}
		ingress.Spec.Rules = append(ingress.Spec.Rules, rule)
	}
	return ingress
}

func backend(old *networkingv1beta1.IngressBackend) *networkingv1.IngressBackend {
	if old == nil {
		return nil
	}
	b := &networkingv1.IngressBackend{Resource: old.Resource}
	if old.ServiceName != "" || old.ServicePort != (intstr.IntOrString{}) {
		b.Service = &networkingv1.IngressServiceBackend{Name: old.ServiceName}
		if old.ServicePort.Type == intstr.String {
			b.Service.Port.Name = old.ServicePort.StrVal
		} else {
			b.Service.Port.Number = old.ServicePort.IntVal
		}
	}
	return b
}
