package traefik3

import (
	"encoding"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	ptypes "github.com/traefik/paerser/types"

	"github.com/traefik/traefik/v3/cmd"
)

var update = flag.Bool("update", false, "write the list of keys")

// keysFile is what `convert static` knows of Traefik 3's configuration.
const keysFile = "../../../convert/static/keys3.txt"

// The list of keys is that of Traefik's own types, with the values that the keys
// have when they are not given: traefik/paerser, which reads files and
// arguments, goes by exported fields and SetDefaults.
func TestKeysAreThoseOfTraefik(t *testing.T) {
	config := cmd.NewTraefikConfiguration()
	var keys []string
	walk(reflect.ValueOf(config).Elem(), "", &keys)
	slices.Sort(keys)
	want := strings.Join(keys, "\n") + "\n"
	if *update {
		if err := os.WriteFile(keysFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(keysFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s differs from Traefik's types; go test -run Keys -update writes it", keysFile)
	}
}

func walk(v reflect.Value, prefix string, keys *[]string) {
	for i := range v.NumField() {
		field, inner := v.Type().Field(i), v.Field(i)
		if !field.IsExported() || field.Tag.Get("file") == "-" || field.Tag.Get("label") == "-" {
			continue
		}
		if field.Anonymous && inner.Kind() == reflect.Struct {
			walk(inner, prefix, keys)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if !strings.EqualFold(name, field.Name) {
			name = camel(field.Name)
		}
		table := "table"
		if field.Tag.Get("file") == "allowEmpty" {
			table = "switch" // a section that may be empty, or a text that is true or false
		}
		add(inner, prefix+name, table, keys)
	}
}

// add lists what is at a key. A section that is off is listed as it is once it
// is switched on.
func add(v reflect.Value, key, table string, keys *[]string) {
	if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct {
		if v.IsNil() {
			v = fresh(v.Type().Elem())
		}
		v = v.Elem()
	}
	line := func(kind string) {
		if value := standard(v); value != "" {
			kind += " " + value
		}
		*keys = append(*keys, key+" "+kind)
	}
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			line(kind(v.Type().Elem()))
			return
		}
		v = v.Elem()
		line(kind(v.Type()))
	case v.Kind() == reflect.Struct && !isText(v.Type()):
		*keys = append(*keys, key+" "+table)
		walk(v, key+".", keys)
	case v.Kind() == reflect.Map && v.Type().Elem().Kind() == reflect.Interface:
		*keys = append(*keys, key+" "+table, key+".** any")
	case v.Kind() == reflect.Map && v.Type().Elem().Kind() == reflect.String:
		line("names")
	case v.Kind() == reflect.Map:
		*keys = append(*keys, key+" "+table)
		elem := v.Type().Elem()
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		// Members may always be empty.
		add(fresh(elem).Elem(), key+".*", "switch", keys)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		*keys = append(*keys, key+" tables")
		walk(fresh(v.Type().Elem()).Elem(), key+"[].", keys)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Float64:
		line("numbers")
	case v.Kind() == reflect.Slice:
		line("list")
	default:
		line(kind(v.Type()))
	}
}

func fresh(typ reflect.Type) reflect.Value {
	v := reflect.New(typ)
	if d, ok := v.Interface().(interface{ SetDefaults() }); ok {
		d.SetDefaults()
	}
	return v
}

func isText(typ reflect.Type) bool {
	return reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// standard is the value of a key that is not given; nothing for the zero value.
func standard(v reflect.Value) string {
	if v.IsZero() || v.Kind() == reflect.Pointer && v.IsNil() {
		return ""
	}
	if v.Type() == reflect.TypeFor[ptypes.Duration]() {
		return fmt.Sprint(v.Interface())
	}
	return strings.ReplaceAll(fmt.Sprint(v.Interface()), "\n", " ")
}

func kind(typ reflect.Type) string {
	switch {
	case typ == reflect.TypeFor[ptypes.Duration]():
		return "duration"
	case isText(typ):
		return "text"
	}
	switch typ.Kind() {
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Float64:
		return "float"
	case reflect.String:
		return "text"
	}
	return "other-" + typ.String()
}

// camel writes InsecureSkipVerify as insecureSkipVerify.
func camel(name string) string {
	runes := []rune(name)
	for i := range runes {
		if !unicode.IsUpper(runes[i]) || i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}
