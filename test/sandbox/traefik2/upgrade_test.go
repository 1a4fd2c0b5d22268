package traefik2

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/traefik/paerser/env"
	"github.com/traefik/paerser/file"
	"github.com/traefik/paerser/flag"

	"github.com/traefik/traefik/v2/cmd"
)

// What convert static says that Traefik 2 does not start with is true, and
// Traefik 2 reads everything else: the file, else arguments, else the environment.
func TestUpgradeStoriesAreReadAsTold(t *testing.T) {
	files, err := filepath.Glob("../../../convert/static/testdata/upgrade/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			parts := story(t, name)
			err := readStory(t, parts)
			refused := strings.Contains(parts["want.diag"], "does not start with it\n") && strings.Contains(parts["want.diag"], "Traefik 2") && parts["want.yaml"] == "{}\n"
			refused = refused || strings.HasPrefix(parts["want.diag"], "error: ") || strings.Contains(parts["want.diag"], "nothing here is a setting")
			if refused != (err != nil) {
				t.Errorf("told that Traefik 2 refuses it: %v; it says: %v", refused, err)
			}
		})
	}
}

func readStory(t *testing.T, parts map[string]string) error {
	config := cmd.NewTraefikConfiguration()
	for _, name := range []string{"traefik.yaml", "traefik.toml"} {
		if text, ok := parts[name]; ok {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return file.Decode(path, config)
		}
	}
	if args, ok := parts["args"]; ok {
		return flag.Decode(strings.Split(strings.TrimSuffix(args, "\n"), "\n"), config)
	}
	variables := strings.Split(strings.TrimSuffix(parts["env"], "\n"), "\n")
	return env.Decode(env.FindPrefixedEnvVars(variables, env.DefaultNamePrefix, config), env.DefaultNamePrefix, config)
}
