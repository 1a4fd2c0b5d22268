package acme

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write what the conversion gives into the want.* of the stories")

// A story is a testdata/*.txtar file; keys in it are written as words, see keys:
//
//	(comment)      what the story shows
//	acme.json      the file of Traefik 1
//	want.json      that of Traefik 2, for a resolver called le, on 2026-01-15
//	want.secrets   the same as Secrets of the namespace edge
//	want.diag      the findings: code severity field — text; or the error
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories in testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runStory(t, file) })
	}
}

func runStory(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range archive.Files {
		parts[f.Name] = string(f.Data)
	}
	var made keys
	got := map[string]string{"want.json": "", "want.secrets": "", "want.diag": ""}
	result, err := Convert([]byte(made.fill(t, parts["acme.json"])), Options{
		Resolver: "le", File: "acme.json", Now: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		got["want.diag"] = "error: " + err.Error() + "\n"
	} else {
		store, err := result.Store()
		if err != nil {
			t.Fatal(err)
		}
		got["want.json"] = made.hide(string(store))
		for _, secret := range result.Secrets("edge") {
			text, err := yaml.Marshal(secret)
			if err != nil {
				t.Fatal(err)
			}
			got["want.secrets"] += "---\n" + made.hide(string(text))
		}
	}
	for _, d := range result.Diagnostics {
		got["want.diag"] += fmt.Sprintf("%s %s %s \u2014 %s\n", d.Code, d.Severity, d.Field, d.Text)
	}
	for _, name := range []string{"want.json", "want.secrets", "want.diag"} {
		if *update {
			archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
			continue
		}
		if diff := cmp.Diff(parts[name], got[name]); diff != "" {
			t.Errorf("%s (-want +got; -update accepts it):\n%s", name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
