package static

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Detect tells which Traefik a configuration is of: by the image of its
// container, else by the keys that only one of them knows. The error says why it
// cannot be told.
func Detect(in Input) (Version, error) {
	switch release := tagOf(in.Image); {
	case strings.HasPrefix(release, "1."):
		return V1, nil
	case strings.HasPrefix(release, "2."):
		return V2, nil
	case strings.HasPrefix(release, "3."):
		return "", fmt.Errorf("%s is Traefik 3 already", in.Image)
	}
	keys, isYAML, err := keysOf(in)
	if err != nil {
		return "", err
	}
	if isYAML || len(in.Content) == 0 && len(in.Args) == 0 && len(in.Env) > 0 {
		return V2, nil // Traefik 1.7 reads neither YAML nor the environment
	}
	one, two, three := schemaOf(keysText), schemaOf(keys2Text), schemaOf(keys3Text)
	var first, second []string
	for _, key := range keys {
		// A table says nothing where both have one of that name: its keys do.
		isOne, isTwo := one.follow(key), two.follow(key)
		switch {
		case isOne == nil && isTwo == nil && three.follow(key) != nil:
			return "", fmt.Errorf("%s is a key of Traefik 3", key)
		case isOne != nil && isTwo == nil:
			first = append(first, key)
		case isOne == nil && isTwo != nil:
			second = append(second, key)
		}
	}
	const say = "say --from v1 for Traefik 1.7 or --from v2 for Traefik 2"
	switch {
	case len(first) > 0 && len(second) > 0:
		return "", fmt.Errorf("%s is a key of Traefik 1.7 alone, and %s of Traefik 2: %s", first[0], second[0], say)
	case len(first) > 0:
		return V1, nil
	case len(second) > 0:
		return V2, nil
	}
	return "", fmt.Errorf("nothing in it tells Traefik 1.7 from Traefik 2: %s", say)
}

// tagOf is the version in the tag of an image, without its v.
func tagOf(image string) string {
	base, _, _ := strings.Cut(filepath.Base(image), "@")
	_, tag, _ := strings.Cut(base, ":")
	return strings.TrimPrefix(tag, "v") + "."
}

// keysOf are the keys of a configuration without their values.
func keysOf(in Input) (keys []string, isYAML bool, err error) {
	if len(in.Content) > 0 {
		tree, lines, err := fileTree(in.File, in.Content)
		if err != nil {
			return nil, false, fmt.Errorf("reading the configuration of Traefik: %w", err)
		}
		isYAML = lines[yamlMark] != 0
		collect("", tree, &keys)
	}
	for _, arg := range in.Args {
		name, text, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.EqualFold(name, "entrypoints") && strings.Contains(text, ":") {
			name += ".NAME.auth" // Traefik 1.7's form in one text
		}
		if strings.HasPrefix(arg, "-") && !strings.EqualFold(name, "configfile") {
			keys = append(keys, name)
		}
	}
	return keys, isYAML, nil
}

// collect lists the keys below a table.
func collect(prefix string, table map[string]any, keys *[]string) {
	for _, word := range slices.Sorted(maps.Keys(table)) {
		key := join(prefix, word)
		*keys = append(*keys, key)
		if inner, ok := table[word].(map[string]any); ok {
			collect(key, inner, keys)
		}
		if items, ok := asTables(table[word]); ok {
			for i, item := range items {
				collect(fmt.Sprintf("%s[%d]", key, i), item, keys)
			}
		}
	}
}
