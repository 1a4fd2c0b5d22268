package traefikingress

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is how a value is read.
type Kind string

// The kinds of values.
const (
	kindBool    Kind = "bool"
	kindEntries Kind = "entries" // sections with an index
	kindInt     Kind = "int"
	kindList    Kind = "list"
	kindSection Kind = "section"
	kindString  Kind = "string"
)

// The kinds of objects that carry annotations.
const (
	onIngress = "Ingress"
	onService = "Service"
)

// Annotation is one annotation that the provider reads.
type Annotation struct {
	// Key in lower case; the provider ignores case after the slash.
	Key  string
	Kind Kind
	// On is the kind of object that carries it.
	On string
	// since is the first version that knows it; zero: all.
	since release
	// Note says in a few words what it is for.
	Note string
}

// Since is the first version of Traefik that reads it, such as 3.7.0; empty: all do.
func (a Annotation) Since() string {
	if a.since == (release{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", a.since.major, a.since.minor, a.since.patch)
}

// Annotations returns every annotation that the provider reads, sorted by key.
func Annotations() []Annotation { return slices.Clone(registry[:]) }

const (
	prefix   = "traefik.ingress.kubernetes.io/"
	classKey = "kubernetes.io/ingress.class"
)

// LookupAnnotation returns the entry of a key, whatever its case and index.
func LookupAnnotation(key string) (Annotation, bool) {
	if name, ok := strings.CutPrefix(key, prefix); ok {
		key = prefix + strings.ToLower(withoutIndex(name))
	}
	return lookup(key)
}

func lookup(key string) (Annotation, bool) {
	i, ok := slices.BinarySearchFunc(registry[:], key, func(a Annotation, k string) int { return strings.Compare(a.Key, k) })
	if !ok {
		return Annotation{}, false
	}
	return registry[i], true
}

// indexed is the provider's own pattern: one index, with something after it.
var indexed = regexp.MustCompile(`(.+)\.(\w+)\.(\d+)\.(.+)`)

// withIndex writes tls.domains.0.main as tls.domains[0].main. The provider puts
// a word in front before it looks, which makes router.0.x something else than a
// key under router.
func withIndex(name string) string { return replaceIndex(name, "$1.$2[$3].$4") }

func withoutIndex(name string) string { return replaceIndex(name, "$1.$2.n.$4") }

func replaceIndex(name, with string) string {
	if !strings.ContainsAny(name, "0123456789") {
		return name
	}
	const word = "traefik."
	return strings.TrimPrefix(indexed.ReplaceAllString(word+name, with), word)
}

// family tells what kind of object reads an annotation of the provider's prefix:
// onIngress for router.*, onService for service.*, and nothing for other words,
// which no object is asked for.
func family(key string) (on string, ours bool) {
	name, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", false
	}
	name = withIndex(name)
	switch {
	case hasPrefixFold(name, "router."):
		return onIngress, true
	case hasPrefixFold(name, "service."):
		return onService, true
	}
	return "", true
}

// Reads tells whether a key looks like an annotation of the provider, of an
// Ingress or of a Service.
func Reads(key string) bool {
	on, ours := family(key)
	return ours && on != ""
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
