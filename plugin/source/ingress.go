package source

import (
	"encoding/json"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/legacy"
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
		ingress = legacy.ToV1(old)
	default:
		return nil, nil, false, nil
	}
	// Items of an IngressList name neither.
	ingress.TypeMeta = metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "Ingress"}
	return ingress, strict, true, err
}
