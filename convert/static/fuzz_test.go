package static

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzRead holds the result of any file and any arguments to what can be said of
// every result.
func FuzzRead(f *testing.F) {
	eachStory(f, "testdata/*.txtar", func(file string, parts map[string]string) {
		f.Add([]byte(parts["traefik.toml"]), parts["args"], len(file)%2 == 0)
	})
	f.Fuzz(func(t *testing.T, content []byte, args string, v3 bool) {
		in := Input{File: "traefik.toml", Content: content, Args: strings.Split(args, "\n")}
		if args == "" {
			in.Args = nil
		}
		opts := Options{Target: V2, Resolver: "le", Namespace: "edge"}
		if v3 {
			opts.Target = V3
		}
		first := everything(t, in, opts)
		if second := everything(t, in, opts); first != second {
			t.Fatalf("two runs differ:\n%s\n%s", first, second)
		}
	})
}

// FuzzUpgrade is the same for Traefik 2, with the content as YAML or TOML.
func FuzzUpgrade(f *testing.F) {
	eachStory(f, "testdata/upgrade/*.txtar", func(_ string, parts map[string]string) {
		f.Add([]byte(parts["traefik.yaml"]+parts["traefik.toml"]), parts["args"], parts["env"])
	})
	f.Fuzz(func(t *testing.T, content []byte, args, env string) {
		in := Input{File: "-", Content: content, Args: strings.Split(args, "\n"), Env: strings.Split(env, "\n")}
		if args == "" {
			in.Args = nil
		}
		opts := Options{Source: V2, Target: V3}
		first := everything(t, in, opts)
		if second := everything(t, in, opts); first != second {
			t.Fatalf("two runs differ:\n%s\n%s", first, second)
		}
		if _, err := Detect(in); err != nil && err.Error() == "" {
			t.Error("it is not said why it cannot be told")
		}
	})
}

// eachStory hands over the parts of every story by name.
func eachStory(f *testing.F, pattern string, seed func(file string, parts map[string]string)) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		parts := map[string]string{}
		for _, part := range archive.Files {
			parts[part.Name] = string(part.Data)
		}
		seed(file, parts)
	}
}

func everything(t *testing.T, in Input, opts Options) string {
	result, err := convertAny(in, opts)
	if err != nil {
		return err.Error()
	}
	text := ""
	for _, format := range []Format{YAML, TOML, Args} {
		out, err := result.Tree.Encode(format)
		if err != nil {
			t.Fatalf("encoding as %s: %v", format, err)
		}
		text += string(out)
	}
	for _, s := range result.Settings {
		if s.IsKey() && len(s.Target) == 0 && len(s.Codes) == 0 && s.Note == "" {
			t.Errorf("%s disappears", s.Key)
		}
	}
	report, err := json.Marshal([]any{NewReport(result, in, opts), result.Objects})
	if err != nil {
		t.Fatal(err)
	}
	return text + string(report)
}
