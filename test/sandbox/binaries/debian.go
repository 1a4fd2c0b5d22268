package binaries

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs that are not written in Go come from Debian's packages, unpacked into
// the cache: no root, no change of the system.

// canUnpack says what is missing for that.
func canUnpack() error {
	for _, tool := range []string{"apt-get", "dpkg-deb", "dpkg-query"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing to unpack Debian's package", tool)
		}
	}
	return nil
}

// unpack makes dir anew with the files of packages and of the libraries that they
// need and the system does not have, and returns where the files are.
func unpack(ctx context.Context, dir string, packages ...string) (string, error) {
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(files, 0o755); err != nil {
		return "", err
	}
	wanted, seen := packages, map[string]bool{}
	for _, name := range packages {
		seen[name] = true
	}
	for len(wanted) > 0 {
		name := wanted[0]
		wanted = wanted[1:]
		deb, err := download(ctx, dir, name)
		if err != nil {
			return "", err
		}
		if _, err := output(ctx, dir, "dpkg-deb", "-x", deb, files); err != nil {
			return "", err
		}
		depends, err := output(ctx, dir, "dpkg-deb", "-f", deb, "Depends")
		if err != nil {
			return "", err
		}
		for _, name := range libraries(depends) {
			if !seen[name] && !installed(ctx, name) {
				seen[name], wanted = true, append(wanted, name)
			}
		}
	}
	return files, nil
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
