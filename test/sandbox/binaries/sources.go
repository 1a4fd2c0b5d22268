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
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", r.release+"@"+version)
	cmd.Dir = module
	cmd.Env = buildEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// The answer is JSON also when the download failed.
	answer, runErr := cmd.Output()
	var found struct{ Dir, Error string }
	if err := json.Unmarshal(answer, &found); err != nil || found.Dir == "" {
		return "", fmt.Errorf("downloading the sources of %s %s: %v: %s%s", p, version, runErr, found.Error, tail(stderr.Bytes(), 500))
	}
	return found.Dir, nil
}
