package binaries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// heartbeat is how often a long build says that it is still going on.
const heartbeat = 30 * time.Second

// keepUnused is how long a build of other sources stays in the cache: long
// enough for another branch or checkout to come back to it.
const keepUnused = 14 * 24 * time.Hour

// build returns the cached program or compiles it into the cache.
func build(ctx context.Context, log io.Writer, p Program, r recipe) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, "test", "sandbox", r.module)
	version, err := r.version(module)
	if err != nil {
		return "", err
	}
	flags := r.flags(version)
	hash, err := fingerprint(ctx, module, flags)
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	name := filepath.Base(r.module)
	dir := filepath.Join(cache, fmt.Sprintf("%s-%s-%s", name, version, hash))
	path := filepath.Join(dir, string(p))
	if isFile(path) {
		touch(dir)
		return path, nil
	}

	unlock, err := lock(ctx, log, filepath.Join(cache, name+".lock"), string(p))
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(path) { // built while we waited
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("creating the cache: %w", err)
	}
	fmt.Fprintf(log, "building %s %s, first time only, about %s …\n", p, version, r.takes)
	start := time.Now()
	if err := compile(ctx, log, module, r.pkg, path, flags); err != nil {
		return "", err
	}
	prune(cache, name+"-", start.Add(-keepUnused))
	fmt.Fprintf(log, "built %s %s in %s\n", p, version, time.Since(start).Round(time.Second))
	return path, nil
}

// compile builds pkg in the module at dir and moves the result to path, so that
// path never holds half a program.
func compile(ctx context.Context, log io.Writer, dir, pkg, path string, flags []string) error {
	unfinished, err := os.CreateTemp(filepath.Dir(path), ".build-*")
	if err != nil {
		return fmt.Errorf("creating a file in the cache: %w", err)
	}
	unfinished.Close()
	defer os.Remove(unfinished.Name())

	args := append([]string{"build"}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", unfinished.Name(), pkg)...)
	cmd.Dir = dir
	cmd.Env = buildEnv()
	cmd.WaitDelay = 5 * time.Second // compilers outlive a cancelled go command
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	stop := beat(log, filepath.Base(path))
	err = cmd.Run()
	stop()
	if err != nil {
		return fmt.Errorf("go build %s in %s: %w\n%s", pkg, dir, err, tail(output.Bytes(), 4000))
	}
	if err := os.Rename(unfinished.Name(), path); err != nil {
		return fmt.Errorf("moving the program into the cache: %w", err)
	}
	return nil
}

// buildEnv keeps a developer's workspace and flags from changing what is built:
// the hash in the path does not know of them.
func buildEnv() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
}

// beat writes a line now and then until the returned function is called.
func beat(log io.Writer, name string) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	start := time.Now()
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				fmt.Fprintf(log, "still building %s, %s so far …\n", name, time.Since(start).Round(time.Second))
			}
		}
	}()
	return func() { close(done); <-stopped }
}

// tail keeps the end of a build's output, where the errors are; "downloading"
// lines can fill pages before them.
func tail(output []byte, limit int) []byte {
	if len(output) <= limit {
		return output
	}
	return append([]byte("…"), output[len(output)-limit:]...)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
