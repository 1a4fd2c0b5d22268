package traefikv1

import (
	"maps"
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
	i, ok := slices.BinarySearchFunc(registry[:], key, func(a Annotation, k string) int { return strings.Compare(a.Key, k) })
	if !ok {
		return Annotation{}, false
	}
	return registry[i], true
}

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

// annotations reads the annotations of one object as Traefik 1.7 does, and
// remembers which were read and which could not be parsed.
type annotations struct {
	values    map[string]string
	byName    map[string]string // name → the key that wins
	read      map[string]bool
	malformed map[string]string // key → why
}

func newAnnotations(values map[string]string) *annotations {
	a := &annotations{values: values, byName: map[string]string{}, read: map[string]bool{}, malformed: map[string]string{}}
	for key := range values {
		known, ok := LookupAnnotation(key)
		if !ok {
			continue
		}
		if other, taken := a.byName[known.Name]; !taken || rank(key) < rank(other) {
			a.byName[known.Name] = key
		}
	}
	return a
}

// find returns the key that carries a name and its value.
func (a *annotations) find(name string) (key, value string, ok bool) {
	key, ok = a.byName[name]
	if !ok {
		return "", "", false
	}
	a.read[key] = true
	return key, a.values[key], true
}

// peek returns the value of a name without noting that it was read.
func (a *annotations) peek(name string) (value string, ok bool) {
	key, ok := a.byName[name]
	return a.values[key], ok
}

// key returns the key that carries name, for diagnostics.
func (a *annotations) key(name string) string {
	if key, _, ok := a.find(name); ok {
		return key
	}
	return traefikPrefix + name
}

func (a *annotations) has(name string) bool {
	_, _, ok := a.find(name)
	return ok
}

// str returns the value, or fallback when it is absent or empty.
func (a *annotations) str(name, fallback string) string {
	if _, value, ok := a.find(name); ok && value != "" {
		return value
	}
	return fallback
}

func (a *annotations) boolean(name string, fallback bool) bool {
	key, value, ok := a.find(name)
	if !ok {
		return fallback
	}
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		a.malformed[key] = "not a boolean, so the default " + strconv.FormatBool(fallback) + " holds"
		return fallback
	}
	return parsed
}

func (a *annotations) integer(name string, fallback int) int {
	key, value, ok := a.find(name)
	if !ok {
		return fallback
	}
	parsed, err := strconv.Atoi(value)
	if err != nil {
		a.malformed[key] = "not a decimal number, so it is ignored"
		return fallback
	}
	return parsed
}

func (a *annotations) integer64(name string, fallback int64) int64 {
	key, value, ok := a.find(name)
	if !ok {
		return fallback
	}
	parsed, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		a.malformed[key] = "not a decimal number, so it is ignored"
		return fallback
	}
	return parsed
}

func (a *annotations) list(name string) []string {
	key, value, ok := a.find(name)
	if !ok {
		return nil
	}
	list := parseList(value)
	if len(list) == 0 {
		a.malformed[key] = "an empty list, so it is ignored"
	}
	return list
}

func (a *annotations) mapping(name string) map[string]string {
	key, value, ok := a.find(name)
	if !ok {
		return nil
	}
	values, skipped := parseMap(value)
	if len(values) == 0 || len(skipped) > 0 {
		a.malformed[key] = "an entry without a colon is skipped"
	}
	return values
}

// keys returns all keys, sorted.
func (a *annotations) keys() []string { return slices.Sorted(maps.Keys(a.values)) }
