package static

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// ReadV2 reads a configuration as Traefik 2 does: from the file, else from the
// arguments, else from the environment. Only the first of these counts
// (cmd/traefik/traefik.go). What Traefik 2 does not start with is among the
// findings; an error means that nothing could be read.
func ReadV2(in Input) (*Config, error) {
	c := &Config{file: in.File, program: "Traefik 2", settings: map[string]*Setting{}, names: map[string]map[string]bool{}}
	r := &upgradeReader{config: c}
	if len(bytes.TrimSpace(in.Content)) > 0 {
		content, lines, err := fileTree(in.File, in.Content)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration of Traefik 2: %w", err)
		}
		r.lines = lines
		r.root(content)
		for _, source := range [][]string{in.Args, in.Env} {
			for _, text := range source {
				r.unused(text, "beside a file Traefik 2 looks at nothing else")
			}
		}
		return c, nil
	}
	labels, err := flagLabels(in.Args)
	if err != nil {
		return nil, err
	}
	if len(in.Args) == 0 {
		labels, r.env = envLabels(in.Env), true
	} else {
		for _, text := range in.Env {
			r.unused(text, "beside arguments Traefik 2 does not look at the environment")
		}
	}
	r.labels(labels)
	return c, nil
}

// upgradeReader fills a Config from a tree of keys, texts and lists.
type upgradeReader struct {
	config *Config
	// lines are those of keys in lower case; without any it is about arguments.
	lines map[string]int
	// env: the arguments are variables.
	env bool
}

// unused notes an argument or variable that Traefik 2 does not look at; its value
// is not told.
func (r *upgradeReader) unused(text, why string) {
	name, _, _ := strings.Cut(text, "=")
	switch strings.ToLower(strings.TrimLeft(name, "-")) {
	case "configfile":
		return
	}
	s := &Setting{Path: "?unused " + name, Key: name, kind: "unused"}
	r.config.settings[s.Path] = s
	r.config.find(diag.IStaticIgnored, s, why)
}

// fileTree reads YAML or TOML, by the name of the file or else by what it is.
func fileTree(name string, content []byte) (map[string]any, map[string]int, error) {
	tree := map[string]any{}
	err := toml.Unmarshal(content, &tree)
	switch filepath.Ext(strings.ToLower(name)) {
	case ".yaml", ".yml":
	case ".toml":
		if err != nil {
			return nil, nil, withoutText(err)
		}
		return tree, lineNumbers(string(content)), nil
	default:
		if err == nil {
			return tree, lineNumbers(string(content)), nil
		}
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil || len(document.Content) == 0 {
		return nil, nil, fmt.Errorf("%s is neither YAML nor TOML", name)
	}
	tree = map[string]any{}
	if err := document.Decode(&tree); err != nil {
		return nil, nil, fmt.Errorf("%s is YAML, but no table with texts for keys", name)
	}
	lines := map[string]int{yamlMark: 1}
	yamlLines(document.Content[0], "", lines, 0)
	return tree, lines, nil
}

// yamlMark is among the lines of YAML; no key is called so.
const yamlMark = "?yaml"

// yamlLines notes the line of every key.
func yamlLines(n *yaml.Node, path string, lines map[string]int, depth int) {
	if depth > 100 {
		return // an alias that leads back to itself
	}
	switch n.Kind {
	case yaml.AliasNode:
		yamlLines(n.Alias, path, lines, depth+1)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			yamlLines(item, fmt.Sprintf("%s[%d]", path, i), lines, depth+1)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := join(path, strings.ToLower(n.Content[i].Value))
			if lines[key] == 0 {
				lines[key] = n.Content[i].Line
			}
			yamlLines(n.Content[i+1], key, lines, depth+1)
		}
	}
}

// flagLabels reads arguments: --a.b=value, --a.b value, --section
// (traefik/paerser, flag/flagparser.go). What follows a word that is no flag is
// not looked at.
func flagLabels(args []string) ([][2]string, error) {
	root := schemaOf(keys2Text)
	var labels [][2]string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' || arg == "--" {
			break
		}
		name, text, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if name == "" || name[0] == '-' {
			return nil, fmt.Errorf("argument %d is no flag of Traefik 2: write --name=value", i+1)
		}
		if !given {
			switch at := root.follow(name); {
			case at != nil && (at.kind == "bool" || at.kind == "table" || at.kind == "switch"):
				text = "true"
			case i+1 == len(args):
				return nil, fmt.Errorf("argument --%s has no value", name)
			default:
				i++
				text = args[i]
			}
		}
		at := root.follow(name)
		list := at != nil && (at.kind == "list" || at.kind == "numbers")
		if j := slices.IndexFunc(labels, func(l [2]string) bool { return strings.EqualFold(l[0], name) }); j < 0 {
			labels = append(labels, [2]string{name, text})
		} else if list {
			labels[j][1] += "," + text
		} else {
			labels[j][1] = text
		}
	}
	return labels, nil
}

// envLabels reads TRAEFIK_A_B=value (traefik/paerser, env/env.go).
func envLabels(env []string) [][2]string {
	root := schemaOf(keys2Text)
	var labels [][2]string
	for _, variable := range env {
		name, text, _ := strings.Cut(variable, "=")
		rest, ok := strings.CutPrefix(name, "TRAEFIK_")
		if !ok || !slices.ContainsFunc(root.names(), func(key string) bool { return strings.HasPrefix(rest, strings.ToUpper(key)) }) {
			continue
		}
		labels = append(labels, [2]string{strings.ReplaceAll(strings.ToLower(rest), "_", "."), text})
	}
	return labels
}

// labels puts arguments into a tree and reads that; keys in any case are one.
func (r *upgradeReader) labels(labels [][2]string) {
	slices.SortStableFunc(labels, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	tree := map[string]any{}
	for _, label := range labels {
		key := label[0]
		if strings.EqualFold(key, "configfile") {
			continue
		}
		words := strings.Split(key, ".")
		if slices.Contains(words, "") {
			r.unknown(key, key)
			continue
		}
		put(tree, words, label[1])
	}
	r.root(tree)
}

// put puts a text into a tree. A table that has a text of its own, as that of
// --api=true, keeps it under the empty key.
func put(at map[string]any, words []string, text string) {
	word := words[0]
	for key := range at {
		if strings.EqualFold(key, word) {
			word = key
		}
	}
	if len(words) == 1 {
		if inner, ok := at[word].(map[string]any); ok {
			inner[""] = text
			return
		}
		at[word] = text
		return
	}
	inner, ok := at[word].(map[string]any)
	if !ok {
		inner = map[string]any{}
		if own, given := at[word]; given {
			inner[""] = own
		}
		at[word] = inner
	}
	put(inner, words[1:], text)
}

// scalarText is a value as a text, which Traefik 2 makes of every value first
// (traefik/paerser, file/raw_node.go).
func scalarText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 6, 64), ".000000"), true
	}
	return "", false
}
