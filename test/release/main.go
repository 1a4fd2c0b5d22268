// The release program makes a release of the current commit, twice and in two
// folders, and publishes nothing. It fails unless both are the same to the byte,
// archives hold what they should and are small, krew's own validator accepts the
// manifest, krew installs every platform, and kubectl runs what krew installed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

func main() {
	keep := flag.String("keep", "", "Folder to copy the release to")
	work := flag.String("dir", "", "Folder to work in, which stays: what an earlier run made there of this commit is not made again (default: a new one)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *keep, *work)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
	fmt.Println("ok: the release is as it should be")
}

func run(ctx context.Context, keep, dir string) error {
	tools, err := prepare(ctx)
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "release-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}

	// Folders of different lengths: a path that got into a file would show.
	var dists []string
	for _, folder := range []string{"a", filepath.Join("another", "place")} {
		dist, err := tools.release(ctx, filepath.Join(dir, folder))
		if err != nil {
			return err
		}
		dists = append(dists, dist)
	}
	archives, err := sameFiles(dists[0], dists[1])
	if err != nil {
		return err
	}
	if err := checkArchives(dists[0], archives); err != nil {
		return err
	}
	if err := tools.checkKrew(ctx, dists[0], filepath.Join(dir, "krew")); err != nil {
		return err
	}
	if keep != "" {
		return os.CopyFS(keep, os.DirFS(dists[0]))
	}
	return nil
}

// tools are the programs that make and check a release.
type tools struct {
	// tag is what the release is called: as what it installs. It exists in the clones only.
	tag                                             string
	goreleaser, cyclonedx, krew, validator, kubectl string
}

func prepare(ctx context.Context) (*tools, error) {
	tag, err := manifests.Tag()
	if err != nil {
		return nil, err
	}
	t := &tools{tag: tag}
	for program, path := range map[binaries.Program]*string{
		binaries.Goreleaser: &t.goreleaser, binaries.CycloneDX: &t.cyclonedx,
		binaries.Krew: &t.krew, binaries.ValidateKrewManifest: &t.validator, binaries.Kubectl: &t.kubectl,
	} {
		var err error
		if *path, err = binaries.Ensure(ctx, os.Stderr, program); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// release makes a release of the commit that is checked out here, in a clone in
// dir, and returns the folder with its files.
func (t *tools) release(ctx context.Context, dir string) (string, error) {
	began, dist := time.Now(), filepath.Join(dir, "dist")
	if made(ctx, dir) {
		fmt.Println("released before: " + t.tag)
		return dist, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	steps := []*exec.Cmd{
		exec.CommandContext(ctx, "git", "clone", "--quiet", "--no-tags", ".", dir),
		exec.CommandContext(ctx, "git", "-C", dir, "tag", t.tag),
		exec.CommandContext(ctx, t.goreleaser, "check", "--quiet"),
		exec.CommandContext(ctx, t.goreleaser, "release", "--clean", "--skip=publish,sign,announce"),
	}
	for _, step := range steps {
		if step.Path == t.goreleaser {
			step.Dir = dir
		}
		// Signing needs an identity that only the place of a real release has.
		step.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "PATH="+path(filepath.Dir(t.cyclonedx)))
		if said, err := step.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(step.Args, " "), err, said)
		}
	}
	fmt.Printf("released %s in %s\n", t.tag, time.Since(began).Round(time.Second))
	return dist, nil
}

// made tells whether a folder has a whole release of the commit that is checked out here:
// goreleaser lists what it made when all is made.
func made(ctx context.Context, dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, "dist", "artifacts.json")); err != nil {
		return false
	}
	here, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return false
	}
	there, err := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "HEAD").Output()
	return err == nil && string(here) == string(there)
}

// path is PATH with folders before it.
func path(folders ...string) string {
	return strings.Join(append(folders, os.Getenv("PATH")), string(os.PathListSeparator))
}
