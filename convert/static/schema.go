package static

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

// keysText lists every key of Traefik 1.7's static configuration with its kind,
// one a line. test/sandbox/traefik1 holds it against Traefik's own types.
//
//	a.*.b     b of every member of a
//	a[].b     b of every table in the array a
//	a.** any  everything below a
//
//go:embed keys.txt
var keysText string

// keys2Text and keys3Text are the same for Traefik 2.11 and 3.6. The kind may be
// followed by the value that the key has when it is not given. A switch is a
// table that may be empty. test/sandbox/traefik2 and traefik3 hold them against
// Traefik's own types.
var (
	//go:embed keys2.txt
	keys2Text string
	//go:embed keys3.txt
	keys3Text string
)

// node is a place in the configuration.
type node struct {
	name     string
	kind     string
	standard string
	children map[string]*node
	// member is what every key of a map leads to, item every table of an array.
	member, item *node
}

// schemaOf reads a list of keys.
func schemaOf(text string) *node {
	root := &node{kind: "table"}
	for line := range strings.Lines(text) {
		path, kind, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		at := root
		for _, word := range strings.Split(path, ".") {
			word, array := strings.CutSuffix(word, "[]")
			at = at.child(word)
			if array {
				if at.item == nil {
					at.item = &node{kind: "table"}
				}
				at = at.item
			}
		}
		at.kind, at.standard, _ = strings.Cut(kind, " ")
	}
	return root
}

// names are the keys of a table, in a fixed order.
func (n *node) names() []string { return slices.Sorted(maps.Keys(n.children)) }

// follow finds what is at a dotted key, which may have indices.
func (n *node) follow(key string) *node {
	at := n
	for _, word := range strings.Split(key, ".") {
		word, _, indexed := strings.Cut(word, "[")
		next, _ := at.find(word)
		if next != nil && indexed {
			next = next.item
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return at
}

func (n *node) child(word string) *node {
	if word == "*" || word == "**" {
		if n.member == nil {
			n.member = &node{name: word}
		}
		return n.member
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	key := strings.ToLower(word)
	if n.children[key] == nil {
		n.children[key] = &node{name: word}
	}
	return n.children[key]
}

// find looks a word up as Traefik 1.7 does, in any case. It returns the word
// that stands for it: its lower case, or a name as it is.
func (n *node) find(word string) (*node, string) {
	if found := n.children[strings.ToLower(word)]; found != nil {
		return found, strings.ToLower(word)
	}
	if n.member != nil {
		return n.member, word
	}
	return nil, ""
}
