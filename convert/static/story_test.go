package static

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

var update = flag.Bool("update", false, "write what the conversion gives into the want.* of the stories")

// A story is a testdata/*.txtar file, or one in testdata/upgrade for Traefik 2:
//
//	(comment)      what the story shows; "Target: v3" on a line of its own for Traefik 3
//	traefik.toml   the file of Traefik 1.7, if any; for Traefik 2 also traefik.yaml
//	args           its arguments, one a line, if any
//	env            variables of Traefik 2, one a line, if any
//	want.yaml      the configuration of the target; want.toml and want.args are the same
//	want.objects   the objects to apply beside it
//	want.diag      the findings: code severity (blocking) place field — text; or the error
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	upgrades, err2 := filepath.Glob("testdata/upgrade/*.txtar")
	if err != nil || err2 != nil || len(files) == 0 || len(upgrades) == 0 {
		t.Fatal("no stories in testdata", err, err2)
	}
	for _, file := range append(files, upgrades...) {
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
	in := Input{File: "traefik.toml", Content: []byte(parts["traefik.toml"])}
	if text, ok := parts["traefik.yaml"]; ok {
		in = Input{File: "traefik.yaml", Content: []byte(text)}
	}
	for line := range strings.Lines(parts["args"]) {
		in.Args = append(in.Args, strings.TrimSuffix(line, "\n"))
	}
	for line := range strings.Lines(parts["env"]) {
		in.Env = append(in.Env, strings.TrimSuffix(line, "\n"))
	}
	opts := Options{Target: V2, Resolver: "letsencrypt", Namespace: "edge"}
	if slices.Contains(strings.Split(string(archive.Comment), "\n"), "Target: v3") {
		opts.Target = V3
	}
	if filepath.Base(filepath.Dir(file)) == "upgrade" {
		opts.Source, opts.Target = V2, V3
	}
	got := tell(t, in, opts)
	for _, name := range []string{"want.yaml", "want.toml", "want.args", "want.objects", "want.diag"} {
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

// tell is everything that a conversion says.
func tell(t testing.TB, in Input, opts Options) map[string]string {
	t.Helper()
	got := map[string]string{}
	result, err := convertAny(in, opts)
	if err != nil {
		got["want.diag"] = "error: " + err.Error() + "\n"
		return got
	}
	for name, format := range map[string]Format{"want.yaml": YAML, "want.toml": TOML, "want.args": Args} {
		text, err := result.Tree.Encode(format)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = string(text)
	}
	for _, object := range result.Objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		got["want.objects"] += "---\n" + string(text)
	}
	for _, d := range result.Diagnostics {
		if d.Code == diag.IStaticCheck && d.Field == "" && !strings.Contains(string(in.Content), "# checklist") {
			continue // the same everywhere; one story has it
		}
		blocking := ""
		if d.Blocking {
			blocking = " blocking"
		}
		got["want.diag"] += strings.TrimSpace(fmt.Sprintf("%s %s%s %s: %s", d.Code, d.Severity, blocking, d.Object.File, d.Field)) + " \u2014 " + d.Text + "\n"
	}
	return got
}

// convertAny converts what Traefik 1.7 or, if the options say so, Traefik 2 reads.
func convertAny(in Input, opts Options) (Result, error) {
	if opts.Source == V2 {
		config, err := ReadV2(in)
		if err != nil {
			return Result{}, err
		}
		return Upgrade(config), nil
	}
	config, err := Read(in)
	if err != nil {
		return Result{}, err
	}
	return Convert(config, opts), nil
}
