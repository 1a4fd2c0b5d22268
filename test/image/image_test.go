// Package image lets ko build the webhook's image as .ko.yaml says, without a
// container engine: base and image are in a registry of the test's own.
package image

import (
	"archive/tar"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

const root = "../.."

// base pushes an image for both platforms that says of itself what the real base
// says: no shell, no root.
func base(t *testing.T, ref string) {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, arch := range []string{"amd64", "arm64"} {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
			OS: "linux", Architecture: arch, Config: v1.Config{User: "65532"},
			RootFS: v1.RootFS{Type: "layers"},
		})
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	if err := remote.WriteIndex(parse(t, ref), index); err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, ref string) name.Reference {
	t.Helper()
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func run(t *testing.T, dir string, env []string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, complaints.String())
	}
	return strings.TrimSpace(string(said))
}

func TestImage(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	base(t, host+"/base:nonroot")
	ko := filepath.Join(t.TempDir(), "ko")
	run(t, ".", nil, "go", "build", "-o", ko, "github.com/google/ko")

	// One commit, two folders.
	var digests []string
	for _, folder := range []string{"a", filepath.Join("another", "place")} {
		clone := filepath.Join(t.TempDir(), folder)
		run(t, root, nil, "git", "clone", "--quiet", "--no-tags", ".", clone)
		ref := run(t, clone, []string{
			"KO_DOCKER_REPO=" + host + "/webhook", "KO_DEFAULTBASEIMAGE=" + host + "/base:nonroot",
			"SOURCE_DATE_EPOCH=" + run(t, clone, nil, "git", "log", "-1", "--format=%ct"), "GOFLAGS=",
		}, ko, "build", "--bare", "--insecure-registry", "./cmd/ingress-migrate-webhook")
		digests = append(digests, ref)
	}
	if digests[0] != digests[1] {
		t.Errorf("two builds of one commit: %s and %s", digests[0], digests[1])
	}

	index, err := remote.Index(parse(t, digests[0]))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		look(t, image, m.Platform)
	}
	if got := strings.Join(platforms, " "); got != "linux/amd64 linux/arm64" {
		t.Errorf("the image is for %q", got)
	}
}

// look holds one platform's image against what the Deployment needs of it.
func look(t *testing.T, image v1.Image, platform *v1.Platform) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	const program = "/ko-app/ingress-migrate-webhook"
	if c := config.Config; c.User != "65532" || strings.Join(c.Entrypoint, " ") != program {
		t.Errorf("%s: user %q, entry point %q", platform, c.User, c.Entrypoint)
	}
	files := mutate.Extract(image)
	defer files.Close()
	for reader := tar.NewReader(files); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s: the image has no %s", platform, program)
		}
		if err != nil {
			t.Fatal(err)
		}
		if "/"+strings.TrimPrefix(header.Name, "/") != program {
			continue
		}
		if platform.Architecture == runtime.GOARCH {
			start(t, reader)
		}
		return
	}
}

// start runs the image's program.
func start(t *testing.T, content io.Reader) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "webhook")
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, content); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), file, "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(said), "-conversion") {
		t.Errorf("%v: %s", err, said)
	}
}
