package static

import (
	_ "embed"
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

// node is a place in the configuration.
type node struct {
	name     string
	kind     string
	children map[string]*node
	// member is what every key of a map leads to, item every table of an array.
	member, item *node
}

// schema reads keysText.
func schema() *node {
	root := &node{kind: "table"}
	for line := range strings.Lines(keysText) {
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
		at.kind = kind
	}
	return root
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
