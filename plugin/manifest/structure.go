package manifest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// structure is how a struct type looks as a mapping: its fields in the order in
// which they are printed, those of inlined structs among them.
type structure struct {
	fields []structField
	// doubt: the type is made in a way that is not understood here.
	doubt bool
}

type structField struct {
	key                 string
	index               []int
	omitEmpty, omitZero bool
}

func (w *Writer) structure(t reflect.Type) *structure {
	if s, ok := w.structures[t]; ok {
		return s
	}
	s := &structure{}
	s.collect(t, nil)
	keys := make([]string, 0, len(s.fields))
	for _, field := range s.fields {
		keys = append(keys, field.key)
	}
	if !sortKeys(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
		s.doubt = true
	}
	slices.SortFunc(s.fields, func(a, b structField) int { return slices.Index(keys, a.key) - slices.Index(keys, b.key) })
	w.structures[t] = s
	return s
}

// collect reads the json tags of a struct, as encoding/json does.
func (s *structure) collect(t reflect.Type, index []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		at := append(slices.Clone(index), i)
		switch {
		case name == "-" && options == "" || !field.IsExported() && !field.Anonymous:
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct && field.IsExported() && !writesItself(field.Type):
			s.collect(field.Type, at)
		case field.Anonymous && name == "":
			s.doubt = true
		default:
			f := structField{key: name, index: at}
			if name == "" {
				f.key = field.Name
			}
			for option := range strings.SplitSeq(options, ",") {
				switch option {
				case "omitempty":
					f.omitEmpty = true
				case "omitzero":
					f.omitZero = true
				case "string":
					s.doubt = true
				}
			}
			s.fields = append(s.fields, f)
		}
	}
}

// isOpaque remembers which types write themselves.
func (w *Writer) isOpaque(t reflect.Type) bool {
	opaque, known := w.opaque[t]
	if !known {
		opaque = writesItself(t)
		w.opaque[t] = opaque
	}
	return opaque
}

// writesItself tells whether a type has JSON of its own making.
func writesItself(t reflect.Type) bool {
	for _, t := range []reflect.Type{t, reflect.PointerTo(t)} {
		if t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			return true
		}
	}
	return false
}

// isEmpty is what omitempty means.
func isEmpty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array, reflect.String:
		return value.Len() == 0
	case reflect.Struct:
		return false
	}
	return value.IsZero()
}
