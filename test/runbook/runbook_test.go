package runbook_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/runbook"
)

const document = "# A\n" +
	"<!-- sandbox: prepare a b -->\n" +
	"```sh\nnever run\n```\n" +
	"```console status=3\n$ one\nanswer\n$ two \\\n  --more\n```\n" +
	"<!--\n```console again\n$ three\n…\n```\n-->\n"

func TestSteps(t *testing.T) {
	got, err := runbook.Steps(document)
	if err != nil {
		t.Fatal(err)
	}
	want := []runbook.Step{
		{Line: 2, Sandbox: []string{"prepare", "a", "b"}},
		{Line: 7, Command: "one", Want: []string{"answer"}},
		{Line: 9, Command: "two \\\n  --more", Status: 3},
		{Line: 14, Command: "three", Want: []string{"…"}, Again: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []string{"```console\nno command\n```", "```console often\n$ a\n```", "```console status=x\n$ a\n```"} {
		if _, err := runbook.Steps(wrong); err == nil {
			t.Errorf("%q is no error", wrong)
		}
	}
}

func run(t *testing.T, text string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "book.md")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := runbook.Runner{
		Dir: filepath.Dir(file), Out: io.Discard,
		Env:      func(string) []string { return []string{"WHO=world", "PATH=" + os.Getenv("PATH")} },
		Appended: map[string][]string{"echo hello": {"again"}},
		Sandbox: map[string]func(context.Context, []string) error{"write": func(_ context.Context, args []string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(file), "written"), []byte(strings.Join(args, " ")), 0o600)
		}},
	}
	return r.Run(t.Context(), file)
}

func TestRun(t *testing.T) {
	for name, c := range map[string]struct{ text, wrong string }{
		"as it is":          {"```console\n$ echo $WHO\nworld\n```", ""},
		"not as it is":      {"```console\n$ echo $WHO\nmoon\n```", "book.md:2: echo $WHO\nprinted\nworld\n"},
		"more than written": {"```console\n$ printf 'a\\nb\\n'\na\n```", "printed\na\nb\n"},
		"less than written": {"```console\n$ echo a\na\nb\n```", "printed\na\n"},
		"any lines":         {"```console\n$ printf 'a\\nb\\nc\\nd\\n'\n…\nb\n…\nd\n```", ""},
		"no such lines":     {"```console\n$ printf 'a\\nb\\n'\n…\nb\n…\nd\n```", "printed"},
		"any text":          {"```console\n$ echo 'id 7f3a99, started'\nid …, started\n```", ""},
		"columns":           {"```console\n$ echo 'a     b'\na  b\n```", ""},
		"no column":         {"```console\n$ echo 'ab'\na  b\n```", "printed"},
		"durations":         {"```console\n$ echo 'took 1m4.5s of 3s'\ntook 12s of 100ms\n```", ""},
		"numbers":           {"```console\n$ echo '3 nodes'\n4 nodes\n```", "printed"},
		"pods":              {"```console\n$ echo traefik2-9xk2p\ntraefik2-wvw9p\n```", ""},
		"words":             {"```console\n$ echo old-proxy\nold-proxies\n```", "printed"},
		"standard error":    {"```console\n$ echo a >&2\na\n```", ""},
		"anything":          {"```console\n$ echo a\n```", ""},
		"status":            {"```console status=3\n$ exit 3\n```", ""},
		"other status":      {"```console\n$ exit 3\n```", "ended with status 3, not 0"},
		"appended":          {"```console\n$ echo hello\nhello again\n```", ""},
		"again":             {"```console again\n$ cat n; printf 1 >>n\n111\n```", ""},
		"sandbox":           {"<!-- sandbox: write x y -->\n```console\n$ cat written\nx y\n```", ""},
		"no such thing":     {"<!-- sandbox: fly -->", `cannot do "fly"`},
	} {
		t.Run(name, func(t *testing.T) {
			switch err := run(t, c.text); {
			case c.wrong == "" && err != nil:
				t.Error(err)
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("%v\nwant %s", err, c.wrong)
			}
		})
	}
}
