package static

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"sigs.k8s.io/yaml"
)

// Tree is a static configuration of Traefik 2 or 3: tables, texts, truth values,
// numbers and lists of texts.
type Tree map[string]any

// set puts a value at a place; tables on the way are made.
func (t Tree) set(value any, path ...string) {
	at := t
	for _, word := range path[:len(path)-1] {
		next, ok := at[word].(Tree)
		if !ok {
			next = Tree{}
			at[word] = next
		}
		at = next
	}
	last := path[len(path)-1]
	if _, isTable := value.(Tree); isTable {
		if _, there := at[last].(Tree); there {
			return
		}
	}
	at[last] = value
}

// place puts a value at a place whose words may have an index, as domains[0] does.
func (t Tree) place(value any, place []string) {
	at := t
	for i, word := range place {
		list, index, isItem := indexed(word)
		if !isItem {
			if i == len(place)-1 {
				at.set(value, word)
				return
			}
			at.set(Tree{}, word)
			at, _ = at[word].(Tree)
			continue
		}
		items, _ := at[list].([]Tree)
		for len(items) <= index {
			items = append(items, Tree{})
		}
		at[list] = items
		at = items[index]
	}
}

// treeOf makes a tree of what a decoder has made of tables.
func treeOf(value any) any {
	switch v := value.(type) {
	case map[string]any:
		tree := Tree{}
		for key, inner := range v {
			tree[key] = treeOf(inner)
		}
		return tree
	case []map[string]any:
		var items []Tree
		for _, item := range v {
			items = append(items, treeOf(item).(Tree))
		}
		return items
	case []any:
		if tables, ok := asTables(v); ok && len(tables) > 0 {
			return treeOf(tables)
		}
		if list, ok := asList[string](v); ok {
			return list
		}
	}
	return value
}

// Format is how a tree is written.
type Format string

// The formats.
const (
	YAML Format = "yaml"
	TOML Format = "toml"
	Args Format = "args"
)

// Encode writes the tree in a fixed order.
func (t Tree) Encode(format Format) ([]byte, error) {
	switch format {
	case YAML:
		if len(t) == 0 {
			return []byte("{}\n"), nil
		}
		return yaml.Marshal(t)
	case TOML:
		var out bytes.Buffer
		encoder := toml.NewEncoder(&out)
		encoder.Indent = "  "
		err := encoder.Encode(t.plain())
		return out.Bytes(), err
	case Args:
		var out bytes.Buffer
		for _, arg := range t.args("--", nil) {
			out.WriteString(arg + "\n")
		}
		return out.Bytes(), nil
	}
	return nil, fmt.Errorf("no such format: %q", format)
}

// plain turns the tree into maps that the encoder of TOML knows.
func (t Tree) plain() map[string]any {
	out := map[string]any{}
	for key, value := range t {
		switch v := value.(type) {
		case Tree:
			out[key] = v.plain()
		case []Tree:
			var tables []map[string]any
			for _, table := range v {
				tables = append(tables, table.plain())
			}
			out[key] = tables
		default:
			out[key] = v
		}
	}
	return out
}

// args are the arguments for everything below prefix. Traefik 2 and 3 take
// --a.b=value; --a=true switches an empty section on.
func (t Tree) args(prefix string, args []string) []string {
	for _, key := range slices.Sorted(maps.Keys(t)) {
		name := prefix + key
		switch v := t[key].(type) {
		case Tree:
			if len(v) == 0 {
				args = append(args, name+"=true")
				continue
			}
			args = v.args(name+".", args)
		case []Tree:
			for i, table := range v {
				args = table.args(fmt.Sprintf("%s[%d].", name, i), args)
			}
		case []string:
			args = append(args, name+"="+strings.Join(v, ","))
		case []float64:
			var texts []string
			for _, f := range v {
				texts = append(texts, strconv.FormatFloat(f, 'g', -1, 64))
			}
			args = append(args, name+"="+strings.Join(texts, ","))
		default:
			args = append(args, fmt.Sprintf("%s=%v", name, v))
		}
	}
	return args
}
