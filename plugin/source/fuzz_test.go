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

// FuzzTOML reads configuration files of Traefik 1.7: an error, or facts that are
// valid and in order.
func FuzzTOML(f *testing.F) {
	for _, text := range []string{
		"", "keepTrailingSlash = true", "defaultEntryPoints = [\"http\"]\n[entryPoints.http]\naddress = \":80\"", "[entryPoints.a]\naddress = \"[::1]:http\"",
		"[entryPoints.https]\naddress = \":443\"\n[entryPoints.https.tls]", "[entryPoints.b]\naddress = \":1\"\n[entryPoints.b.redirect]\nentryPoint = \"b\"", "[retry]\nattempts = -1",
		"[kubernetes]\nlabelselector = \"((\"\nnamespaces = [\"a\"]", "entryPoints = 1", "a = ",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		facts, err := FactsFromTOML(content)
		if err != nil {
			return
		}
		if err := facts.Validate(); err != nil || !facts.EntryPointsKnown || len(facts.EntryPoints) == 0 {
			t.Fatalf("%q gives %+v: %v", content, facts, err)
		}
		convert.Convert(convert.Input{}, convert.Options{TraefikV1: facts})
	})
}
