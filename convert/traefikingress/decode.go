package traefikingress

import (
	"slices"
	"strconv"
	"strings"
)

// node is one level of the annotations of an object, read the way the provider
// reads them (github.com/traefik/paerser): keys become a tree, the tree is held
// against what is known, and only then values are parsed. The first mistake
// anywhere makes the whole object unreadable.
type node struct {
	name  string // lower case
	value string
	// key is the annotation that set value, or the first one below this level.
	key      string
	children []*node
}

// mistake is why the provider cannot read the annotations of an object.
type mistake struct {
	key   string
	newer *release // the version that knows the key, when there is one
	text  string
}

// decode reads the annotations under word ("router" or "service"); nil when
// there are none.
func decode(annotations map[string]string, word string, source release) (*node, []mistake) {
	type label struct{ name, key string }
	var all []label
	for key := range annotations {
		name, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if name = withIndex(name); hasPrefixFold(name, word+".") {
			all = append(all, label{name, key})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	// Of keys that differ in case alone the last one in this order counts.
	slices.SortFunc(all, func(a, b label) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	var mistakes []mistake
	root := &node{name: word}
	for _, l := range all {
		steps, ok := split(l.name)
		if !ok {
			mistakes = append(mistakes, mistake{key: l.key, text: "the key is malformed"})
			continue
		}
		root.insert(steps[1:], annotations[l.key], l.key)
	}
	d := decoder{source: source, mistakes: mistakes}
	for _, child := range root.children {
		d.check(child, prefix+word+"."+child.name, false)
	}
	return root, d.mistakes
}

// split cuts a name at its dots, an index being a step of its own.
func split(name string) ([]string, bool) {
	var steps []string
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || part[0] == '[' {
			return nil, false
		}
		if rest, ok := strings.CutSuffix(part, "]"); ok {
			word, index, found := strings.Cut(rest, "[")
			if !found {
				return nil, false
			}
			steps = append(steps, strings.ToLower(word), "["+index+"]")
			continue
		}
		steps = append(steps, strings.ToLower(part))
	}
	return steps, len(steps) > 1
}

func (n *node) insert(steps []string, value, key string) {
	if n.key == "" {
		n.key = key
	}
	if len(steps) == 0 {
		n.value, n.key = value, key
		return
	}
	child := n.child(steps[0])
	if child == nil {
		child = &node{name: steps[0]}
		n.children = append(n.children, child)
	}
	child.insert(steps[1:], value, key)
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, child := range n.children {
		if child.name == name {
			return child
		}
	}
	return nil
}

// off tells whether a section is switched off by its own value.
func (n *node) off() bool { return n.value != "" && !strings.EqualFold(n.value, "true") }

type decoder struct {
	source   release
	mistakes []mistake
}

func (d *decoder) wrong(n *node, text string) {
	d.mistakes = append(d.mistakes, mistake{key: n.key, text: text})
}

// check holds a level against the registry. Values below a section that is off
// are never parsed, but their keys must be known all the same.
func (d *decoder) check(n *node, key string, off bool) {
	known, ok := lookup(key)
	switch {
	case !ok:
		d.wrong(n, "not a key that "+d.source.String()+" knows")
		return
	case d.source.before(known.since):
		since := known.since
		d.mistakes = append(d.mistakes, mistake{key: n.key, newer: &since, text: d.source.String() + " does not know it"})
		return
	}
	switch known.Kind {
	case kindSection:
		for _, child := range n.children {
			d.check(child, key+"."+child.name, off || n.off())
		}
	case kindEntries:
		for _, entry := range n.children {
			for _, child := range entry.children {
				d.check(child, key+".n."+child.name, off)
			}
		}
	case kindList:
		for _, child := range n.children {
			for _, below := range child.children {
				d.wrong(below, "nothing can be below a list")
			}
		}
	default:
		if len(n.children) > 0 {
			d.wrong(n.children[0], "nothing can be below a plain value")
			return
		}
		d.checkValue(n, known.Kind, off)
	}
}

func (d *decoder) checkValue(n *node, kind Kind, off bool) {
	if off {
		return
	}
	switch kind {
	case kindBool:
		if _, err := strconv.ParseBool(n.value); err != nil {
			d.wrong(n, "the value is not a boolean")
		}
	case kindInt:
		if _, err := strconv.ParseInt(n.value, 10, 64); err != nil {
			d.wrong(n, "the value is not a number")
		}
	}
}

// The values of a tree without mistakes.

func (n *node) text() string {
	if n == nil {
		return ""
	}
	return n.value
}

// boolean is nil when the key is absent.
func (n *node) boolean() *bool {
	if n == nil {
		return nil
	}
	value, err := strconv.ParseBool(n.value)
	if err != nil {
		return nil
	}
	return &value
}

func (n *node) truth() bool {
	value := n.boolean()
	return value != nil && *value
}

func (n *node) number() int {
	if n == nil {
		return 0
	}
	value, err := strconv.ParseInt(n.value, 10, 64)
	if err != nil {
		return 0
	}
	return int(value)
}

// list keeps empty elements, as the provider does.
func (n *node) list() []string {
	if n == nil || n.value == "" {
		return nil
	}
	elements := strings.Split(n.value, ",")
	for i := range elements {
		elements[i] = strings.TrimSpace(elements[i])
	}
	return elements
}

// section is n when it is there and on, else nil.
func (n *node) section() *node {
	if n == nil || n.off() {
		return nil
	}
	return n
}
