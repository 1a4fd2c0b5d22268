package binaries

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	for _, tool := range []string{"apt-get", "dpkg-deb", "dpkg-query"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("haproxy is not installed and %s is missing to unpack Debian's package: %w", tool, ErrUnavailable)
		}
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
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	wanted, seen := []string{"haproxy"}, map[string]bool{"haproxy": true}
	for len(wanted) > 0 {
		name := wanted[0]
		wanted = wanted[1:]
		deb, err := download(ctx, dir, name)
		if err != nil {
			return err
		}
		if _, err := output(ctx, dir, "dpkg-deb", "-x", deb, files); err != nil {
			return err
		}
		depends, err := output(ctx, dir, "dpkg-deb", "-f", deb, "Depends")
		if err != nil {
			return err
		}
		for _, name := range libraries(depends) {
			if !seen[name] && !installed(ctx, name) {
				seen[name], wanted = true, append(wanted, name)
			}
		}
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

// download fetches a package, first with the system's package lists, then with
// lists of our own, because a fresh machine may have none and only root may
// fetch the system's.
func download(ctx context.Context, dir, name string) (string, error) {
	own := []string{
		"-o", "Dir::State::lists=" + filepath.Join(dir, "lists"),
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "APT::Sandbox::User=", // the cache is not readable for user _apt
	}
	_, err := output(ctx, dir, "apt-get", "-q", "-o", "APT::Sandbox::User=", "download", name)
	if err != nil {
		if err := os.MkdirAll(filepath.Join(dir, "lists", "partial"), 0o755); err != nil {
			return "", err
		}
		if err := os.MkdirAll(filepath.Join(dir, "cache", "archives", "partial"), 0o755); err != nil {
			return "", err
		}
		if !isDir(filepath.Join(dir, "lists", "updated")) {
			if _, err := output(ctx, dir, "apt-get", append(own, "-q", "update")...); err != nil {
				return "", err
			}
			if err := os.MkdirAll(filepath.Join(dir, "lists", "updated"), 0o755); err != nil {
				return "", err
			}
		}
		if _, err := output(ctx, dir, "apt-get", append(own, "-q", "download", name)...); err != nil {
			return "", err
		}
	}
	found, err := filepath.Glob(filepath.Join(dir, name+"_*.deb"))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("apt-get download %s left no package in %s", name, dir)
	}
	return found[0], nil
}

// libraries reads a Depends field: the first alternative of each item, without
// its version, if it is a library.
func libraries(depends string) []string {
	var names []string
	for item := range strings.SplitSeq(depends, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(item), " ")
		name, _, _ = strings.Cut(name, "|")
		name, _, _ = strings.Cut(name, ":") // libfoo:any
		if strings.HasPrefix(name, "lib") {
			names = append(names, name)
		}
	}
	return names
}

func installed(ctx context.Context, name string) bool {
	status, err := output(ctx, "", "dpkg-query", "-W", "-f", "${db:Status-Status}", name)
	return err == nil && status == "installed"
}

func runs(ctx context.Context, path string) bool {
	return exec.CommandContext(ctx, path, "-v").Run() == nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, tail(stderr.Bytes(), 500))
	}
	return strings.TrimSpace(stdout.String()), nil
}
