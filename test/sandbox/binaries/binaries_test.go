package binaries

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hello is a module that builds in a second and needs no network.
func hello() recipe {
	return recipe{
		module: "binaries/testdata/hello", pkg: ".", release: "example.com/dep", takes: "a second",
		stamps: []string{"example.com/dep.Version"}, trimV: true,
	}
}

// emptyCache gives the test a cache directory of its own. The compiler keeps
// its cache, which lies in the same place by default.
func emptyCache(t *testing.T) {
	t.Helper()
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(goCache)))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", filepath.Join(os.Getenv("HOME"), "cache"))
}

func TestParallelCallsBuildOnce(t *testing.T) {
	emptyCache(t)
	t.Chdir(t.TempDir()) // the module is found from anywhere

	var paths [3]string
	var errs [3]error
	var logs [3]bytes.Buffer
	var wait sync.WaitGroup
	for i := range paths {
		wait.Go(func() { paths[i], errs[i] = build(t.Context(), &logs[i], "hello", hello()) })
	}
	wait.Wait()

	builds := 0
	for i, path := range paths {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if path != paths[0] {
			t.Errorf("two builds of the same sources: %s and %s", path, paths[0])
		}
		builds += strings.Count(logs[i].String(), "building hello v1.2.3, first time only, about a second …")
	}
	if builds != 1 {
		t.Errorf("built %d times, want once", builds)
	}
	if printed := printedBy(t, paths[0]); printed != "1.2.3" {
		t.Errorf("the program says %q, want its version 1.2.3", printed)
	}
}

func printedBy(t *testing.T, path string) string {
	t.Helper()
	printed, err := output(t.Context(), "", path)
	if err != nil {
		t.Fatal(err)
	}
	return printed
}

func TestFailedBuildLeavesNoProgram(t *testing.T) {
	emptyCache(t)
	broken := hello()
	broken.pkg = "./absent"
	for range 2 { // the second call must not find the first one's remains
		path, err := build(t.Context(), io.Discard, "hello", broken)
		if err == nil {
			t.Fatalf("build of a missing package gave %s", path)
		}
		if !strings.Contains(err.Error(), "absent") {
			t.Errorf("error %q does not show the compiler's message", err)
		}
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sum := func(flags ...string) string {
		t.Helper()
		hash, err := fingerprint(t.Context(), dir, flags)
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	write("go.mod", "module example.com/m\n\ngo 1.26.0\n")
	write("main.go", "package main")
	base := sum("-trimpath")

	write("main_test.go", "package main")
	write("notes.txt", "not compiled")
	if sum("-trimpath") != base {
		t.Error("a file that is not compiled changes the fingerprint")
	}
	if sum("-race") == base {
		t.Error("other flags, same fingerprint")
	}
	write("main.go", "package  main")
	if sum("-trimpath") == base {
		t.Error("another source, same fingerprint")
	}
}

func TestEnsureTakesTheControlPlaneFromAssets(t *testing.T) {
	assets := t.TempDir()
	t.Setenv("KUBEBUILDER_ASSETS", assets)
	emptyCache(t)
	want := filepath.Join(assets, "etcd")
	if err := os.WriteFile(want, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	got, err := Ensure(t.Context(), &log, Etcd)
	if err != nil || got != want {
		t.Errorf("Ensure(etcd) = %s, %v, want %s", got, err, want)
	}
	if log.Len() > 0 {
		t.Errorf("said %q although nothing was done", log.String())
	}
}

func TestEnsureStopsWithItsContext(t *testing.T) {
	emptyCache(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if path, err := build(ctx, io.Discard, "hello", hello()); err == nil {
		t.Errorf("a cancelled build gave %s", path)
	}
}

func TestEnsureUnknownProgram(t *testing.T) {
	if _, err := Ensure(t.Context(), io.Discard, "nginx"); err == nil {
		t.Error("an unknown program was found")
	}
}

func TestRecipesNameTheVersionsOfTheirModules(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	got := map[Program]string{}
	for program, r := range recipes() {
		version, err := r.version(filepath.Join(root, "test", "sandbox", r.module))
		if err != nil {
			t.Errorf("%s: %v", program, err)
		}
		got[program] = version
	}
	// The versions that the design's measurements hold for.
	want := map[Program]string{
		Etcd: "v1.36.3", KubeAPIServer: "v1.36.3", KubeControllerManager: "v1.36.3", KubeScheduler: "v1.36.3", Kubectl: "v1.36.3",
		IngressNginx: "v0.0.0-20240708192948-52c50467d67d",
		Traefik1:     "v1.7.34", Traefik2: "v2.11.50", Traefik3: "v3.6.12",
		Goreleaser: "v2.15.0", CycloneDX: "v1.9.0", Krew: "v0.5.0", ValidateKrewManifest: "v0.5.0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestBuildOwnProgram(t *testing.T) {
	emptyCache(t)
	const pkg = "./test/sandbox/binaries/cmd/sandbox-binaries"
	first, err := Build(t.Context(), io.Discard, pkg)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Build(t.Context(), io.Discard, pkg)
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Errorf("unchanged sources gave %s and %s", first, second)
	}
	if out, err := output(t.Context(), "", second, "nginx"); err == nil || !strings.Contains(err.Error(), "unknown program") {
		t.Errorf("the program does not run: %q, %v", out, err)
	}
}

func TestLibrariesOfDependsField(t *testing.T) {
	const field = "libc6 (>= 2.33), liblua5.3-0, libsystemd0 | libelogind0, adduser, libfoo:any (>= 1)"
	want := []string{"libc6", "liblua5.3-0", "libsystemd0", "libfoo"}
	if diff := cmp.Diff(want, libraries(field)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPruneKeepsWhatIsInUse(t *testing.T) {
	dir := t.TempDir()
	weeksAgo := time.Now().Add(-30 * 24 * time.Hour)
	for _, name := range []string{"traefik2-old", "traefik2-touched", "controlplane-old", "traefik2.lock"} {
		if name == "traefik2.lock" {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), weeksAgo, weeksAgo); err != nil {
			t.Fatal(err)
		}
	}
	touch(filepath.Join(dir, "traefik2-touched"))
	prune(dir, "traefik2", time.Now().Add(-keepUnused))

	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{"controlplane-old", "traefik2-touched", "traefik2.lock"}, left); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
