package binaries

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const modulePath = "github.com/ingress-migrate/kubectl-ingress-migrate"

// moduleRoot finds the checkout: above this source file, or, where -trimpath
// hid its place, above the working directory.
func moduleRoot() (string, error) {
	var starts []string
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			if isRoot(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", errors.New("the sandbox builds its programs from a checkout of " + modulePath + ": run it inside one")
}

func isRoot(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strings.TrimSpace(first) == "module "+modulePath
}
