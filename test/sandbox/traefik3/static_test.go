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

// stories are those of the conversion of static configurations, from Traefik 1.7
// and from Traefik 2.
var stories = []string{"../../../convert/static/testdata/*.txtar", "../../../convert/static/testdata/upgrade/*.txtar"}

// tooNew stands in stories whose output this Traefik 3 is too old for.
const tooNew = "Not for Traefik 3.6.12"

// onlyFiles stands in stories with values of plugins, which are texts as arguments.
const onlyFiles = "As files alone"

// Every configuration that convert static writes for Traefik 3 is read by
// Traefik's own strict decoders, means the same in all three forms, and is valid.
func TestStaticConfigurations(t *testing.T) {
	var files []string
	for _, pattern := range stories {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal("no stories", err)
		}
		files = append(files, found...)
	}
	seen := 0
	for _, name := range files {
		parts := story(t, name)
		upgrade := filepath.Base(filepath.Dir(name)) == "upgrade"
		if !upgrade && !strings.Contains(parts[""], "Target: v3") || parts["want.yaml"] == "" || parts["want.yaml"] == "{}\n" {
			continue
		}
		seen++
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			if strings.Contains(parts[""], tooNew) {
				path := write(t, "traefik.yaml", parts["want.yaml"])
				if err := file.Decode(path, cmd.NewTraefikConfiguration()); err == nil {
					t.Error("it starts, though a protection is lost")
				}
				return
			}
			fromYAML := decodeFile(t, "traefik.yaml", parts["want.yaml"])
			fromTOML := decodeFile(t, "traefik.toml", parts["want.toml"])
			fromArgs := cmd.NewTraefikConfiguration()
			if err := flag.Decode(strings.Split(strings.TrimSuffix(parts["want.args"], "\n"), "\n"), fromArgs); err != nil {
				t.Fatalf("arguments: %v", err)
			}
			if !reflect.DeepEqual(fromYAML, fromTOML) {
				t.Errorf("YAML and TOML differ:\n%+v\n%+v", fromYAML, fromTOML)
			}
			if !strings.Contains(parts[""], onlyFiles) && !reflect.DeepEqual(fromYAML, fromArgs) {
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

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func decodeFile(t *testing.T, name, text string) *cmd.TraefikCmdConfiguration {
	t.Helper()
	config := cmd.NewTraefikConfiguration()
	if err := file.Decode(write(t, name, text), config); err != nil {
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
