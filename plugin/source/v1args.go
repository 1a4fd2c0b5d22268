package source

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// FactsOfV1 reads the configuration file of Traefik 1.7, which may be empty, and
// the arguments of its container, which go before the file.
func FactsOfV1(config []byte, args []string) (traefikv1.Facts, error) {
	if len(args) == 0 {
		return FactsFromTOML(config)
	}
	tree := map[string]any{}
	if _, err := toml.Decode(string(config), &tree); err != nil {
		return traefikv1.Facts{}, fmt.Errorf("reading the configuration of Traefik 1.7: %w", err)
	}
	tree = lowered(tree, false)
	fresh := map[string]bool{}
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "-") {
			continue // the command itself
		}
		name = strings.ToLower(strings.TrimLeft(name, "-"))
		if !given && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			i++
			value, given = args[i], true
		}
		if err := takeArgument(tree, name, value, given, fresh); err != nil {
			return traefikv1.Facts{}, fmt.Errorf("argument --%s of Traefik 1.7: %w", name, err)
		}
	}
	var merged bytes.Buffer
	if err := toml.NewEncoder(&merged).Encode(tree); err != nil {
		return traefikv1.Facts{}, fmt.Errorf("joining arguments and configuration of Traefik 1.7: %w", err)
	}
	return FactsFromTOML(merged.Bytes())
}

// lowered writes keys in lower case, as Traefik reads them in any; names of entry
// points stay.
func lowered(tree map[string]any, names bool) map[string]any {
	out := map[string]any{}
	for key, value := range tree {
		lower := strings.ToLower(key)
		if table, ok := value.(map[string]any); ok {
			value = lowered(table, lower == "entrypoints" && !names)
		}
		if names {
			lower = key
		}
		out[lower] = value
	}
	return out
}

// takeArgument puts one argument that changes what an Ingress means into the
// tree. The first entry point or list element on the command line replaces those
// of the file.
func takeArgument(tree map[string]any, name, value string, given bool, fresh map[string]bool) error {
	section, key, nested := strings.Cut(name, ".")
	switch {
	case name == "entrypoints":
		if !fresh[name] {
			fresh[name], tree[name] = true, map[string]any{}
		}
		return addEntryPoint(tree[name].(map[string]any), value)
	case name == "defaultentrypoints":
		tree[name] = words(value)
	case name == "keeptrailingslash", name == "allowminweightzero":
		return setBool(tree, name, value, given)
	case name == "retry":
		table(tree, name)
	case section == "retry" && key == "attempts":
		attempts, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%q is no number", value)
		}
		table(tree, section)[key] = attempts
	case section == "kubernetes" && nested:
		provider := table(tree, section)
		switch key {
		case "ingressclass", "labelselector", "filename":
			provider[key] = value
		case "namespaces":
			provider[key] = words(value)
		case "disablepasshostheaders", "enablepasstlscert":
			return setBool(provider, key, value, given)
		}
	}
	return nil
}

func table(tree map[string]any, name string) map[string]any {
	if _, ok := tree[name].(map[string]any); !ok {
		tree[name] = map[string]any{}
	}
	return tree[name].(map[string]any)
}

func setBool(tree map[string]any, name, value string, given bool) error {
	on, err := true, error(nil)
	if given {
		if on, err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("%q is not a boolean", value)
		}
	}
	tree[name] = on
	return nil
}

func words(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
}

// addEntryPoint reads Name:https Address::443 TLS Redirect.EntryPoint:other
// (configuration/entrypoints.go of v1.7.34).
func addEntryPoint(points map[string]any, text string) error {
	point := map[string]any{}
	name := ""
	for _, field := range strings.Fields(strings.NewReplacer("\"", "", "'", "").Replace(text)) {
		key, value, _ := strings.Cut(field, ":")
		switch strings.ToLower(key) {
		case "name":
			name = value
		case "address":
			point["address"] = value
		case "tls":
			point["tls"] = map[string]any{}
		case "redirect.entrypoint":
			point["redirect"] = map[string]any{"entrypoint": value}
		}
	}
	if name == "" {
		return fmt.Errorf("%q names no entry point", text)
	}
	if point["address"] == nil {
		return fmt.Errorf("entry point %s has no Address", name)
	}
	points[name] = point
	return nil
}
