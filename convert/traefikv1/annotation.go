package traefikv1

import (
	"slices"
	"strconv"
	"strings"
)

// Kind is how a value is read.
type Kind string

// The kinds of values.
const (
	kindBool   Kind = "bool"
	kindInt    Kind = "int"
	kindInt64  Kind = "int64"
	kindList   Kind = "list"
	kindMap    Kind = "map"
	kindString Kind = "string"
	kindYAML   Kind = "yaml"
)

// Family groups annotations that are converted together.
type Family string

// The families.
const (
	familyAuth       Family = "auth"
	familyClientCert Family = "client certificate"
	familyErrorPages Family = "error pages"
	familyHeaders    Family = "headers"
	familyRateLimit  Family = "rate limit"
	familyRedirect   Family = "redirect"
	familyRouting    Family = "routing"
	familySelection  Family = "selection"
	familyService    Family = "service" // read from Services only
	familyWhitelist  Family = "allow list"
)

// Annotation is one annotation key that Traefik 1.7 reads.
type Annotation struct {
	Key string
	// Name is the logical name: several keys can carry the same one.
	Name   string
	Kind   Kind
	Family Family
	// Note says in a few words what it is for.
	Note string
}

// Annotations returns every annotation key that Traefik 1.7 reads, sorted.
func Annotations() []Annotation { return slices.Clone(registry[:]) }

// LookupAnnotation returns the entry of a key.
func LookupAnnotation(key string) (Annotation, bool) {
	if known := lookup(key); known != nil {
		return *known, true
	}
	return Annotation{}, false
}

// lookup returns the entry of a key, nil when there is none.
func lookup(key string) *Annotation {
	return byKey[key]
}

// byKey finds keys in the registry.
var byKey = func() map[string]*Annotation {
	found := make(map[string]*Annotation, len(registry))
	for i := range registry {
		found[registry[i].Key] = &registry[i]
	}
	return found
}()

const (
	plainPrefix   = "ingress.kubernetes.io/"
	traefikPrefix = "traefik.ingress.kubernetes.io/"
	classKey      = "kubernetes.io/ingress.class"
	stickyKey     = "traefik.backend.loadbalancer.sticky"
)

// rank orders the keys of one name as Traefik 1.7 looks them up: the first that
// exists wins, even when its value is empty.
func rank(key string) int {
	switch {
	case key == classKey, strings.HasPrefix(key, plainPrefix):
		return 0
	case strings.HasPrefix(key, traefikPrefix):
		return 1
	}
	return 2
}

// annotations are those of one object, sorted by key, and read as Traefik 1.7
// does. There are a few: looking through them is faster than any map.
type annotations []annotation

// annotation remembers whether it was read and why it could not be parsed.
type annotation struct {
	key, value string
	// known is nil for a key that Traefik 1.7 does not read.
	known *Annotation
	// wins: no other key of the same name comes before it.
	wins, read bool
	malformed  string
}

func newAnnotations(values map[string]string) annotations {
	return annotationsIn(make([]annotation, 0, len(values)), values)
}

// annotationsIn makes them in the room that a has.
func annotationsIn(a annotations, values map[string]string) annotations {
	for key, value := range values {
		a = append(a, annotation{key: key, value: value, known: lookup(key)})
	}
	slices.SortFunc(a, func(a, b annotation) int { return strings.Compare(a.key, b.key) })
	for i := range a {
		if a[i].known == nil {
			continue
		}
		if other := a.winner(a[i].known.Name); other == nil || rank(a[i].key) < rank(other.key) {
			if other != nil {
				other.wins = false
			}
			a[i].wins = true
		}
	}
	return a
}

// askNothing tells whether none of them is for frontends: most Ingresses have a class
// at best.
func (a annotations) askNothing() bool {
	for i := range a {
		if known := a[i].known; known != nil && known.Family != familySelection {
			return false
		}
	}
	return true
}

// winner is the annotation that carries a name; nil: none.
func (a annotations) winner(name string) *annotation {
	for i := range a {
		if a[i].wins && a[i].known.Name == name {
			return &a[i]
		}
	}
	return nil
}

// find returns the annotation that carries a name, and notes that it was read.
func (a annotations) find(name string) *annotation {
	found := a.winner(name)
	if found != nil {
		found.read = true
	}
	return found
}

// peek returns the value of a name without noting that it was read.
func (a annotations) peek(name string) (value string, ok bool) {
	if found := a.winner(name); found != nil {
		return found.value, true
	}
	return "", false
}

// value returns the value of a key.
func (a annotations) value(key string) string {
	for i := range a {
		if a[i].key == key {
			return a[i].value
		}
	}
	return ""
}

// key returns the key that carries name, for diagnostics.
func (a annotations) key(name string) string {
	if found := a.find(name); found != nil {
		return found.key
	}
	return traefikPrefix + name
}

func (a annotations) has(name string) bool { return a.find(name) != nil }

// str returns the value, or fallback when it is absent or empty.
func (a annotations) str(name, fallback string) string {
	if found := a.find(name); found != nil && found.value != "" {
		return found.value
	}
	return fallback
}

func (a annotations) boolean(name string, fallback bool) bool {
	found := a.find(name)
	if found == nil {
		return fallback
	}
	parsed, err := strconv.ParseBool(found.value)
	if err != nil {
		found.malformed = "not a boolean, so the default " + strconv.FormatBool(fallback) + " holds"
		return fallback
	}
	return parsed
}

func (a annotations) integer(name string, fallback int) int {
	found := a.find(name)
	if found == nil {
		return fallback
	}
	parsed, err := strconv.Atoi(found.value)
	if err != nil {
		found.malformed = "not a decimal number, so it is ignored"
		return fallback
	}
	return parsed
}

func (a annotations) integer64(name string, fallback int64) int64 {
	found := a.find(name)
	if found == nil {
		return fallback
	}
	parsed, err := strconv.ParseInt(found.value, 10, 64)
	if err != nil {
		found.malformed = "not a decimal number, so it is ignored"
		return fallback
	}
	return parsed
}

func (a annotations) list(name string) []string {
	found := a.find(name)
	if found == nil {
		return nil
	}
	list := parseList(found.value)
	if len(list) == 0 {
		found.malformed = "an empty list, so it is ignored"
	}
	return list
}

func (a annotations) mapping(name string) map[string]string {
	found := a.find(name)
	if found == nil {
		return nil
	}
	values, skipped := parseMap(found.value)
	if len(values) == 0 || len(skipped) > 0 {
		found.malformed = "an entry without a colon is skipped"
	}
	return values
}
