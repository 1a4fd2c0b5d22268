package plugin

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/runbook"
)

// TestDocumentedCommands holds all that documents and help texts tell to type against the
// commands that there are: words, flags and their values.
func TestDocumentedCommands(t *testing.T) {
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range runbook.Blocks(string(text)) {
			switch block.Language {
			case "sh":
				checkTyped(t, file, strings.Join(block.Text, "\n"))
			case "console":
				steps, err := block.Steps()
				if err != nil {
					t.Errorf("%s: %v", file, err)
				}
				for _, step := range steps {
					checkTyped(t, file, step.Command)
				}
			}
		}
	}
	every(t, func(t *testing.T, cmd *cobra.Command) { checkTyped(t, "example", cmd.Example) })
}

// documents are all files of Markdown that are ours.
func documents(t *testing.T) []string {
	t.Helper()
	files := []string{filepath.Join("..", "README.md")}
	for _, dir := range []string{"docs", "krew", "manifests"} {
		if err := filepath.WalkDir(filepath.Join("..", dir), func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".md" {
				files = append(files, path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// checkTyped lets a shell read lines as it would, with a kubectl that runs nothing.
func checkTyped(t *testing.T, where, lines string) {
	t.Helper()
	if !strings.Contains(lines, displayName) {
		return
	}
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	// Those of a pipeline run side by side: each has a file of its own.
	shell := exec.Command("bash", "-c", `kubectl() { printf '%s\0' "$@" $'\n' >>"$HOME/calls.$BASHPID"; }
`+lines)
	shell.Dir, shell.Env = home, []string{"PATH=/nonexistent", "HOME=" + home}
	shellErr := shell.Run() // which may fail: nothing but kubectl is there
	files, err := filepath.Glob(filepath.Join(home, "calls.*"))
	if err != nil {
		t.Fatal(err)
	}
	var calls string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		calls += string(text)
	}
	found := 0
	for call := range strings.SplitSeq(calls, "\x00\n\x00") {
		args := strings.Split(call, "\x00")
		if args[0] != "ingress-migrate" {
			continue
		}
		found++
		if err := parses(args[1:]); err != nil {
			t.Errorf("%s: kubectl %s: %v", where, strings.Join(args, " "), err)
		}
	}
	if found == 0 {
		t.Errorf("%s: the shell finds no call of kubectl (%v) in\n%s", where, shellErr, lines)
	}
}

// parses tells what is wrong with a command line, as far as it can be said without running it.
func parses(args []string) error {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	cmd, rest, err := NewCommand(streams).Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return err
	}
	if cmd.PreRunE == nil {
		return nil
	}
	return cmd.PreRunE(cmd, cmd.Flags().Args())
}
