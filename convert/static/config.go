package static

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Setting is one key of Traefik 1.7's configuration and what became of it.
type Setting struct {
	// Path is the key in lower case, names of entry points and the like as they are.
	Path string `json:"-"`
	// Key is the key as the user wrote it.
	Key string `json:"key"`
	// Line is its line in the file; 0 for an argument.
	Line int `json:"line,omitempty"`
	// Target are the keys of the output it went to.
	Target []string `json:"target,omitempty"`
	// Note says why it went nowhere.
	Note string `json:"note,omitempty"`
	// Codes are the findings that speak of it.
	Codes []diag.Code `json:"codes,omitempty"`

	value any
	kind  string
	taken bool
	// place is the key in the words of the documentation of Traefik 2.
	place []string
}

// Config is a configuration of Traefik 1.7, key by key.
type Config struct {
	file     string
	program  string
	settings map[string]*Setting
	names    map[string]map[string]bool
	findings []diag.Diagnostic
}

// at is where a setting stands, for findings.
func (c *Config) at(s *Setting) diag.Object {
	switch {
	case s == nil:
		name := cmp.Or(c.file, argumentsName)
		return diag.Object{Kind: "File", Name: name, File: name}
	case s.Line == 0:
		return diag.Object{Kind: "File", Name: argumentsName, File: argumentsName}
	}
	return diag.Object{Kind: "File", Name: c.file, File: fmt.Sprintf("%s line %d", c.file, s.Line)}
}

const argumentsName = "arguments"

// put adds a setting; a later one, which is an argument, replaces an earlier one.
func (c *Config) put(s *Setting) {
	if old := c.settings[s.Path]; old != nil && old.kind != "table" {
		c.find(diag.WStaticOverride, old, "")
	}
	c.settings[s.Path] = s
}

// find reports something about a setting.
func (c *Config) find(code diag.Code, s *Setting, text string) {
	c.report(code, s, text, false)
}

// block reports something that keeps a part of the output back.
func (c *Config) block(code diag.Code, s *Setting, text string) {
	c.report(code, s, text, true)
}

func (c *Config) report(code diag.Code, s *Setting, text string, blocking bool) {
	field := ""
	if s != nil {
		field = s.Key
		s.taken = true
		if !slices.Contains(s.Codes, code) {
			s.Codes = append(s.Codes, code)
		}
	}
	d := diag.New(code, c.at(s), field, text)
	d.Blocking = blocking
	c.findings = append(c.findings, d)
}

// has tells whether a key, or a table with anything in it, was given.
func (c *Config) has(path string) bool {
	if c.settings[path] != nil {
		return true
	}
	for key := range c.settings {
		if rest, ok := strings.CutPrefix(key, path); ok && rest != "" && (rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// below are the settings under a table, sorted.
func (c *Config) below(path string) []*Setting {
	var found []*Setting
	for key, s := range c.settings {
		if rest, ok := strings.CutPrefix(key, path); ok && rest != "" && (rest[0] == '.' || rest[0] == '[') {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b *Setting) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// first is the setting of a table itself, or the first one in it.
func (c *Config) first(path string) *Setting {
	if s := c.settings[path]; s != nil {
		return s
	}
	if below := c.below(path); len(below) > 0 {
		return below[0]
	}
	return nil
}

// members are the names below a map, such as entry points, sorted.
func (c *Config) members(path string) []string {
	return slices.Sorted(maps.Keys(c.names[path]))
}

// member remembers a name below a map.
func (c *Config) member(path, name string) {
	if c.names[path] == nil {
		c.names[path] = map[string]bool{}
	}
	c.names[path][name] = true
}

// move gives settings the place of others, which is what Traefik 1.7 does with
// keys of older versions.
func (c *Config) move(from, to string) {
	for _, key := range slices.Sorted(maps.Keys(c.settings)) {
		rest, ok := strings.CutPrefix(key, from)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		s := c.settings[key]
		delete(c.settings, key)
		s.Path = to + rest
		c.settings[s.Path] = s
	}
}

func value[T any](c *Config, path string, otherwise T) T {
	if s := c.settings[path]; s != nil {
		if v, ok := s.value.(T); ok {
			return v
		}
	}
	return otherwise
}

func (c *Config) text(path string) string             { return value(c, path, "") }
func (c *Config) flag(path string, std bool) bool     { return value(c, path, std) }
func (c *Config) list(path string) []string           { return value[[]string](c, path, nil) }
func (c *Config) number(path string, std int64) int64 { return value(c, path, std) }
func (c *Config) duration(path string, std time.Duration) time.Duration {
	return value(c, path, std)
}

// done says where a setting went; nowhere with a reason.
func (c *Config) done(path string, targets ...string) {
	if s := c.settings[path]; s != nil {
		s.taken = true
		for _, target := range targets {
			if !slices.Contains(s.Target, target) {
				s.Target = append(s.Target, target)
			}
		}
	}
}

// ignore says that a setting needs no counterpart.
func (c *Config) ignore(path, why string) {
	for _, s := range append(c.below(path), c.settings[path]) {
		if s != nil && !s.taken {
			s.taken, s.Note = true, why
			if s.kind != "table" {
				c.find(diag.IStaticIgnored, s, why)
			}
		}
	}
}

// sorted are all settings in the order of the file, arguments last.
func (c *Config) sorted() []*Setting {
	all := make([]*Setting, 0, len(c.settings))
	for _, key := range slices.Sorted(maps.Keys(c.settings)) {
		all = append(all, c.settings[key])
	}
	slices.SortStableFunc(all, func(a, b *Setting) int {
		return cmp.Or(cmp.Compare(boolInt(a.Line == 0), boolInt(b.Line == 0)), cmp.Compare(a.Line, b.Line))
	})
	return all
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
