package binaries

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// axeCore is the accessibility checker, and what npm says its package hashes to.
const (
	axeCore       = "axe-core@4.14.1"
	axeCoreSHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

// AxeCore returns the script of axe-core, fetched with npm into the cache.
func AxeCore(ctx context.Context, log io.Writer) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, axeCore)
	path := filepath.Join(dir, "axe.min.js")
	if isFile(path) {
		return path, nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", fmt.Errorf("%s comes with npm, which is not installed: %w", axeCore, err)
	}
	unlock, err := lock(ctx, log, filepath.Join(cache, "axe-core.lock"), axeCore)
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(path) { // fetched while we waited
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintf(log, "fetching %s, first time only …\n", axeCore)
	name, err := output(ctx, dir, "npm", "pack", "--silent", "--ignore-scripts", axeCore)
	if err != nil {
		return "", fmt.Errorf("%s: %w", axeCore, err)
	}
	archive, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
	if err != nil {
		return "", fmt.Errorf("%s: %w", axeCore, err)
	}
	sum := sha512.Sum512(archive)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != axeCoreSHA512 {
		return "", fmt.Errorf("%s has SHA-512 %s, want %s", axeCore, got, axeCoreSHA512)
	}
	script, err := fileOf(archive, "package/axe.min.js")
	if err != nil {
		return "", fmt.Errorf("%s: %w", axeCore, err)
	}
	if err := os.WriteFile(path+".unfinished", script, 0o644); err != nil {
		return "", err
	}
	return path, os.Rename(path+".unfinished", path)
}

// fileOf returns one file of a tar.gz.
func fileOf(archive []byte, name string) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the package has no %s", name)
		}
		if err != nil {
			return nil, err
		}
		if header.Name == name {
			return io.ReadAll(files)
		}
	}
}
