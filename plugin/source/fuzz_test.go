package source

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Whatever is in a file, reading and converting it ends without a panic, and
// every Ingress that is handed on can be named.
func FuzzFile(f *testing.F) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, story := range stories {
		content, err := os.ReadFile(story)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(content).Files {
			if file.Name != "want" {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		r := newReader("default")
		r.file("fuzz.yaml", content)
		loaded := r.loaded()
		for _, ingress := range loaded.Input.Ingresses {
			if ingress.Name == "" || ingress.Namespace == "" || ingress.Kind != "Ingress" {
				t.Errorf("an Ingress without identity: %+v", ingress.ObjectMeta)
			}
		}
		convert.Convert(loaded.Input, convert.Options{})
	})
}
