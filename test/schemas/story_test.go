package schemas

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// kubernetes stands for the target that reads Ingresses.
const kubernetes emit.Version = 1

// story is what a testdata/*.txtar of the conversion wants, object by object.
type story struct {
	name    string
	version emit.Version
	objects [][]byte
	// certificates are those for cert-manager.
	certificates [][]byte
}

func stories(t *testing.T) []story {
	t.Helper()
	files, err := filepath.Glob("../../convert/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var out []story
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := story{name: filepath.Base(file), version: emit.V2}
		for _, part := range archive.Files {
			switch part.Name {
			case "options.yaml":
				var options struct{ Version string }
				if err := yaml.Unmarshal(part.Data, &options); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				switch options.Version {
				case "v3":
					s.version = emit.V3
				case "ingress-nginx":
					s.version = kubernetes
				}
			case "want.yaml":
				s.objects = split(part.Data)
			case "want.companions.yaml":
				s.certificates = split(part.Data)
			}
		}
		out = append(out, s)
	}
	return append(out, elsewhere(t)...)
}

// elsewhere are the objects of Traefik in other stories: those that belong to a
// static configuration, and what the commands print.
func elsewhere(t *testing.T) []story {
	t.Helper()
	var out []story
	for _, pattern := range []string{"../../convert/static/testdata/*.txtar", "../../plugin/testdata/script/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no stories: %v", err)
		}
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := story{name: filepath.Base(file), version: emit.V2}
			if bytes.Contains(archive.Comment, []byte("Target: v3")) {
				s.version = emit.V3
			}
			for _, part := range archive.Files {
				if !strings.Contains(part.Name, "want") {
					continue
				}
				for _, document := range split(part.Data) {
					if bytes.HasPrefix(bytes.TrimSpace(document), []byte("apiVersion: "+emit.Group+"/")) {
						s.objects = append(s.objects, document)
					}
				}
			}
			if len(s.objects) > 0 {
				out = append(out, s)
			}
		}
	}
	return out
}

// split takes apart what the conversion printed.
func split(text []byte) [][]byte {
	var out [][]byte
	for _, document := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
		if len(bytes.TrimSpace(document)) > 0 {
			out = append(out, document)
		}
	}
	return out
}
