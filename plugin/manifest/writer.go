package manifest

import (
	"reflect"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Writer remembers what it has learned of types and words. It is not for use by
// several goroutines.
type Writer struct {
	structures map[reflect.Type]*structure
	opaque     map[reflect.Type]bool
	words      map[string]string
}

// NewWriter returns a Writer.
func NewWriter() *Writer {
	return &Writer{structures: map[reflect.Type]*structure{}, opaque: map[reflect.Type]bool{}, words: map[string]string{}}
}

// Append appends the manifest of object to text: what a file should hold of it,
// which is no status and no creation timestamp of a typed object. It returns
// false, and text as it was, when only the printer knows what the object looks
// like.
func (w *Writer) Append(text []byte, object runtime.Object) ([]byte, bool) {
	d := document{writer: w, text: text}
	switch object := object.(type) {
	case *unstructured.Unstructured:
		if object == nil || object.GetAPIVersion() == "" || object.GetKind() == "" || object.GetManagedFields() != nil {
			return text, false
		}
		if !d.entries(reflect.ValueOf(object.Object), 0, true, nothing) {
			return text, false
		}
	case metav1.Object:
		value := reflect.ValueOf(object)
		if value.Kind() != reflect.Pointer || value.IsNil() || object.GetManagedFields() != nil {
			return text, false
		}
		if !d.entries(value.Elem(), 0, true, status) {
			return text, false
		}
	default:
		return text, false
	}
	if d.doubt {
		return text, false
	}
	return d.text, true
}

// document is one object on its way to text.
type document struct {
	writer *Writer
	text   []byte
	// doubt: something looks in a way that only the printer knows.
	doubt bool
}

// without is the field of a mapping that no file should hold.
type without string

const (
	nothing   without = ""
	status    without = "status"
	timestamp without = "creationTimestamp"
)

// value writes what stands after "key:" or "-" in a mapping or list whose lines
// begin at column indent. Lines of a list stand under the key, those of a
// mapping two columns further; behind a dash both begin on the same line.
func (d *document) value(value reflect.Value, indent int, afterDash bool) {
	for value.Kind() == reflect.Interface || value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if !value.IsValid() {
		d.word("null")
		return
	}
	if value.Type() == intOrString {
		d.intOrString(value, indent)
		return
	}
	if d.writer.isOpaque(value.Type()) {
		d.doubt = true
		return
	}
	switch value.Kind() {
	case reflect.String:
		d.line(value.String(), indent)
	case reflect.Bool:
		d.word(strconv.FormatBool(value.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.text = strconv.AppendInt(append(d.text, ' '), value.Int(), 10)
		d.text = append(d.text, '\n')
	case reflect.Struct, reflect.Map:
		d.mapping(value, indent, afterDash, nothing)
	case reflect.Slice:
		d.list(value, indent, afterDash)
	default:
		d.doubt = true
	}
}

// word ends the line with a value.
func (d *document) word(word string) {
	d.text = append(d.text, ' ')
	d.text = append(d.text, word...)
	d.text = append(d.text, '\n')
}

func (d *document) mapping(value reflect.Value, indent int, afterDash bool, skip without) {
	if value.Kind() == reflect.Map && value.IsNil() {
		d.word("null")
		return
	}
	before := len(d.text)
	if afterDash {
		d.text = append(d.text, ' ')
	} else {
		d.text = append(d.text, '\n')
	}
	if !d.entries(value, indent+2, afterDash, skip) {
		d.text = d.text[:before]
		d.word("{}")
	}
}

func (d *document) list(value reflect.Value, indent int, afterDash bool) {
	switch {
	case value.IsNil():
		d.word("null")
		return
	case value.Type().Elem().Kind() == reflect.Uint8:
		d.doubt = true // base64
		return
	case value.Len() == 0:
		d.word("[]")
		return
	}
	if afterDash {
		indent += 2
		d.text = append(d.text, ' ')
	} else {
		d.text = append(d.text, '\n')
	}
	for i := range value.Len() {
		if i > 0 || !afterDash {
			d.indent(indent)
		}
		d.text = append(d.text, '-')
		d.value(value.Index(i), indent, true)
		if d.doubt {
			return
		}
	}
}

// entries writes the lines of a mapping and reports whether there are any. The
// first one needs no indentation when it begins behind a dash or at the margin.
func (d *document) entries(value reflect.Value, indent int, sameLine bool, skip without) bool {
	if value.Kind() == reflect.Map {
		return d.mapEntries(value, indent, sameLine)
	}
	s := d.writer.structure(value.Type())
	d.doubt = d.doubt || s.doubt
	written := false
	for i := range s.fields {
		if d.doubt {
			return true
		}
		field := &s.fields[i]
		if skip != nothing && field.key == string(skip) {
			continue
		}
		content := value.FieldByIndex(field.index)
		if field.omitEmpty && isEmpty(content) || field.omitZero && content.IsZero() {
			continue
		}
		if written || !sameLine {
			d.indent(indent)
		}
		written = true
		d.scalar(field.key)
		d.text = append(d.text, ':')
		if skip == status && field.key == "metadata" && content.Kind() == reflect.Struct {
			d.mapping(content, indent, false, timestamp)
		} else {
			d.value(content, indent, false)
		}
	}
	return written
}

func (d *document) mapEntries(value reflect.Value, indent int, sameLine bool) bool {
	if value.Type().Key().Kind() != reflect.String || d.writer.isOpaque(value.Type().Key()) {
		d.doubt = true
		return true
	}
	keys := make([]string, 0, value.Len())
	contents := make(map[string]reflect.Value, value.Len())
	for iter := value.MapRange(); iter.Next(); {
		key := iter.Key().String()
		keys = append(keys, key)
		contents[key] = iter.Value()
	}
	if !sortKeys(keys) {
		d.doubt = true
		return true
	}
	for i, key := range keys {
		if i > 0 || !sameLine {
			d.indent(indent)
		}
		d.scalar(key)
		d.text = append(d.text, ':')
		d.value(contents[key], indent, false)
		if d.doubt {
			return true
		}
	}
	return len(keys) > 0
}

func (d *document) indent(n int) {
	for range n {
		d.text = append(d.text, ' ')
	}
}

func (d *document) intOrString(value reflect.Value, indent int) {
	switch port, ok := value.Interface().(intstr.IntOrString); {
	case !ok:
		d.doubt = true
	case port.Type == intstr.String:
		d.line(port.StrVal, indent)
	default:
		d.word(strconv.Itoa(int(port.IntVal)))
	}
}

var intOrString = reflect.TypeFor[intstr.IntOrString]()
