package lb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Parts are pieces of a load balancer's configuration by name. What is not there is
// absent.
type Parts map[string]json.RawMessage

// Change is one part that is to be different; nil is absent.
type Change struct {
	Part     string
	From, To json.RawMessage
}

// Value is a part in the one form that can be compared byte by byte: keys in order, and
// nothing that is empty.
func Value(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	tree, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(prune(tree))
}

func decode(raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("decoding a part: %w", err)
	}
	return tree, nil
}

// prune removes what says nothing: null, empty lists and empty objects.
func prune(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		maps.DeleteFunc(t, func(key string, value any) bool {
			t[key] = prune(value)
			return t[key] == nil
		})
		if len(t) == 0 {
			return nil
		}
	case []any:
		for i := range t {
			t[i] = prune(t[i])
		}
		if len(t) == 0 {
			return nil
		}
	}
	return tree
}

// Names are those of all parts of all given, in order.
func Names(all ...Parts) []string {
	names := map[string]bool{}
	for _, parts := range all {
		for name := range parts {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Same compares two values of a part.
func Same(a, b json.RawMessage) bool { return len(Differences(a, b)) == 0 }

// Difference is one place in which two values of a part differ. Path is empty where one
// of them is absent.
type Difference struct {
	Path string `json:"path,omitempty"`
	From string `json:"from"`
	To   string `json:"to"`
}

func (d Difference) String() string {
	text := d.From + " -> " + d.To
	if d.Path == "" {
		return text
	}
	return d.Path + ": " + text
}

const absent = "absent"

// Differences lists in which places two values differ, in order.
func Differences(from, to json.RawMessage) []Difference {
	switch {
	case from == nil && to == nil:
		return nil
	case from == nil:
		return []Difference{{From: absent, To: string(to)}}
	case to == nil:
		return []Difference{{From: string(from), To: absent}}
	}
	a, errA := decode(from)
	b, errB := decode(to)
	if errA != nil || errB != nil {
		return []Difference{{From: string(from), To: string(to)}}
	}
	return differ("", prune(a), prune(b))
}

func differ(path string, a, b any) []Difference {
	var out []Difference
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			keys := map[string]bool{}
			for k := range x {
				keys[k] = true
			}
			for k := range y {
				keys[k] = true
			}
			for _, k := range slices.Sorted(maps.Keys(keys)) {
				out = append(out, differ(strings.TrimPrefix(path+"."+k, "."), x[k], y[k])...)
			}
			return out
		}
	case []any:
		if y, ok := b.([]any); ok {
			for i := range max(len(x), len(y)) {
				var p, q any
				if i < len(x) {
					p = x[i]
				}
				if i < len(y) {
					q = y[i]
				}
				out = append(out, differ(path+"["+strconv.Itoa(i)+"]", p, q)...)
			}
			return out
		}
	}
	from, to := text(a), text(b)
	if from == to {
		return nil
	}
	return []Difference{{Path: path, From: from, To: to}}
}

func text(tree any) string {
	if tree == nil {
		return absent
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		return fmt.Sprint(tree)
	}
	return string(raw)
}
