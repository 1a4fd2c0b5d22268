package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/krew"
)

// checkKrew lets krew judge and install the release in dist.
func (t *tools) checkKrew(ctx context.Context, dist, dir string) error {
	// krew begins with nothing.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	// The validator calls `kubectl krew`.
	for name, program := range map[string]string{"kubectl": t.kubectl, "kubectl-krew": t.krew} {
		if err := os.Symlink(program, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dist))}
	go server.Serve(listener)
	defer server.Close()

	// As krew's index would check it, with downloads, and as it is published.
	loopback, err := t.writeManifest(dist, filepath.Join(dir, "loopback"), "http://"+listener.Addr().String())
	if err != nil {
		return err
	}
	published, err := t.writeManifest(dist, filepath.Join(dir, "published"), "")
	if err != nil {
		return err
	}
	for _, args := range [][]string{{"-manifest", loopback}, {"-manifest", published, "-skip-install"}} {
		validate := exec.CommandContext(ctx, t.validator, args...)
		validate.Env = append(os.Environ(), "PATH="+path(bin))
		said, err := validate.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(validate.Args, " "), err, said)
		}
		if len(args) == 2 && !strings.Contains(string(said), "all 6 spec.platforms installed fine") {
			return fmt.Errorf("krew's validator did not install six platforms:\n%s", said)
		}
	}
	fmt.Println("krew's validator accepts the manifest and installed 6 platforms")

	for _, platform := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			if err := t.install(ctx, dist, published, dir, platform, arch); err != nil {
				return fmt.Errorf("krew on %s/%s: %w", platform, arch, err)
			}
		}
	}
	fmt.Println("krew installs all 6 archives")
	return nil
}

func (t *tools) writeManifest(dist, dir, downloads string) (string, error) {
	sums, err := os.Open(filepath.Join(dist, "checksums.txt"))
	if err != nil {
		return "", err
	}
	defer sums.Close()
	manifest, err := krew.Manifest(krew.Release{Tag: t.tag, Checksums: sums, Downloads: downloads})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(dir, krew.Name+".yaml")
	return file, os.WriteFile(file, manifest, 0o644)
}

// install lets krew install one archive without a network, and runs it if it is
// for this platform.
func (t *tools) install(ctx context.Context, dist, manifest, dir, platform, arch string) error {
	root, suffix, program := filepath.Join(dir, platform+"-"+arch), ".tar.gz", "kubectl-ingress_migrate"
	if platform == "windows" {
		suffix, program = ".zip", program+".exe"
	}
	archive := filepath.Join(dist, "kubectl-ingress_migrate_"+t.tag+"_"+platform+"_"+arch+suffix)
	cmd := exec.CommandContext(ctx, t.krew, "install", "--manifest="+manifest, "--archive="+archive)
	cmd.Env = append(os.Environ(), "KREW_ROOT="+root, "KREW_OS="+platform, "KREW_ARCH="+arch)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	store := filepath.Join(root, "store", krew.Name, t.tag)
	for _, file := range []string{filepath.Join(store, program), filepath.Join(store, "LICENSE"), filepath.Join(root, "bin", program)} {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("installed, but: %w", err)
		}
	}
	if platform != runtime.GOOS || arch != runtime.GOARCH {
		return nil
	}
	return t.runInstalled(ctx, root, store)
}

// runInstalled asks kubectl for the plugin that krew installed, and for what
// completes it.
func (t *tools) runInstalled(ctx context.Context, root, store string) error {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"ingress-migrate", "version", "--client"}, "Plugin:     " + t.tag + " (commit "},
		{[]string{"__complete", "ingress-migrate", "cuto"}, "cutover\t"},
	} {
		cmd := exec.CommandContext(ctx, t.kubectl, c.args...)
		// kubectl has to find itself, the plugin, and the script beside it.
		cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(root, "none"),
			"PATH="+path(filepath.Join(root, "bin"), store, filepath.Dir(t.kubectl)))
		said, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said)
		}
		if !strings.HasPrefix(string(said), c.want) {
			return fmt.Errorf("%s says %q, want %q first", strings.Join(cmd.Args, " "), said, c.want)
		}
	}
	fmt.Println("kubectl runs what krew installed, and completes it")
	return nil
}
