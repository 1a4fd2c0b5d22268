package traefik3

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/traefik/paerser/file"
	"github.com/traefik/paerser/flag"

	"github.com/traefik/traefik/v3/cmd"
)

// stories are those of the conversion of static configurations.
const stories = "../../../convert/static/testdata/*.txtar"

// Every configuration that convert static writes for Traefik 3 is read by
// Traefik's own strict decoders, means the same in all three forms, and is valid.
func TestStaticConfigurations(t *testing.T) {
	files, err := filepath.Glob(stories)
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	seen := 0
	for _, name := range files {
		parts := story(t, name)
		if strings.Contains(parts[""], "Target: v3") != (3 == 3) || parts["want.yaml"] == "" || parts["want.yaml"] == "{}\n" {
			continue
		}
		seen++
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			fromYAML := decodeFile(t, "traefik.yaml", parts["want.yaml"])
			fromTOML := decodeFile(t, "traefik.toml", parts["want.toml"])
			fromArgs := cmd.NewTraefikConfiguration()
			if err := flag.Decode(strings.Split(strings.TrimSuffix(parts["want.args"], "\n"), "\n"), fromArgs); err != nil {
				t.Fatalf("arguments: %v", err)
			}
			if !reflect.DeepEqual(fromYAML, fromTOML) {
				t.Errorf("YAML and TOML differ:\n%+v\n%+v", fromYAML, fromTOML)
			}
			if !reflect.DeepEqual(fromYAML, fromArgs) {
				t.Errorf("YAML and arguments differ:\n%+v\n%+v", fromYAML, fromArgs)
			}
			fromYAML.SetEffectiveConfiguration()
			if err := fromYAML.ValidateConfiguration(); err != nil {
				t.Errorf("Traefik 3 refuses it: %v", err)
			}
		})
	}
	if seen == 0 {
		t.Fatal("no story is for Traefik 3")
	}
}

func decodeFile(t *testing.T, name, text string) *cmd.TraefikCmdConfiguration {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := cmd.NewTraefikConfiguration()
	if err := file.Decode(path, config); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return config
}

// story splits an archive of the form of golang.org/x/tools/txtar, which this
// module does without; the comment has no name.
func story(t *testing.T, name string) map[string]string {
	t.Helper()
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
	return parts
}
