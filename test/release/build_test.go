package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What make build makes of one commit is the same in every folder, and small
// enough. make release-check says so of whole releases, for all platforms.
func TestTwoBuildsOfOneCommitAreTheSame(t *testing.T) {
	const plugin = "kubectl-ingress_migrate"
	build := func(folder string) (programs map[string][]byte) {
		clone := filepath.Join(t.TempDir(), folder)
		for _, args := range [][]string{
			{"git", "clone", "--quiet", "--no-tags", filepath.Join("..", ".."), clone},
			{"make", "--directory", clone, "build"},
		} {
			cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
			// A make that runs this test says things that are not for this one.
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "MAKEFLAGS=", "CGO_ENABLED=0")
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%q: %v\n%s", args, err, said)
			}
		}
		programs = map[string][]byte{}
		for _, name := range []string{plugin, "ingress-migrate-webhook"} {
			content, err := os.ReadFile(filepath.Join(clone, "bin", name))
			if err != nil {
				t.Fatal(err)
			}
			programs[name] = content
		}
		return programs
	}
	first, second := build("a"), build(filepath.Join("another", "place"))
	for name := range first {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("two builds of %s differ", name)
		}
	}

	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	if _, err := zipped.Write(first[plugin]); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	if archive.Len() > maxArchive {
		t.Errorf("%s has %.1f MiB zipped, more than %d", plugin, float64(archive.Len())/(1<<20), maxArchive>>20)
	}
}
