package traefikingress

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"sigs.k8s.io/yaml"
)

// FactsFromConfig reads the static configuration file of a Traefik 2 or 3, YAML
// or TOML. Its keys are those of the command line.
func FactsFromConfig(content []byte, isTOML bool) (Facts, error) {
	tree := map[string]any{}
	var err error
	if isTOML {
		_, err = toml.Decode(string(content), &tree)
	} else {
		err = yaml.Unmarshal(content, &tree)
	}
	if err != nil {
		return Facts{}, fmt.Errorf("reading the configuration of Traefik: %w", err)
	}
	return FactsFromArgs(arguments("--", tree))
}

// arguments writes a configuration as the command line that says the same.
func arguments(prefix string, tree map[string]any) []string {
	var args []string
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		name := prefix + key
		switch value := tree[key].(type) {
		case map[string]any:
			args = append(args, name) // a section that is there is on
			args = append(args, arguments(name+".", value)...)
		case []any:
			var words []string
			for _, word := range value {
				words = append(words, fmt.Sprint(word))
			}
			args = append(args, name+"="+strings.Join(words, ","))
		case nil:
			args = append(args, name)
		default:
			args = append(args, name+"="+fmt.Sprint(value))
		}
	}
	return args
}
