package desired

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// State is how a live object stands to the wanted one.
type State string

// The states.
const (
	// InSync: every field that we want has the wanted value; extra fields are allowed.
	InSync State = "InSync"
	// Missing: there is no live object.
	Missing State = "Missing"
	// Stale: nobody touched the live object, the Ingress (or the converter) changed.
	Stale State = "Stale"
	// Drifted: the Ingress is unchanged, somebody edited the live object.
	Drifted State = "Drifted"
	// Diverged: both changed; a human decides.
	Diverged State = "Diverged"
	// Foreign: the live object has our name but was not written by us.
	Foreign State = "Foreign"
)

// Difference is one field whose live value is not the wanted one.
type Difference struct {
	// Field is a path such as spec.routes[0].match.
	Field string `json:"field"`
	// Want and Live are nil when the field is absent on that side.
	Want any `json:"want,omitempty"`
	Live any `json:"live,omitempty"`
}

// Compare judges a live object (nil: there is none) by the wanted one, which was
// made by Object. Only the fields that we want are compared: fields added by
// others are theirs.
func Compare(want, live *unstructured.Unstructured) (State, []Difference) {
	if live == nil {
		return Missing, nil
	}
	if !IsOurs(live) {
		differences := compareSpec(want, live)
		return Foreign, differences
	}
	differences := append(compareSpec(want, live), compareAnnotations(want, live)...)
	if len(differences) == 0 {
		return InSync, nil
	}
	applied := live.GetAnnotations()[AppliedAnnotation]
	switch {
	case applied == SpecHash(live):
		return Stale, differences
	case applied == SpecHash(want):
		return Drifted, differences
	}
	return Diverged, differences
}

func compareSpec(want, live *unstructured.Unstructured) []Difference {
	return difference(nil, "spec", want.Object["spec"], live.Object["spec"])
}

// compareAnnotations compares what is said on objects to others than us: the
// class, and what external-dns reads.
func compareAnnotations(want, live *unstructured.Unstructured) (ds []Difference) {
	have, wanted := live.GetAnnotations(), want.GetAnnotations()
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		switch key {
		case IngressAnnotation, AppliedAnnotation, SourceAnnotation, ConverterAnnotation:
			continue
		}
		if value, ok := have[key]; !ok {
			ds = append(ds, Difference{Field: "metadata.annotations[" + key + "]", Want: wanted[key]})
		} else if value != wanted[key] {
			ds = append(ds, Difference{Field: "metadata.annotations[" + key + "]", Want: wanted[key], Live: value})
		}
	}
	return ds
}

// difference appends the fields of want that live does not have. Lists are
// atomic in Traefik's CRDs, so a list with another length is one difference.
func difference(ds []Difference, field string, want, live any) []Difference {
	switch want := want.(type) {
	case map[string]any:
		have, ok := live.(map[string]any)
		if !ok {
			// Also when want is empty: tls: {} or compress: {} mean a lot.
			return append(ds, Difference{Field: field, Want: want, Live: live})
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			ds = difference(ds, field+"."+key, want[key], have[key])
		}
		return ds
	case []any:
		have, ok := live.([]any)
		if !ok || len(have) != len(want) {
			return append(ds, Difference{Field: field, Want: want, Live: live})
		}
		for i := range want {
			ds = elementDifference(ds, fmt.Sprintf("%s[%d]", field, i), want[i], have[i])
		}
		return ds
	}
	if !equal(want, live) {
		ds = append(ds, Difference{Field: field, Want: want, Live: live})
	}
	return ds
}

// elementDifference compares inside a list, where nothing may be added: an extra
// middleware reference or a changed flag of a route changes what clients see.
func elementDifference(ds []Difference, field string, want, live any) []Difference {
	wantMap, ok1 := want.(map[string]any)
	liveMap, ok2 := live.(map[string]any)
	if !ok1 || !ok2 {
		return difference(ds, field, want, live)
	}
	ds = difference(ds, field, want, live)
	for _, key := range slices.Sorted(maps.Keys(liveMap)) {
		if _, wanted := wantMap[key]; !wanted {
			ds = append(ds, Difference{Field: field + "." + key, Live: liveMap[key]})
		}
	}
	return ds
}

// equal compares two scalars of decoded JSON, where the same number may be an
// int64 (from a client) or a float64 (from a file).
func equal(a, b any) bool {
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return x == y
		}
	}
	return reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
