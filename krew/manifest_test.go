package krew

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// checksums are of files that hold their own names.
func checksums(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256([]byte(name)), name)
	}
	return b.String()
}

func archives(tag string) []string {
	var names []string
	for _, os := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			suffix := ".tar.gz"
			if os == "windows" {
				suffix = ".zip"
			}
			names = append(names, "kubectl-ingress_migrate_"+tag+"_"+os+"_"+arch+suffix)
		}
	}
	return names
}

// Krew's own validator accepts the manifest.
func TestKrewAcceptsManifest(t *testing.T) {
	validator, err := binaries.Ensure(t.Context(), os.Stderr, binaries.ValidateKrewManifest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := Manifest(Release{Tag: "v1.2.3-rc.1", Checksums: strings.NewReader(checksums(archives("v1.2.3-rc.1")...))})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), Name+".yaml")
	if err := os.WriteFile(file, manifest, 0o644); err != nil {
		t.Fatal(err)
	}
	// Installing is for `make release-check`, which has archives.
	said, err := exec.CommandContext(t.Context(), validator, "-manifest", file, "-skip-install").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, said, manifest)
	}
}

func TestEveryArchiveHasItsAddressAndChecksum(t *testing.T) {
	const tag = "v1.2.3"
	pair := regexp.MustCompile(`(?m)^    uri: (\S+)\n    sha256: ([0-9a-f]{64})$`)
	for downloads, base := range map[string]string{
		"":                        "https://github.com/ingress-migrate/kubectl-ingress-migrate/releases/download/v1.2.3/",
		"http://127.0.0.1:8080/x": "http://127.0.0.1:8080/x/",
	} {
		manifest, err := Manifest(Release{Tag: tag, Checksums: strings.NewReader(checksums(archives(tag)...)), Downloads: downloads})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, match := range pair.FindAllStringSubmatch(string(manifest), -1) {
			found[match[1]] = match[2]
		}
		for _, name := range archives(tag) {
			if want := fmt.Sprintf("%x", sha256.Sum256([]byte(name))); found[base+name] != want {
				t.Errorf("%s%s has the checksum %q, want %q", base, name, found[base+name], want)
			}
		}
		if len(found) != 6 || strings.Contains(string(manifest), "{{") {
			t.Errorf("%d archives, want 6, and nothing left to fill in:\n%s", len(found), manifest)
		}
	}
}

func TestBadReleasesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ tag, checksums, want string }{
		"no v":           {"1.2.3", "", `the tag "1.2.3" of the release is no version such as v1.2.3`},
		"no tag":         {"", "", `the tag "" of the release is no version`},
		"missing file":   {"v1.2.3", checksums(archives("v1.2.3")[:3]...), "there is no checksum of kubectl-ingress_migrate_v1.2.3_darwin_arm64.tar.gz"},
		"other release":  {"v1.2.4", checksums(archives("v1.2.3")...), "there is no checksum of kubectl-ingress_migrate_v1.2.4_linux_amd64.tar.gz"},
		"other checksum": {"v1.2.3", "\nd41d8cd98f00b204e9800998ecf8427e  x.tar.gz\n", "line 2 of the checksums is no SHA-256 with a file name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Manifest(Release{Tag: c.tag, Checksums: strings.NewReader(c.checksums)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
