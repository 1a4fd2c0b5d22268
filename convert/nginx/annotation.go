package nginx

import (
	"slices"
	"strconv"
	"strings"
)

// Family groups annotations that are converted together.
type Family string

// The families.
const (
	familyAccess     Family = "access"
	familyAffinity   Family = "session affinity"
	familyAuth       Family = "authentication"
	familyBackend    Family = "backend"
	familyCanary     Family = "canary"
	familyClientCert Family = "client certificate"
	familyCORS       Family = "CORS"
	familyErrors     Family = "error pages"
	familyHistoric   Family = "historic"
	familyLimit      Family = "limits"
	familyMirror     Family = "mirror"
	familyObserve    Family = "observability"
	familyProxy      Family = "proxy"
	familyRedirect   Family = "redirect"
	familyRewrite    Family = "rewrite"
	familySnippet    Family = "snippet"
	familyTLS        Family = "TLS"
	familyWAF        Family = "web application firewall"
)

// Fate is what the conversion does with an annotation.
type Fate int

// The fates.
const (
	// Converted: a family reads it.
	Converted Fate = iota
	// Inert: it tunes nginx and changes no answer.
	Inert
	// Unconverted: there is no counterpart; the route is emitted without it.
	Unconverted
	// Dead: the controller itself does not read it any more.
	Dead
)

// Annotation is one name under the controller's prefix.
type Annotation struct {
	// Name is the key without prefix and slash.
	Name   string
	Family Family
	Fate   Fate
	// Default is the value that asks for nothing, for Unconverted ones.
	Default string
	// Note says in a few words what it is for; of Unconverted ones, what is lost.
	Note string
}

// Annotations returns every annotation that the controller reads or once read,
// sorted by name.
func Annotations() []Annotation { return slices.Clone(registry[:]) }

// LookupAnnotation returns the entry of a name (without prefix).
func LookupAnnotation(name string) (Annotation, bool) {
	i, ok := slices.BinarySearchFunc(registry[:], name, func(a Annotation, n string) int { return strings.Compare(a.Name, n) })
	if !ok {
		return Annotation{}, false
	}
	return registry[i], true
}

// annotations reads the annotations of one Ingress as the controller does, and
// remembers which were read and which have no effect.
type annotations struct {
	byName map[string]string // values by name, trimmed
	read   map[string]bool
	inert  map[string]string // name → why it has no effect
}

// newAnnotations returns nil when there is none of the controller's, as most
// Ingresses have few: every method works on nil.
func newAnnotations(values map[string]string, prefix string) *annotations {
	var a *annotations
	for key, value := range values {
		if len(key) <= len(prefix) || key[len(prefix)] != '/' || key[:len(prefix)] != prefix {
			continue
		}
		if a == nil {
			a = &annotations{byName: map[string]string{}, read: map[string]bool{}, inert: map[string]string{}}
		}
		a.byName[key[len(prefix)+1:]] = trimLines(value)
	}
	return a
}

// trimLines removes white space around every line.
func trimLines(value string) string {
	if !strings.Contains(value, "\n") {
		return strings.TrimSpace(value)
	}
	lines := strings.Split(value, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// find returns the value of name; an empty value is as if absent.
func (a *annotations) find(name string) (string, bool) {
	if a == nil {
		return "", false
	}
	value, ok := a.byName[name]
	if !ok {
		return "", false
	}
	a.read[name] = true
	if value == "" {
		a.inert[name] = "empty, which is as if it were absent"
		return "", false
	}
	return value, true
}

// forget makes every annotation one that nobody has read.
func (a *annotations) forget() {
	if a != nil {
		clear(a.read)
	}
}

// empty tells whether an annotation is there without a value.
func (a *annotations) empty(name string) bool {
	if a == nil {
		return false
	}
	value, ok := a.byName[name]
	return ok && value == ""
}

func (a *annotations) has(name string) bool {
	_, ok := a.find(name)
	return ok
}

func (a *annotations) str(name, fallback string) string {
	if value, ok := a.find(name); ok {
		return value
	}
	return fallback
}

// ignore says why an annotation has no effect.
func (a *annotations) ignore(name, why string) {
	if a != nil {
		a.inert[name] = why
	}
}

func (a *annotations) boolean(name string, fallback bool) bool {
	value, ok := a.find(name)
	if !ok {
		return fallback
	}
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		a.ignore(name, "not a boolean, so the default "+strconv.FormatBool(fallback)+" holds")
		return fallback
	}
	return parsed
}

// integer also returns whether the value is a number.
func (a *annotations) integer(name string, fallback int) (int, bool) {
	value, ok := a.find(name)
	if !ok {
		return fallback, true
	}
	parsed, err := strconv.Atoi(value)
	if err != nil {
		return fallback, false
	}
	return parsed, true
}

// number is integer for the many whose default holds when the value is none.
func (a *annotations) number(name string, fallback int) int {
	parsed, ok := a.integer(name, fallback)
	if !ok {
		a.ignore(name, "not a number, so the default holds")
	}
	return parsed
}

// list splits at commas and drops empty elements.
func (a *annotations) list(name string) []string {
	value, _ := a.find(name)
	return splitList(value)
}

func splitList(value string) []string {
	var list []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
