// Package architecture keeps the rules about who may import whom.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ingress-migrate/kubectl-ingress-migrate"

// goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// list asks the go command about our packages, tests not among them.
func list(t *testing.T) map[string]goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Dir,GoFiles,Imports,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	packages := map[string]goPackage{}
	for decoder := json.NewDecoder(out); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	return packages
}

// ours is a path below the module's root; false for other modules.
func ours(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func under(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}

// convert is a pure function: no client, no clock, no logger.
func TestConvertIsPure(t *testing.T) {
	packages := list(t)
	// The CRD types are partly made of the dynamic configuration's.
	traefikTypes := []string{
		"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd",
		"github.com/traefik/traefik/v2/pkg/config/dynamic",
		"github.com/traefik/traefik/v2/pkg/types",
	}
	for path, p := range packages {
		local, mine := ours(path)
		if !mine || !under(local, "convert") {
			continue
		}
		for _, imported := range p.Imports {
			switch imported {
			case "context", "log", "log/slog", "os", "os/exec", "math/rand", "math/rand/v2", "sync":
				t.Errorf("%s imports %s", local, imported)
				continue
			}
			dependency := packages[imported]
			inner, mine := ours(imported)
			switch {
			case dependency.Standard:
			case mine && under(inner, "convert"):
			case under(imported, "k8s.io/api", "k8s.io/apimachinery"):
			case under(imported, traefikTypes...) && under(local, "convert/emit"):
			// Data formats without a client behind them.
			case under(imported, "github.com/BurntSushi/toml", "sigs.k8s.io/yaml", "go.yaml.in/yaml"):
			default:
				t.Errorf("%s imports %s: convert may use the standard library, k8s.io/api and k8s.io/apimachinery; convert/emit Traefik's CRD types", local, imported)
			}
		}
	}
}

// Durations are fine, asking for the time is not.
func TestConvertAsksNoClock(t *testing.T) {
	for path, p := range list(t) {
		local, mine := ours(path)
		if !mine || !under(local, "convert") {
			continue
		}
		for _, name := range p.GoFiles {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, forbidden := range []string{"time.Now(", "time.Since(", "time.Sleep(", "time.After(", "\tgo func", "http.Get(", "http.Client", "net.Dial", "net.Lookup"} {
				if strings.Contains(string(content), forbidden) {
					t.Errorf("%s/%s has %s", local, name, strings.TrimSpace(forbidden))
				}
			}
		}
	}
}

// A dialect never sees Traefik's types and emit never sees an annotation: what
// one says to the other is ir.
func TestDialectsAndEmitMeetInIR(t *testing.T) {
	dialects := []string{"convert/traefikv1", "convert/traefikingress", "convert/nginx"}
	emitters := []string{"convert/emit", "convert/emitnginx"}
	for path, p := range list(t) {
		local, mine := ours(path)
		if !mine {
			continue
		}
		for _, imported := range p.Deps {
			inner, mine := ours(imported)
			switch {
			case under(local, dialects...) && under(imported, "github.com/traefik/traefik"):
				t.Errorf("dialect %s depends on %s", local, imported)
			case under(local, dialects...) && mine && under(inner, emitters...):
				t.Errorf("dialect %s depends on %s", local, inner)
			case under(local, emitters...) && mine && under(inner, dialects...):
				t.Errorf("%s depends on dialect %s", local, inner)
			}
		}
	}
}

// cobra and pflag belong to the command line; logic does not know it.
func TestOnlyTheCommandLineKnowsFlags(t *testing.T) {
	for path, p := range list(t) {
		local, mine := ours(path)
		if !mine || local == "" || local == "plugin" || under(local, "cmd") {
			continue
		}
		for _, imported := range p.Imports {
			if under(imported, "github.com/spf13/cobra", "github.com/spf13/pflag") {
				t.Errorf("%s imports %s: only plugin and cmd may", local, imported)
			}
		}
	}
}

// webhook and plugin share nothing but convert.
func TestWebhookAndPluginDoNotMeet(t *testing.T) {
	for path, p := range list(t) {
		local, mine := ours(path)
		if !mine {
			continue
		}
		for _, imported := range p.Deps {
			inner, mine := ours(imported)
			switch {
			case !mine:
			case under(local, "webhook") && under(inner, "plugin"):
				t.Errorf("%s depends on %s", local, inner)
			case under(local, "plugin") && under(inner, "webhook"):
				t.Errorf("%s depends on %s", local, inner)
			case under(inner, "test") && !under(local, "test"):
				t.Errorf("%s depends on %s: tests are no part of the product", local, inner)
			}
		}
	}
}

// What decides does not print; what prints does not decide.
func TestDecidersPrintNothing(t *testing.T) {
	prints := []string{"fmt.Print", "os.Stdout", "os.Stderr", "println("}
	for path, p := range list(t) {
		local, mine := ours(path)
		if !mine || !under(local, "plugin/cutover", "plugin/scan", "plugin/fleet", "plugin/repair", "plugin/source", "plugin/preflight", "plugin/probe", "plugin/lb", "plugin/shift", "convert") {
			continue
		}
		for _, name := range p.GoFiles {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, forbidden := range prints {
				if strings.Contains(string(content), forbidden) {
					t.Errorf("%s/%s has %s", local, name, forbidden)
				}
			}
		}
	}
}

// Only main decides how the program ends.
func TestOnlyMainExits(t *testing.T) {
	for path, p := range list(t) {
		local, mine := ours(path)
		if !mine || under(local, "cmd", "test") {
			continue
		}
		for _, name := range p.GoFiles {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, forbidden := range []string{"os.Exit(", "log.Fatal"} {
				if strings.Contains(string(content), forbidden) {
					t.Errorf("%s/%s has %s", local, name, forbidden)
				}
			}
		}
	}
}

// `go install …@latest` refuses a module with replace directives.
func TestRootModuleHasNoReplace(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		for _, directive := range []string{"replace", "exclude"} {
			if strings.HasPrefix(strings.TrimSpace(line), directive) {
				t.Errorf("go.mod has %q", strings.TrimSpace(line))
			}
		}
	}
}
