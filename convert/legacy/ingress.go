// Package legacy turns Ingresses of the API versions before networking.k8s.io/v1
// into it. Clusters of Traefik 1.7 have nothing newer than v1beta1.
package legacy

import (
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ToV1 does what the API server does when it is asked for a newer version
// (kubernetes pkg/apis/networking/v1beta1/conversion.go), keeping every field, so
// that an Ingress means the same in a file, at admission and once it is stored.
// The answer shares memory with old. extensions/v1beta1 has the same fields
// (k8s.io/api/extensions/v1beta1/types.go).
func ToV1(old *networkingv1beta1.Ingress) *networkingv1.Ingress {
	ingress := &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "Ingress"},
		ObjectMeta: old.ObjectMeta,
		Spec: networkingv1.IngressSpec{
			IngressClassName: old.Spec.IngressClassName,
			DefaultBackend:   backend(old.Spec.Backend),
		},
	}
	for _, tls := range old.Spec.TLS {
		ingress.Spec.TLS = append(ingress.Spec.TLS, networkingv1.IngressTLS(tls))
	}
	for _, rule := range old.Spec.Rules {
		ingress.Spec.Rules = append(ingress.Spec.Rules, networkingv1.IngressRule{
			Host:             rule.Host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: paths(rule.HTTP)},
		})
	}
	return ingress
}

func paths(old *networkingv1beta1.HTTPIngressRuleValue) *networkingv1.HTTPIngressRuleValue {
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
		if b := backend(&path.Backend); b != nil {
			converted.Backend = *b
		}
		http.Paths = append(http.Paths, converted)
	}
	return http
}

// backend keeps the string "80" a name, as the API server does: whether it
// means port number 80 is for the source controller to say.
func backend(old *networkingv1beta1.IngressBackend) *networkingv1.IngressBackend {
	if old == nil {
		return nil
	}
	b := &networkingv1.IngressBackend{Resource: old.Resource}
	port := old.ServicePort
	if old.ServiceName == "" && port == (intstr.IntOrString{}) {
		return b
	}
	b.Service = &networkingv1.IngressServiceBackend{Name: old.ServiceName}
	if port.Type == intstr.String {
		b.Service.Port.Name = port.StrVal
	} else {
		b.Service.Port.Number = port.IntVal
	}
	return b
}
