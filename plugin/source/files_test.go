package source

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"
)

// Each story of testdata has input files, a comment line "names: a.yaml dir"
// saying what -f gets (default: every input file), and a section "want".
// UPDATE=1 rewrites the sections; read the difference before committing it.
func TestFiles(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, story := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(story), ".txtar"), func(t *testing.T) { runStory(t, story) })
	}
}

func runStory(t *testing.T, story string) {
	archive, err := txtar.ParseFile(story)
	if err != nil {
		t.Fatal(err)
	}
	files := Files{Recursive: strings.Contains(string(archive.Comment), "\nrecursive\n"), Stdin: strings.NewReader("")}
	dir := t.TempDir()
	var want string
	for _, file := range archive.Files {
		if file.Name == "want" {
			want = string(file.Data)
			continue
		}
		path := filepath.Join(dir, file.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		files.Names = append(files.Names, file.Name)
	}
	for line := range strings.Lines(string(archive.Comment)) {
		if names, ok := strings.CutPrefix(line, "names:"); ok {
			files.Names = strings.Fields(names)
		}
	}
	t.Chdir(dir)
	got := describe(FromFiles(files))
	if os.Getenv("UPDATE") != "" {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
		archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
		t.Chdir(filepath.Dir(storyPath))
		if err := os.WriteFile(filepath.Base(story), txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// storyPath is absolute, because runStory changes the folder.
var storyPath = func() string {
	path, err := filepath.Abs("testdata/x")
	if err != nil {
		panic(err)
	}
	return path
}()

// describe writes what was read: objects in full, then diagnostics, then notes.
func describe(loaded Loaded, err error) string {
	var b strings.Builder
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	for _, ingress := range loaded.Input.Ingresses {
		fmt.Fprintf(&b, "ingress %s/%s from %s\n%s", ingress.Namespace, ingress.Name, ingress.File, asYAML(ingress.Ingress))
	}
	for _, service := range loaded.Input.Services {
		fmt.Fprintf(&b, "service %s/%s\n", service.Namespace, service.Name)
	}
	for _, endpoints := range loaded.Input.Endpoints {
		fmt.Fprintf(&b, "endpoints %s/%s\n%s", endpoints.Namespace, endpoints.Name, asYAML(endpoints.Subsets))
	}
	for _, secret := range loaded.Input.Secrets {
		fmt.Fprintf(&b, "secret %+v\n", secret)
	}
	for _, class := range loaded.Input.IngressClasses {
		fmt.Fprintf(&b, "class %s\n", class.Name)
	}
	for _, d := range loaded.Diagnostics {
		fmt.Fprintf(&b, "%s %s %s (%s): %s: %s\n", d.Code, d.Object.Kind, d.Object, d.Object.File, d.Field, d.Text)
	}
	for _, note := range loaded.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

func asYAML(object any) string {
	raw, err := json.Marshal(object)
	if err != nil {
		return err.Error()
	}
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "creationTimestamp: null") || line == "status:\n" || line == "  loadBalancer: {}\n" {
			continue
		}
		lines = append(lines, "  "+line)
	}
	return strings.Join(lines, "")
}
