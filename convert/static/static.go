package static

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Version is a Traefik, of the input or of the output.
type Version string

// The versions.
const (
	V1 Version = "v1"
	V2 Version = "v2"
	V3 Version = "v3"
)

// Options say what the output is for, and what it was made of.
type Options struct {
	// Source is for the report alone: Convert reads Traefik 1.7, Upgrade Traefik 2.
	Source, Target Version
	// Resolver is the name of the certificates resolver that acme becomes.
	Resolver string
	// Namespace is where the objects beside the configuration go.
	Namespace string
}

// Result is a configuration of Traefik 2 or 3 and what became of each key.
type Result struct {
	Tree Tree
	// Objects have to be applied beside it: Middlewares that entry points name,
	// Secrets with users, TLSOptions.
	Objects []runtime.Object
	// Settings are all keys of the input, in its order.
	Settings    []*Setting
	Diagnostics []diag.Diagnostic
	// EntryPoints are those of the input and their names in the output; the
	// blocked ones were left out.
	EntryPoints []EntryPoint
}

// EntryPoint is one of the input.
type EntryPoint struct {
	Name    string `json:"name"`
	Target  string `json:"target"`
	Address string `json:"address"`
	Blocked bool   `json:"blocked,omitempty"`
}

// conversion is one run.
type conversion struct {
	*Config
	opts Options
	// tree is the output.
	tree    Tree
	objects []runtime.Object
	// names are those of entry points in the output.
	targets map[string]string
	blocked map[string]bool
	// trustAll: some entry point believes everybody's X-Forwarded-* headers.
	trustAll bool
}

// Convert turns what was read into a configuration of Traefik 2 or 3. It never
// fails: what cannot be carried over is in the diagnostics.
func Convert(c *Config, opts Options) Result {
	r := &conversion{Config: c, opts: opts, tree: Tree{}, targets: map[string]string{}, blocked: map[string]bool{}}
	c.modernise()
	r.nameEntryPoints()
	r.globals()
	r.logs()
	r.metrics()
	r.tracing()
	r.kubernetes()
	r.providers()
	r.internals()
	r.transport()
	r.resolver()
	r.entryPoints()
	r.nothingLeft()
	r.checklist()
	r.leftover()
	diag.Sort(r.findings)
	result := Result{Tree: r.tree, Objects: r.objects, Settings: c.sorted(), Diagnostics: slices.Compact(r.findings)}
	for _, name := range c.members("entrypoints") {
		result.EntryPoints = append(result.EntryPoints, EntryPoint{
			Name: name, Target: r.targets[name], Address: c.text("entrypoints." + name + ".address"), Blocked: r.blocked[name],
		})
	}
	return result
}

// nothingLeft takes everything back when no entry point is left: without any,
// Traefik 2 and 3 open a plain one on :80 by themselves.
func (r *conversion) nothingLeft() {
	if r.tree["entryPoints"] == nil {
		r.tree, r.objects = Tree{}, nil
		r.block(diag.EStaticEntryPoint, nil, "no entry point is left, and with none Traefik opens a plain one on :80: there is no output")
	}
}

// carry puts a value into the output under the name of the setting it comes
// from. Without the setting nothing is done.
func (r *conversion) carry(path string, to ...string) bool {
	s := r.settings[path]
	if s == nil || s.value == nil {
		return false
	}
	value := s.value
	if d, ok := value.(time.Duration); ok {
		value = d.String()
	}
	if s.kind == "table" {
		value = Tree{}
	}
	r.tree.set(value, to...)
	r.done(path, dotted(to))
	return true
}

// carryAll carries several settings below one table under their new names.
func (r *conversion) carryAll(from string, to []string, keys ...[2]string) {
	for _, key := range keys {
		r.carry(from+"."+key[0], append(slices.Clone(to), key[1])...)
	}
}

// add sets what Traefik 1.7 does by default and the target does not.
func (r *conversion) add(value any, to ...string) {
	r.tree.set(value, to...)
}

func lower(key string) string { return strings.ToLower(key) }

func dotted(path []string) string {
	text := ""
	for _, word := range path {
		text = join(text, word)
	}
	return text
}

// leftover reports every key that no family took.
func (r *conversion) leftover() {
	for _, s := range r.sorted() {
		if s.taken || s.kind == "table" || s.kind == "unknown" {
			continue
		}
		r.find(diag.EStaticOption, s, "")
	}
}
