package plugin

import (
	"maps"
	"slices"
)

// sortedKeys returns the keys of m in order: nothing ranges over a map into output.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
