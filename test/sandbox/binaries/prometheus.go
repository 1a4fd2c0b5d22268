package binaries

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// Prometheus returns Debian's Prometheus server.
func Prometheus(ctx context.Context, log io.Writer) (string, error) {
	if err := canUnpack(); err != nil {
		return "", fmt.Errorf("prometheus: %w", err)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "prometheus-debian")
	path := filepath.Join(dir, "files", "usr", "bin", "prometheus")
	if isFile(path) {
		return path, nil
	}
	unlock, err := lock(ctx, log, filepath.Join(cache, "prometheus.lock"), "prometheus")
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(path) { // unpacked while we waited
		return path, nil
	}
	fmt.Fprintln(log, "unpacking Prometheus from Debian's packages, first time only, a few seconds …")
	if _, err := unpack(ctx, dir, "prometheus"); err != nil {
		return "", fmt.Errorf("prometheus: %w", err)
	}
	return path, nil
}
