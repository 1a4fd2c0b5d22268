// Package binaries finds or builds the real programs that the sandbox runs, and
// those that make and check a release.
//
// Nothing is downloaded ready made: every program but HAProxy is compiled from
// the Go module proxy by a nested module beside this package, once, into the
// user's cache directory. The directory's name holds a hash of everything the
// program is made of, so that a changed go.mod, source file, flag or compiler
// is a new directory and no stale program is ever used.
package binaries

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Program names a program that the sandbox needs. Its text is the file name.
type Program string

// The programs of the sandbox.
const (
	Etcd                  Program = "etcd"
	HAProxy               Program = "haproxy"
	IngressNginx          Program = "ingress-nginx"
	KubeAPIServer         Program = "kube-apiserver"
	KubeControllerManager Program = "kube-controller-manager"
	KubeScheduler         Program = "kube-scheduler"
	Kubectl               Program = "kubectl"
	Traefik1              Program = "traefik1"
	Traefik2              Program = "traefik2"
	Traefik3              Program = "traefik3"
)

// The programs of a release: see test/release.
const (
	CycloneDX            Program = "cyclonedx-gomod"
	Goreleaser           Program = "goreleaser"
	Krew                 Program = "krew"
	ValidateKrewManifest Program = "validate-krew-manifest"
)

// All lists every program of the sandbox in the order in which fetching them is useful: the
// control plane first, HAProxy, which can fail, last.
func All() []Program {
	return []Program{
		Etcd, KubeAPIServer, KubeControllerManager, KubeScheduler, Kubectl,
		Traefik2, Traefik1, Traefik3, IngressNginx, HAProxy,
	}
}

// Ensure returns the path of a program that can be run, building it when no
// build of the same sources is in the cache. What it does and how long that
// takes is told on log, one line per event. Parallel calls, also from other
// processes, build once.
//
// A program of the control plane that KUBEBUILDER_ASSETS holds is used from
// there. HAProxy fails with ErrUnavailable where neither PATH nor Debian's
// packages have it.
func Ensure(ctx context.Context, log io.Writer, p Program) (string, error) {
	if p == HAProxy {
		return haproxy(ctx, log)
	}
	r, ok := recipes()[p]
	if !ok {
		return "", fmt.Errorf("unknown program %q", p)
	}
	if path, ok := fromAssets(r, p); ok {
		return path, nil
	}
	path, err := build(ctx, log, p, r)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p, err)
	}
	return path, nil
}

// EnsureAssets returns a directory that holds etcd, kube-apiserver and kubectl,
// for use as envtest's binary directory.
func EnsureAssets(ctx context.Context, log io.Writer) (string, error) {
	var dir string
	for _, p := range []Program{Etcd, Kubectl, KubeAPIServer} {
		path, err := Ensure(ctx, log, p)
		if err != nil {
			return "", err
		}
		if dir != "" && dir != filepath.Dir(path) {
			return "", fmt.Errorf("%s is in %s and %s is not: let KUBEBUILDER_ASSETS hold etcd, kube-apiserver and kubectl, or unset it", "etcd", dir, p)
		}
		dir = filepath.Dir(path)
	}
	return dir, nil
}

func fromAssets(r recipe, p Program) (string, bool) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" || !r.inAssets {
		return "", false
	}
	path := filepath.Join(dir, string(p))
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
