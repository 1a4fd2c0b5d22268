package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrUnavailable says that a program is neither installed nor to be had without
// changing the system. The sandbox then uses its own balancer.
var ErrUnavailable = errors.New("not available on this machine")

// haproxy returns HAProxy from PATH, or unpacks Debian's packages into the
// cache: no root, no change of the system.
func haproxy(ctx context.Context, log io.Writer) (string, error) {
	if path, err := exec.LookPath("haproxy"); err == nil {
		return path, nil
	}
	if isFile("/usr/sbin/haproxy") { // not in every user's PATH
		return "/usr/sbin/haproxy", nil
	}
	if err := canUnpack(); err != nil {
		return "", fmt.Errorf("haproxy is not installed and %w: %w", err, ErrUnavailable)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "haproxy-debian")
	path := filepath.Join(dir, "haproxy")
	if isFile(path) && runs(ctx, path) {
		return path, nil
	}
	unlock, err := lock(ctx, log, filepath.Join(cache, "haproxy.lock"), "haproxy")
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(path) && runs(ctx, path) { // unpacked while we waited
		return path, nil
	}
	fmt.Fprintln(log, "unpacking HAProxy from Debian's packages, first time only, a few seconds …")
	if err := unpackHAProxy(ctx, dir, path); err != nil {
		return "", fmt.Errorf("haproxy is not installed (apt-get install haproxy) and its package could not be unpacked: %w: %w", err, ErrUnavailable)
	}
	return path, nil
}

func unpackHAProxy(ctx context.Context, dir, path string) error {
	files, err := unpack(ctx, dir, "haproxy")
	if err != nil {
		return err
	}
	// A script, so that callers need not know where the libraries are.
	script := fmt.Sprintf("#!/bin/sh\nLD_LIBRARY_PATH=%[1]q/usr/lib:%[1]q/lib:$(echo %[1]q/usr/lib/*-linux-gnu*)\nexport LD_LIBRARY_PATH\nexec %[1]q/usr/sbin/haproxy \"$@\"\n", files)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		return err
	}
	if !runs(ctx, path) {
		return errors.New("the unpacked program does not start")
	}
	return nil
}

func runs(ctx context.Context, path string) bool {
	return exec.CommandContext(ctx, path, "-v").Run() == nil
}
