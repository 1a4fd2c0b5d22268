package traefikv1

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v2"
)

// unknownKeys are the top-level keys of a YAML mapping that Traefik 1.7 ignores,
// sorted. Its structs carry no YAML names, so a key is a field name in lower
// case; the spelling of the documentation (extractorFunc) is ignored.
func unknownKeys(raw string, fields any) []string {
	var found map[string]any
	if yaml.Unmarshal([]byte(raw), &found) != nil {
		return nil
	}
	var unknown []string
	t := reflect.TypeOf(fields)
	for key := range found {
		known := false
		for i := range t.NumField() {
			known = known || strings.ToLower(t.Field(i).Name) == key
		}
		if !known {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	return unknown
}
