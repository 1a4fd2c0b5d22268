package static

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// root reads the outermost table, in which Traefik 2 passes over what it does not
// know (traefik/paerser, file/file_node.go); an argument of that kind it refuses.
func (r *upgradeReader) root(content map[string]any) {
	r.table(content, schemaOf(keys2Text), "", "", nil)
}

// table reads the keys of a table. path is the place in lower case, key the same
// as it is written, place the same as the documentation writes it.
func (r *upgradeReader) table(content map[string]any, at *node, path, key string, place []string) {
	for _, word := range slices.Sorted(maps.Keys(content)) {
		value := content[word]
		if value == nil {
			s := r.setting(join(path, "?empty "+word), join(key, word), place)
			r.config.settings[s.Path] = s
			r.config.find(diag.IStaticIgnored, s, "a key without value does not count for Traefik 2; an empty section is {}")
			continue
		}
		if list, _, ok := indexed(word); ok && r.lines == nil {
			r.item(value, at, list, path, key, place)
			continue
		}
		next, name := at.find(word)
		switch {
		case word == "" || next == nil && path == "" && r.lines != nil:
			r.ignored(path, join(key, word))
			continue
		case next == nil:
			r.unknown(join(path, word), join(key, word))
			continue
		case next == at.member:
			r.config.member(path, name)
		}
		spelled := next.name
		if next == at.member {
			spelled = word
		}
		r.value(value, next, join(path, name), join(key, word), append(slices.Clone(place), spelled))
	}
}

// indexed splits domains[0].
func indexed(word string) (string, int, bool) {
	list, rest, ok := strings.Cut(word, "[")
	digits, closed := strings.CutSuffix(rest, "]")
	index, err := strconv.Atoi(digits)
	return list, index, ok && closed && err == nil && index >= 0
}

// item reads a table of an array from arguments. Traefik 2 numbers them anew in
// the order of their texts, so that [10] stands before [2].
func (r *upgradeReader) item(value any, at *node, list, path, key string, place []string) {
	next, name := at.find(list)
	inner, ok := value.(map[string]any)
	if next == nil || next.item == nil || !ok {
		r.unknown(join(path, list), join(key, list))
		return
	}
	index := 0
	for r.config.settings[fmt.Sprintf("%s[%d]", join(path, name), index)] != nil {
		index++
	}
	word := fmt.Sprintf("[%d]", index)
	full := join(path, name) + word
	r.config.put(&Setting{Path: full, Key: join(key, list) + word, kind: "table", value: true, place: append(slices.Clone(place), next.name+word)})
	r.table(inner, next.item, full, join(key, list)+word, append(slices.Clone(place), next.name+word))
}

func (r *upgradeReader) value(value any, at *node, path, key string, place []string) {
	refuse := func(why string) {
		s := r.setting(path+"?refused", key, place)
		r.config.settings[s.Path] = s
		r.config.find(diag.EStaticValue, s, why+": Traefik 2 does not start with it")
	}
	if r.config.settings[path] != nil {
		refuse("the key is there twice in different case")
		return
	}
	s := r.setting(path, key, place)
	s.kind = at.kind
	switch at.kind {
	case "table", "switch":
		inner, isTable := value.(map[string]any)
		own := value
		if isTable {
			own = inner[""]
		}
		text, isText := scalarText(own)
		switch {
		case !isTable && !isText, isText && at.kind == "table":
			refuse("want " + wanted("table"))
			return
		case isTable && len(inner) == 0 && at.kind == "table":
			refuse("the section is empty")
			return
		case isText && text != "" && !strings.EqualFold(text, "true"):
			r.off(s, inner)
			return
		}
		s.kind, s.value = "table", true
		r.config.put(s)
		delete(inner, "")
		r.table(inner, at, path, key, place)
	case "tables":
		tables, ok := asTables(value)
		if !ok {
			refuse("want " + wanted(at.kind))
			return
		}
		for i, table := range tables {
			index := fmt.Sprintf("[%d]", i)
			spelled := append(slices.Clone(place[:len(place)-1]), place[len(place)-1]+index)
			item := r.setting(path+index, key+index, spelled)
			item.kind, item.value = "table", true
			r.config.put(item)
			r.table(table, at.item, path+index, key+index, spelled)
		}
	case "names":
		inner, ok := value.(map[string]any)
		names := map[string]string{}
		if !ok || !flatten("", inner, names) {
			refuse("want " + wanted(at.kind))
			return
		}
		s.value = names
		r.config.put(s)
	case "any":
		s.value = value
		r.config.put(s)
	default:
		parsed, ok := parseUpgrade(value, at.kind)
		if !ok {
			refuse("want " + wanted(at.kind))
			return
		}
		s.value = parsed
		r.config.put(s)
	}
}

// off notes a section that is switched off by a text such as false, and what
// stands in it all the same.
func (r *upgradeReader) off(s *Setting, inner map[string]any) {
	s.Path += "?off"
	r.config.settings[s.Path] = s
	text := "false switches the section off"
	if words := slices.DeleteFunc(slices.Sorted(maps.Keys(inner)), func(word string) bool { return word == "" }); len(words) > 0 {
		text += ", with what is in it (" + strings.Join(words, ", ") + ")"
	}
	r.config.find(diag.IStaticIgnored, s, text)
}

// flatten writes a.b.c for tables within tables, as Traefik 2 does with names.
func flatten(prefix string, inner map[string]any, names map[string]string) bool {
	for word, value := range inner {
		if table, ok := value.(map[string]any); ok {
			if !flatten(join(prefix, word), table, names) {
				return false
			}
			continue
		}
		text, ok := scalarText(value)
		if !ok {
			return false
		}
		names[join(prefix, word)] = text
	}
	return true
}

func (r *upgradeReader) unknown(path, key string) {
	s := r.setting("?unknown "+path, key, nil)
	r.config.settings[s.Path] = s
	r.config.find(diag.EStaticUnknown, s, "Traefik 2.11 does not start with it")
}

func (r *upgradeReader) ignored(path, key string) {
	s := r.setting(path+"?unknown "+key, key, nil)
	r.config.settings[s.Path] = s
	r.config.find(diag.EStaticUnknown, s, "Traefik 2 passes over it")
}

func (r *upgradeReader) setting(path, key string, place []string) *Setting {
	s := &Setting{Path: path, Key: key, kind: "unknown", place: place}
	switch {
	case r.env:
		s.Key = "TRAEFIK_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		return s
	case r.lines == nil:
		s.Key = "--" + key
		return s
	}
	s.Line = (&tomlReader{lines: r.lines}).line(key)
	return s
}

// parseUpgrade reads a value as Traefik 2 does: as the text that it is.
func parseUpgrade(value any, kind string) (any, bool) {
	if items, ok := value.([]any); ok {
		var texts []string
		for _, item := range items {
			text, ok := scalarText(item)
			if !ok {
				return nil, false
			}
			texts = append(texts, strings.TrimSpace(text))
		}
		return parseList(texts, kind)
	}
	text, ok := scalarText(value)
	if !ok {
		return nil, false
	}
	switch kind {
	case "text", "bool", "float", "duration":
		return parseText(text, kind)
	case "int": // where flaeg also reads 0x10 and 010
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	case "list", "numbers":
		if text == "" {
			return parseList(nil, kind)
		}
		texts := strings.Split(text, ",")
		for i := range texts {
			texts[i] = strings.TrimSpace(texts[i])
		}
		return parseList(texts, kind)
	}
	return nil, false
}

func parseList(texts []string, kind string) (any, bool) {
	switch kind {
	case "list":
		return append([]string{}, texts...), true
	case "numbers":
		numbers := []float64{}
		for _, text := range texts {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, false
			}
			numbers = append(numbers, f)
		}
		return numbers, true
	}
	return nil, false
}
