package main

import (
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/containous/flaeg"
	"github.com/containous/flaeg/parse"

	"github.com/traefik/traefik/configuration"
)

var update = flag.Bool("update", false, "write the list of keys")

// keysFile is what `convert static` knows of Traefik 1.7's configuration.
const keysFile = "../../../convert/static/keys.txt"

// The list of keys is that of Traefik 1.7's own types: the decoder of its TOML
// goes by their exported fields, in any case.
func TestKeysAreThoseOfTraefik(t *testing.T) {
	var keys []string
	walk(reflect.TypeOf(configuration.GlobalConfiguration{}), "", &keys)
	// The provider's module stands in for one that cannot be fetched everywhere.
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(key, "serviceFabric") })
	keys = append(keys, "serviceFabric table", "serviceFabric.** any")
	slices.Sort(keys)
	want := strings.Join(slices.Compact(keys), "\n") + "\n"
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

func walk(typ reflect.Type, prefix string, keys *[]string) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if field.Anonymous && inner.Kind() == reflect.Struct {
			walk(inner, prefix, keys)
			continue
		}
		if !field.IsExported() {
			continue
		}
		add(field.Type, prefix+camel(field.Name), keys)
	}
}

// internal are types that hold state of the running program in exported fields.
var internal = []string{"crypto/tls", "github.com/traefik/traefik/safe", "github.com/abronan/valkeyrie/store", "github.com/elazarl/go-bindata-assetfs", "github.com/thoas/stats", "github.com/traefik/traefik/middlewares"}

func add(typ reflect.Type, key string, keys *[]string) {
	inner := typ
	if inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	if slices.Contains(internal, inner.PkgPath()) {
		return
	}
	switch {
	case inner == reflect.TypeFor[flaeg.Duration](), inner == reflect.TypeFor[parse.Duration]():
		*keys = append(*keys, key+" duration")
	case inner.Kind() == reflect.Struct:
		*keys = append(*keys, key+" table")
		walk(inner, key+".", keys)
	case inner.Kind() == reflect.Map && inner.Elem().Kind() == reflect.String:
		*keys = append(*keys, key+" names")
	case inner.Kind() == reflect.Map:
		*keys = append(*keys, key+" table")
		add(inner.Elem(), key+".*", keys)
	case inner.Kind() == reflect.Slice && elem(inner).Kind() == reflect.Struct:
		if elem(inner).Name() == "Constraint" {
			*keys = append(*keys, key+" list")
			return
		}
		*keys = append(*keys, key+" tables")
		walk(elem(inner), key+"[].", keys)
	case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Float64:
		*keys = append(*keys, key+" numbers")
	case inner.Kind() == reflect.Slice:
		*keys = append(*keys, key+" list")
	default:
		*keys = append(*keys, key+" "+kind(inner.Kind()))
	}
}

func elem(typ reflect.Type) reflect.Type {
	if typ.Elem().Kind() == reflect.Pointer {
		return typ.Elem().Elem()
	}
	return typ.Elem()
}

func kind(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "int"
	case reflect.Float64:
		return "float"
	case reflect.String:
		return "text"
	}
	return "other-" + k.String()
}

// camel writes DNSChallenge as dnsChallenge, as the documentation does.
func camel(name string) string {
	switch name {
	case "SANs":
		return "sans"
	case "StatsD":
		return "statsd"
	}
	runes := []rune(name)
	for i := range runes {
		if !unicode.IsUpper(runes[i]) || i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}
