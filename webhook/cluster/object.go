package cluster

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// Object is what is cached of a Traefik object: of one that is as we applied it a
// fingerprint says all, of any other one, which are few, everything is kept. As maps the
// objects of 20,000 Ingresses take hundreds of MB.
type Object struct {
	Namespace, Name string
	// Version is its resource version.
	Version string
	// Owner is the Ingress that it says it was made for; empty when it says nothing.
	Owner string

	ours   bool   // desired.IsOurs
	packed string // the fingerprint, or the JSON
}

var (
	_ runtime.Object            = (*Object)(nil)
	_ metav1.ObjectMetaAccessor = (*Object)(nil)
)

// GetObjectKind implements runtime.Object; a store knows of what kind its objects are.
func (o *Object) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object.
func (o *Object) DeepCopyObject() runtime.Object {
	copied := *o
	return &copied
}

// GetObjectMeta is what a store asks an object for.
func (o *Object) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name, ResourceVersion: o.Version}
}

// Key is its namespace and name.
func (o *Object) Key() types.NamespacedName {
	return types.NamespacedName{Namespace: o.Namespace, Name: o.Name}
}

// IsAs tells whether it is exactly as it is wanted.
func (o *Object) IsAs(want *unstructured.Unstructured) bool {
	return o.packed == desired.Fingerprint(want)
}

func pack(u *unstructured.Unstructured) (*Object, error) {
	o := &Object{
		Namespace: u.GetNamespace(), Name: u.GetName(), Version: u.GetResourceVersion(),
		Owner: u.GetAnnotations()[desired.IngressAnnotation], ours: desired.IsOurs(u),
	}
	if o.Owner != "" && o.ours && !desired.Edited(u) && u.GetDeletionTimestamp() == nil {
		o.packed = desired.Fingerprint(u)
		return o, nil
	}
	u.SetManagedFields(nil)
	raw, err := json.Marshal(u.Object)
	if err != nil {
		return nil, fmt.Errorf("pack %s %s/%s: %w", u.GetKind(), o.Namespace, o.Name, err)
	}
	o.packed = string(raw)
	return o, nil
}

// unpack returns the object that was packed; of one that is as we applied it, whose it
// is, and nothing else.
func (o *Object) unpack() (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	if strings.HasPrefix(o.packed, "{") {
		if err := u.UnmarshalJSON([]byte(o.packed)); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", o.Key(), err)
		}
		return u, nil
	}
	u.SetNamespace(o.Namespace)
	u.SetName(o.Name)
	u.SetLabels(map[string]string{desired.ManagedLabel: "true"})
	u.SetAnnotations(map[string]string{desired.AppliedAnnotation: o.packed, desired.IngressAnnotation: o.Owner})
	return u, nil
}
