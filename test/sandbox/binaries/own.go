package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// keepOwn is how long a build of our own that nobody used stays in the cache.
const keepOwn = 24 * time.Hour

// Build compiles a program of the root module, for instance
// "./cmd/kubectl-ingress_migrate", and returns its path. The go command decides
// what must be compiled again, so the program is never older than its sources.
// The path holds a hash of the program: a running one is not replaced.
func Build(ctx context.Context, log io.Writer, pkg string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "own")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("creating the cache: %w", err)
	}
	staging, err := os.MkdirTemp(dir, ".build-*")
	if err != nil {
		return "", fmt.Errorf("creating a directory in the cache: %w", err)
	}
	defer os.RemoveAll(staging)

	program := filepath.Join(staging, path.Base(pkg))
	fmt.Fprintf(log, "building %s\n", pkg)
	if err := compile(ctx, log, root, pkg, program, []string{"-buildvcs=false", "-mod=readonly"}); err != nil {
		return "", err
	}
	sum, err := sumFile(program)
	if err != nil {
		return "", err
	}
	final := filepath.Join(dir, path.Base(pkg)+"-"+sum[:12], path.Base(pkg))
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return "", fmt.Errorf("creating the cache: %w", err)
	}
	if err := os.Rename(program, final); err != nil {
		return "", fmt.Errorf("moving the program into the cache: %w", err)
	}
	touch(filepath.Dir(final))
	prune(dir, "", time.Now().Add(-keepOwn))
	return final, nil
}

func sumFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// prune removes builds, entries of dir whose names start with prefix, that were
// last used before the given time. What cannot be removed costs disk space, not
// correctness.
func prune(dir, prefix string, before time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), prefix) && info.ModTime().Before(before) {
			os.RemoveAll(filepath.Join(dir, entry.Name()))
		}
	}
}

// touch notes that a build is in use. A note that cannot be made is missed
// after weeks only.
func touch(dir string) {
	now := time.Now()
	_ = os.Chtimes(dir, now, now)
}
