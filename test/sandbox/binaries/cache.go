package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cacheDir is outside the checkout: the programs outlive it and are shared by
// all checkouts of a user.
func cacheDir() (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache directory (set HOME or XDG_CACHE_HOME): %w", err)
	}
	dir := filepath.Join(user, "ingress-migrate")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("creating the cache: %w", err)
	}
	return dir, nil
}

// fingerprint hashes what a program is made of: the nested module's files, the
// flags, and the compiler that go.mod selects with its target.
func fingerprint(ctx context.Context, dir string, flags []string) (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%q\n", flags)
	goEnv := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH")
	goEnv.Dir = dir
	goEnv.Env = buildEnv()
	compiler, err := goEnv.Output()
	if err != nil {
		return "", fmt.Errorf("asking go for its version (is Go installed and in PATH?): %w", err)
	}
	hash.Write(compiler)
	// WalkDir goes in lexical order.
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || !isSource(entry.Name()) {
			return nil
		}
		return hashFile(hash, dir, path)
	})
	if err != nil {
		return "", fmt.Errorf("reading the sources of %s: %w", dir, err)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}

func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") {
		return false
	}
	return name == "go.mod" || name == "go.sum" || strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".lua")
}

func hashFile(hash io.Writer, dir, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(hash, "%s %x\n", filepath.ToSlash(name), sha256.Sum256(content))
	return err
}

// lock takes an advisory lock on the file, which other processes of the user
// take too; the kernel releases it when its holder dies. The file stays: to
// remove it would let two holders lock two files of one name.
func lock(ctx context.Context, log io.Writer, path, what string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the build lock: %w", err)
	}
	for told := false; ; told = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if !told {
			fmt.Fprintf(log, "waiting for %s: another process holds %s …\n", what, path)
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("waiting for %s: %w", path, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
