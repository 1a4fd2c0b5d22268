package static

import (
	"slices"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// upgrade is one run from Traefik 2 to 3.
type upgrade struct {
	*Config
	tree Tree
	// providers are those that are called otherwise in Traefik 3, as in name@docker.
	providers map[string]string
}

// Upgrade turns a configuration of Traefik 2 into one of Traefik 3. A key stays
// what it is unless one of the families below takes it; the lists of keys say
// that there is nothing else to take (upgrade_test.go).
func Upgrade(c *Config) Result {
	u := &upgrade{Config: c, tree: Tree{}, providers: map[string]string{}}
	if !u.starts() {
		return u.result()
	}
	u.removed()
	u.renamed()
	u.http3()
	u.docker()
	u.namespaces()
	u.gateway()
	u.late()
	u.logLevel()
	u.references()
	u.same()
	u.additions()
	u.upgradeChecklist()
	return u.result()
}

func (u *upgrade) result() Result {
	diag.Sort(u.findings)
	result := Result{Tree: u.tree, Settings: u.sorted(), Diagnostics: slices.Compact(u.findings)}
	for _, name := range u.members("entrypoints") {
		result.EntryPoints = append(result.EntryPoints, EntryPoint{
			Name: name, Target: name, Address: u.text("entrypoints." + name + ".address"), Blocked: len(u.tree) == 0,
		})
	}
	return result
}

// starts tells whether Traefik 2 starts with the configuration. What it does not
// start with is no working source: nothing is made of it, so that nothing opens
// that nobody has seen running.
func (u *upgrade) starts() bool {
	bad := slices.ContainsFunc(u.findings, func(d diag.Diagnostic) bool {
		return strings.HasSuffix(d.Text, "does not start with it")
	})
	switch {
	case bad:
		u.block(diag.EStaticEntryPoint, nil, "Traefik 2 does not start with this configuration: there is no output until the findings are mended")
	case !slices.ContainsFunc(u.sorted(), func(s *Setting) bool { return s.value != nil }):
		u.block(diag.EStaticEntryPoint, nil, "nothing here is a setting of Traefik 2: there is no output")
		bad = true
	}
	if bad {
		for _, s := range u.sorted() {
			if !s.taken {
				s.taken, s.Note = true, "there is no output"
			}
		}
	}
	return !bad
}

// same carries everything that no family has taken.
func (u *upgrade) same() {
	target := schemaOf(keys3Text)
	for _, s := range u.sorted() {
		if s.taken || s.value == nil {
			continue
		}
		if s.kind == "table" {
			// Traefik refuses an empty section that is none it may be empty.
			if at := target.follow(dotted(s.place)); at != nil && at.kind == "switch" {
				u.put(s, s.place)
			}
			s.taken = true
			continue
		}
		if s.kind == "any" && !allText(s.value) {
			u.remark(diag.WStaticOption, s, "in a file it is what it was; of an argument Traefik makes a text for the plugin")
		}
		u.put(s, s.place)
	}
}

// allText tells whether a value has texts alone in it.
func allText(value any) bool {
	if table, ok := value.(map[string]any); ok {
		for _, inner := range table {
			if !allText(inner) {
				return false
			}
		}
		return true
	}
	_, ok := value.(string)
	return ok
}

// put puts the value of a setting into the output.
func (u *upgrade) put(s *Setting, place []string) {
	u.tree.place(outputValue(s), place)
	u.done(s.Path, dotted(place))
}

func outputValue(s *Setting) any {
	switch v := s.value.(type) {
	case time.Duration:
		return v.String()
	case map[string]string:
		names := Tree{}
		for name, text := range v {
			names[name] = text
		}
		return names
	}
	if s.kind == "table" {
		return Tree{}
	}
	return treeOf(s.value)
}

// moveSection gives a section another place; what has been taken stays behind.
func (u *upgrade) moveSection(from string, to ...string) {
	depth := strings.Count(from, ".") + 1
	for _, s := range append(u.below(from), u.settings[from]) {
		if s == nil || s.taken || s.value == nil {
			continue
		}
		place := append(slices.Clone(to), s.place[depth:]...)
		u.put(s, place)
	}
}
