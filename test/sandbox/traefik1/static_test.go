package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What convert static says of a value that Traefik 1.7 does not start with is
// true, and Traefik 1.7 reads everything else.
func TestStaticStoriesAreReadAsTold(t *testing.T) {
	files, err := filepath.Glob("../../../convert/static/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			parts, at := map[string]string{}, ""
			for line := range strings.Lines(string(content)) {
				if inner, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(inner, " --\n") {
					at = strings.TrimSuffix(inner, " --\n")
					continue
				}
				parts[at] += line
			}
			path := filepath.Join(t.TempDir(), "traefik.toml")
			if err := os.WriteFile(path, []byte(parts["traefik.toml"]), 0o600); err != nil {
				t.Fatal(err)
			}
			var args []string
			for line := range strings.Lines(parts["args"]) {
				args = append(args, strings.TrimSuffix(line, "\n"))
			}
			_, _, err = load(append(args, "--configfile="+path))
			refused := strings.Contains(parts["want.diag"], "does not start with it") || strings.HasPrefix(parts["want.diag"], "error: ")
			if refused != (err != nil) {
				t.Errorf("told that Traefik 1.7 refuses it: %v; it says: %v", refused, err)
			}
		})
	}
}
