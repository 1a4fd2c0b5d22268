package static

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Input is what Traefik is started with.
type Input struct {
	// File names the content in findings: TOML, or YAML for Traefik 2; it may be empty.
	File    string
	Content []byte
	// Args are the arguments after the program's name.
	Args []string
	// Env are variables, NAME=value. Traefik 1.7 does not read any.
	Env []string
	// Image is that of the container, if there is one.
	Image string
}

// Read reads a configuration as Traefik 1.7 does: the file first, then the
// arguments, which win. An error means that Traefik 1.7 itself could not read it.
func Read(in Input) (*Config, error) {
	c := &Config{file: in.File, settings: map[string]*Setting{}, names: map[string]map[string]bool{}}
	var content map[string]any
	if err := toml.Unmarshal(in.Content, &content); err != nil {
		return nil, fmt.Errorf("reading the configuration of Traefik 1.7: %w", withoutText(err))
	}
	r := &tomlReader{config: c, lines: lineNumbers(string(in.Content))}
	r.table(content, schemaOf(keysText), "", "")
	if err := c.readArgs(in.Args); err != nil {
		return nil, err
	}
	return c, nil
}

// withoutText keeps the text of the file, where passwords may be, out of an error.
func withoutText(err error) error {
	if parse, ok := err.(toml.ParseError); ok {
		return fmt.Errorf("line %d is no TOML", parse.Position.Line)
	}
	return err
}

type tomlReader struct {
	config *Config
	lines  map[string]int
}

// table reads the keys of a table. path is the place in lower case, key as it is
// written.
func (r *tomlReader) table(content map[string]any, at *node, path, key string) {
	for _, word := range slices.Sorted(maps.Keys(content)) {
		next, name := at.find(word)
		if next == nil {
			r.unknown(content[word], path, join(key, word))
			continue
		}
		if next == at.member {
			r.config.member(path, name)
		}
		if at.member != nil && at.member.name == "**" {
			r.anything(content[word], join(path, name), join(key, word))
			continue
		}
		r.value(content[word], next, join(path, name), join(key, word))
	}
}

// dynamic are parts of the file provider's configuration, which Traefik 1.7 lets
// stand in traefik.toml (provider/file/file.go).
var dynamic = []string{"backends", "frontends", "tls"}

func (r *tomlReader) unknown(value any, path, key string) {
	s := r.setting(path+"?unknown "+key, key, "unknown", value)
	r.config.settings[s.Path] = s
	if path == "" && slices.Contains(dynamic, strings.ToLower(key)) {
		r.config.find(diag.EStaticDynamic, s, "")
		return
	}
	r.config.find(diag.EStaticUnknown, s, "")
}

// anything notes a part of the configuration key by key without looking into it.
func (r *tomlReader) anything(value any, path, key string) {
	inner, ok := value.(map[string]any)
	if !ok {
		r.config.put(r.setting(path, key, "any", value))
		return
	}
	for _, word := range slices.Sorted(maps.Keys(inner)) {
		r.anything(inner[word], join(path, strings.ToLower(word)), join(key, word))
	}
}

func (r *tomlReader) value(value any, at *node, path, key string) {
	refuse := func() {
		s := r.setting(path+"?refused", key, at.kind, nil)
		r.config.settings[s.Path] = s
		r.config.find(diag.EStaticValue, s, "want "+wanted(at.kind)+": Traefik 1.7 does not start with it")
	}
	if r.config.settings[path] != nil {
		s := r.setting(path+"?refused "+key, key, at.kind, nil)
		r.config.settings[s.Path] = s
		r.config.find(diag.EStaticValue, s, "the key is there twice in different case; which one Traefik 1.7 takes is left to chance")
		return
	}
	switch at.kind {
	case "table":
		inner, ok := value.(map[string]any)
		if !ok {
			refuse()
			return
		}
		r.config.put(r.setting(path, key, "table", true))
		r.table(inner, at, path, key)
	case "tables":
		tables, ok := asTables(value)
		if !ok {
			refuse()
			return
		}
		for i, table := range tables {
			index := fmt.Sprintf("[%d]", i)
			r.config.put(r.setting(path+index, key+index, "table", true))
			r.table(table, at.item, path+index, key+index)
		}
	case "names":
		inner, ok := value.(map[string]any)
		names := map[string]string{}
		for _, word := range slices.Sorted(maps.Keys(inner)) {
			text, isText := inner[word].(string)
			ok, names[word] = ok && isText, text
		}
		if !ok {
			refuse()
			return
		}
		r.config.put(r.setting(path, key, at.kind, names))
	default:
		converted, ok := convertTOML(value, at.kind)
		if !ok {
			refuse()
			return
		}
		r.config.put(r.setting(path, key, at.kind, converted))
	}
}

func (r *tomlReader) setting(path, key, kind string, value any) *Setting {
	return &Setting{Path: path, Key: key, Line: r.line(key), value: value, kind: kind}
}

// line finds the line of a key, or of the innermost table around it that has one.
func (r *tomlReader) line(key string) int {
	for key = strings.ToLower(key); key != ""; {
		if line := r.lines[key]; line != 0 {
			return line
		}
		if line := r.firstBelow(key); line != 0 {
			return line
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			break
		}
		key = key[:i]
	}
	return 1
}

// firstBelow is the first line of something in a table that has no line itself,
// as a has none in [a.b].
func (r *tomlReader) firstBelow(key string) int {
	first := 0
	for below, line := range r.lines {
		if (strings.HasPrefix(below, key+".") || strings.HasPrefix(below, key+"[")) && (first == 0 || line < first) {
			first = line
		}
	}
	return first
}

func asTables(value any) ([]map[string]any, bool) {
	switch v := value.(type) {
	case []map[string]any:
		return v, true
	case map[string]any:
		// BurntSushi/toml decodes one table into an array of one.
		return []map[string]any{v}, true
	case []any:
		var tables []map[string]any
		for _, item := range v {
			table, ok := item.(map[string]any)
			if !ok {
				return nil, false
			}
			tables = append(tables, table)
		}
		return tables, true
	}
	return nil, false
}

// wanted names kinds in words.
func wanted(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "int":
		return "a whole number"
	case "float":
		return "a number"
	case "duration":
		return "a duration such as 10s, or seconds"
	case "list":
		return "a list of texts"
	case "numbers":
		return "a list of numbers"
	case "names":
		return "a table of texts"
	case "table":
		return "a table"
	case "tables":
		return "an array of tables"
	}
	return "a text"
}

// convertTOML turns a value of the file into one of a kind.
func convertTOML(value any, kind string) (any, bool) {
	switch v := value.(type) {
	case string:
		switch kind {
		case "text":
			return v, true
		case "duration":
			return parseDuration(v)
		}
	case bool:
		return v, kind == "bool"
	case int64:
		switch kind {
		case "int":
			return v, true
		case "float":
			return float64(v), true
		case "duration":
			return seconds(v)
		}
	case float64:
		return v, kind == "float"
	case []any:
		switch kind {
		case "list":
			return asList[string](v)
		case "numbers":
			return asNumbers(v)
		}
	}
	return nil, false
}

func asList[T any](items []any) ([]T, bool) {
	list := []T{}
	for _, item := range items {
		text, ok := item.(T)
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

func asNumbers(items []any) ([]float64, bool) {
	list := []float64{}
	for _, item := range items {
		switch v := item.(type) {
		case float64:
			list = append(list, v)
		case int64:
			list = append(list, float64(v))
		default:
			return nil, false
		}
	}
	return list, true
}

// parseDuration reads a duration of Go, or seconds (containous/flaeg, parse.Duration).
func parseDuration(text string) (time.Duration, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return seconds(n)
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

func seconds(n int64) (time.Duration, bool) {
	if n > math.MaxInt64/int64(time.Second) || n < math.MinInt64/int64(time.Second) {
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}

func join(path, word string) string {
	if path == "" {
		return word
	}
	return path + "." + word
}
