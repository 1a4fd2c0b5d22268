package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
)

// The same input gives the same bytes, whatever order Go's maps are in today.
func TestSameBytes(t *testing.T) {
	file := input(t, 200, "documents.yaml")
	var first []byte
	for i := range 20 {
		var out bytes.Buffer
		convert(t, &out, file)
		if i == 0 {
			first = out.Bytes()
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Fatalf("run %d differs from the first: %s", i, cmp.Diff(string(first), out.String()))
		}
	}
}

// In which form Ingresses come changes nothing of what comes out.
func TestSameForEveryForm(t *testing.T) {
	var want bytes.Buffer
	convert(t, &want, input(t, 100, "documents.yaml"))
	for _, name := range forms[1:] {
		var got bytes.Buffer
		convert(t, &got, input(t, 100, name))
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%s: -documents +list:\n%s", name, diff)
		}
	}
}

// YAML that is written object by object is what sigs.k8s.io/yaml makes of the
// objects of -o json, which takes another way, for every story of the conversion.
func TestSameAsJSON(t *testing.T) {
	stories, err := filepath.Glob("../../convert/testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	objects := 0
	for _, story := range stories {
		archive, err := txtar.ParseFile(story)
		if err != nil {
			t.Fatal(err)
		}
		dialect := "traefik-v1"
		for _, other := range []string{"traefik-", "nginx-"} {
			if strings.HasPrefix(filepath.Base(story), other) {
				dialect = strings.TrimSuffix(other, "-")
			}
		}
		for _, file := range archive.Files {
			if !strings.HasSuffix(file.Name, ".yaml") || strings.HasPrefix(file.Name, "want") {
				continue
			}
			input := filepath.Join(t.TempDir(), "input.yaml")
			if err := os.WriteFile(input, file.Data, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, to := range []string{"v2", "v3"} {
				want, n := fromJSON(t, printed(input, "json", dialect, to))
				objects += n
				if diff := cmp.Diff(want, string(printed(input, "yaml", dialect, to))); diff != "" {
					t.Errorf("%s to %s: -json +yaml:\n%s", filepath.Base(story), to, diff)
				}
			}
		}
	}
	if objects == 0 {
		t.Error("nothing was compared")
	}
}

// printed is what convert prints; that some of a story cannot be converted is as
// it should be.
func printed(input, format, from, to string) []byte {
	var out bytes.Buffer
	plugin.Run(context.Background(), []string{"convert", "-f", input, "-o", format, "--from", from, "--to", to},
		genericiooptions.IOStreams{In: os.Stdin, Out: &out, ErrOut: &bytes.Buffer{}})
	return out.Bytes()
}

// fromJSON turns a printed list into the documents of its items.
func fromJSON(t *testing.T, text []byte) (documents string, n int) {
	t.Helper()
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	for i, item := range list.Items {
		document, err := yaml.JSONToYAML(item)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(document)
	}
	return out.String(), len(list.Items)
}
