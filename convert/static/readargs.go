package static

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// short spells the one-letter flags of Traefik 1.7 out.
func short(letter string) string {
	switch strings.ToLower(letter) {
	case "c":
		return "configfile"
	case "d":
		return "debug"
	case "g":
		return "gracetimeout"
	case "l":
		return "loglevel"
	}
	return ""
}

// readArgs reads arguments as containous/flaeg does: --name=value, --name value,
// --flag for truth values and tables; names in any case.
func (c *Config) readArgs(args []string) error {
	root := schemaOf(keysText)
	fresh := map[string]bool{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if !strings.HasPrefix(arg, "-") || arg == "-" || arg == "--" {
			return fmt.Errorf("argument %d is no flag of Traefik 1.7: write --name=value", i+1)
		}
		name, text, given := strings.Cut(arg, "=")
		name, given, text = longName(name, given, text)
		if name == "configfile" {
			if !given {
				i++
			}
			continue
		}
		at := root
		for _, word := range strings.Split(name, ".") {
			if at != nil {
				at, _ = at.find(word)
			}
		}
		if at == nil || at.kind == "" {
			s := &Setting{Path: "?" + name, Key: "--" + name, kind: "unknown"}
			c.settings[s.Path] = s
			c.find(diag.EStaticUnknown, s, "unknown argument: Traefik 1.7 does not start with it")
			continue
		}
		if isSwitch := at.kind == "bool" || at.kind == "table" && name != "entrypoints"; !given && isSwitch {
			text = "true"
		} else if !given {
			i++
			if i == len(args) {
				return fmt.Errorf("argument --%s has no value", name)
			}
			text = args[i]
		}
		if !fresh[name] {
			// A flag replaces what the file says, also of entry points and lists.
			c.replace(name, at.kind)
			fresh[name] = true
		}
		c.argument(name, at, text)
	}
	return nil
}

// longName takes the dashes off and spells one-letter flags out.
func longName(name string, given bool, text string) (string, bool, string) {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return strings.ToLower(long), given, text
	}
	letter := name[1:]
	if len(letter) > 1 {
		if given {
			text = letter[1:] + "=" + text
		} else {
			text = letter[1:]
		}
		letter, given = letter[:1], true
	}
	if long := short(letter); long != "" {
		return long, given, text
	}
	return letter, given, text
}

// replace reports what an argument takes the place of.
func (c *Config) replace(name, kind string) {
	if kind == "table" && name != "entrypoints" {
		return
	}
	gone := c.below(name)
	if s := c.settings[name]; s != nil && s.kind != "table" {
		gone = append(gone, s)
	}
	for _, s := range gone {
		if s.kind != "table" {
			c.find(diag.WStaticOverride, s, "")
			c.settings["?override "+s.Path] = s
		}
		delete(c.settings, s.Path)
	}
	delete(c.names, name)
}

func (c *Config) argument(name string, at *node, text string) {
	s := &Setting{Path: name, Key: "--" + name, kind: at.kind}
	refuse := func() {
		s.Path = "?" + name
		c.settings[s.Path] = s
		c.find(diag.EStaticValue, s, "want "+wanted(at.kind)+": Traefik 1.7 does not start with it")
	}
	switch {
	case name == "entrypoints":
		c.entryPoint(text)
		return
	case at.kind == "table":
		on, err := strconv.ParseBool(text)
		switch {
		case err != nil:
			refuse()
		case on:
			c.parents(s)
			c.section(name, s)
		default:
			s.Path = "?" + name
			c.settings[s.Path] = s
			c.find(diag.IStaticIgnored, s, "false leaves the section as it is in Traefik 1.7")
		}
		return
	case at.kind == "tables":
		c.domains(name, text)
		return
	}
	value, ok := parseText(text, at.kind)
	if !ok {
		refuse()
		return
	}
	if old := c.settings[name]; old != nil {
		switch earlier := old.value.(type) {
		case []string:
			value = slices.Concat(earlier, value.([]string))
		case []float64:
			value = slices.Concat(earlier, value.([]float64))
		}
	}
	s.value = value
	c.parents(s)
	c.settings[name] = s
}

// parents switches the sections around a setting on.
func (c *Config) parents(s *Setting) {
	for name := s.Path; ; {
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return
		}
		name = name[:i]
		c.section(name, s)
	}
}

// section switches a section on, for the sake of a setting.
func (c *Config) section(name string, s *Setting) {
	if c.settings[name] == nil {
		c.settings[name] = &Setting{Path: name, Key: s.Key, Line: s.Line, kind: "table", value: true}
	}
}

// domains reads main.test,www.main.test into the next table of an array.
func (c *Config) domains(name, text string) {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' })
	index := 0
	for c.settings[fmt.Sprintf("%s[%d]", name, index)] != nil {
		index++
	}
	path := fmt.Sprintf("%s[%d]", name, index)
	at := &Setting{Path: path, Key: "--" + name}
	c.parents(at)
	c.section(path, at)
	if len(names) > 0 {
		c.settings[path+".main"] = &Setting{Path: path + ".main", Key: at.Key, kind: "text", value: names[0]}
	}
	if len(names) > 1 {
		c.settings[path+".sans"] = &Setting{Path: path + ".sans", Key: at.Key, kind: "list", value: names[1:]}
	}
}

// parseText reads the value of an argument as flaeg's parsers do.
func parseText(text, kind string) (any, bool) {
	switch kind {
	case "text":
		return text, true
	case "bool":
		b, err := strconv.ParseBool(text)
		return b, err == nil
	case "int":
		n, err := strconv.ParseInt(text, 0, 64)
		return n, err == nil
	case "float":
		f, err := strconv.ParseFloat(text, 64)
		return f, err == nil
	case "duration":
		return parseDuration(text)
	case "list", "numbers":
		return parseList(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }), kind)
	case "names":
		names := map[string]string{}
		for _, field := range strings.Fields(strings.Trim(text, `"`)) {
			if name, mode, ok := strings.Cut(field, "="); ok {
				names[name] = mode
			}
		}
		return names, true
	}
	return nil, false
}
