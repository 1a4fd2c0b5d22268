package binaries

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Sources returns the directory, in Go's module cache, of the module that a
// program is built from: for files that belong to that very version, such as
// Traefik's custom resource definitions.
func Sources(ctx context.Context, p Program) (string, error) {
	r, ok := recipes()[p]
	if !ok {
		return "", fmt.Errorf("%s is not built from sources", p)
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, "test", "sandbox", r.module)
	version, err := r.version(module)
	if err != nil {
		return "", err
	}
	return modDownload(ctx, module, r.release+"@"+version)
}

// modDownload returns the directory of a module's sources, as asked for in dir.
func modDownload(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = dir
	cmd.Env = buildEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// The answer is JSON also when the download failed.
	answer, runErr := cmd.Output()
	var found struct{ Dir, Error string }
	if err := json.Unmarshal(answer, &found); err != nil || found.Dir == "" {
		return "", fmt.Errorf("downloading the sources of %s: %v: %s%s", module, runErr, found.Error, tail(stderr.Bytes(), 500))
	}
	return found.Dir, nil
}

// ModuleSources returns the directory of a module at the version that a nested module of
// ours, such as test/ingressoracle, pins in its go.mod and go.sum.
func ModuleSources(ctx context.Context, nested, module string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	return modDownload(ctx, filepath.Join(root, filepath.FromSlash(nested)), module)
}
