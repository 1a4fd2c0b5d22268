package scan

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Packed is an object as JSON: as one of maps it takes several times the memory, and
// of the objects of a large cluster only one at a time is looked at. Nil: no object.
type Packed []byte

// Pack packs an object; nil gives nil.
func Pack(u *unstructured.Unstructured) (Packed, error) {
	if u == nil {
		return nil, nil
	}
	packed, err := json.Marshal(u.Object)
	if err != nil {
		return nil, fmt.Errorf("keeping %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return packed, nil
}

// Object returns the object, or nil when there is none.
func (p Packed) Object() (*unstructured.Unstructured, error) {
	if p == nil {
		return nil, nil
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(p); err != nil {
		return nil, fmt.Errorf("reading an object that was kept: %w", err)
	}
	return u, nil
}
