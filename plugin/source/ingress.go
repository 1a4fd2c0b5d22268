package source

import (
	"encoding/json"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "sigs.k8s.io/json"
)

// decodeIngress reads an Ingress of any version that ever was, as
// networking.k8s.io/v1. strict has unknown and repeated fields; known is false
// for a version that never was.
func decodeIngress(raw json.RawMessage, gv schema.GroupVersion) (ingress *networkingv1.Ingress, strict []error, known bool, err error) {
	switch gv.String() {
	case "networking.k8s.io/v1":
		ingress = &networkingv1.Ingress{}
		strict, err = kjson.UnmarshalStrict(raw, ingress)
	// Both have the same fields (k8s.io/api/extensions/v1beta1/types.go).
	case "networking.k8s.io/v1beta1", "extensions/v1beta1":
		old := &networkingv1beta1.Ingress{}
		strict, err = kjson.UnmarshalStrict(raw, old)
		ingress = toV1(old)
	default:
		return nil, nil, false, nil
	}
	// Items of an IngressList name neither.
	ingress.TypeMeta = metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "Ingress"}
	return ingress, strict, true, err
}

// toV1 does what the API server does when it is asked for a newer version
// (kubernetes pkg/apis/networking/v1beta1/conversion.go), keeping every field.
func toV1(old *networkingv1beta1.Ingress) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "Ingress"},
		ObjectMeta: old.ObjectMeta,
		Spec: networkingv1.IngressSpec{
			IngressClassName: old.Spec.IngressClassName,
			DefaultBackend:   backendToV1(old.Spec.Backend),
		},
	}
	for _, tls := range old.Spec.TLS {
		ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS(tls))
	}
	for _, rule := range old.Spec.Rules {
		ingress.Spec.Rules = append(ingress.Spec.Rules, networkingv1.IngressRule{
			Host:             rule.Host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: pathsToV1(rule.HTTP)},
		})
	}
	return ingress
}

func pathsToV1(old *networkingv1beta1.HTTPIngressRuleValue) *networkingv1.HTTPIngressRuleValue {
	if old == nil {
		return nil
	}
	http := &networkingv1.HTTPIngressRuleValue{}
	for _, path := range old.Paths {
		// The older APIs have ImplementationSpecific as default.
		pathType := networkingv1.PathTypeImplementationSpecific
		if path.PathType != nil {
			pathType = networkingv1.PathType(*path.PathType)
		}
		converted := networkingv1.HTTPIngressPath{Path: path.Path, PathType: &pathType}
		if backend := backendToV1(&path.Backend); backend != nil {
			converted.Backend = *backend
		}
		http.Paths = append(http.Paths, converted)
	}
	return http
}

// backendToV1 keeps the string "80" a name, as the API server does: whether it
// means port number 80 is for the source controller to say.
func backendToV1(old *networkingv1beta1.IngressBackend) *networkingv1.IngressBackend {
	if old == nil {
		return nil
	}
	backend := &networkingv1.IngressBackend{Resource: old.Resource}
	port := old.ServicePort
	if old.ServiceName == "" && port == (intstr.IntOrString{}) {
		return backend
	}
	backend.Service = &networkingv1.IngressServiceBackend{Name: old.ServiceName}
	if port.Type == intstr.String {
		backend.Service.Port.Name = port.StrVal
	} else {
		backend.Service.Port.Number = port.IntVal
	}
	return backend
}
