package traefikv1

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The parsers of Traefik 1.7's annotation values (provider/label/label.go).

// parseList splits at commas, trims, and drops empty pieces; no piece: nil.
func parseList(raw string) []string {
	var list []string
	for piece := range strings.SplitSeq(raw, ",") {
		if piece = strings.TrimSpace(piece); piece != "" {
			list = append(list, piece)
		}
	}
	return list
}

// parseMap splits entries at "||" and each at its first colon; names become
// canonical header names; entries without a colon are returned as skipped.
func parseMap(raw string) (values map[string]string, skipped []string) {
	if raw == "" {
		return nil, nil
	}
	for entry := range strings.SplitSeq(raw, "||") {
		name, value, ok := strings.Cut(entry, ":")
		if !ok {
			skipped = append(skipped, entry)
			continue
		}
		if values == nil {
			values = map[string]string{}
		}
		values[http.CanonicalHeaderKey(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return values, skipped
}

// parseDuration reads a Go duration; bare digits are seconds.
func parseDuration(raw string) (time.Duration, error) {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(raw)
}

// sortedKeys lists the keys of a map in order: nothing ranges over a map into output.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
