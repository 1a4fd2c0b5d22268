// Package krew holds the plugin's manifest for krew's index and fills it in for a
// release.
package krew

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"text/template"
)

// Name is the plugin's name in krew's index; the manifest's file has it too.
const Name = "ingress-migrate"

//go:embed ingress-migrate.yaml
var manifest string

// tag is a semantic version with a v before it, which is what krew asks for.
var tag = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// Release is what a manifest is filled in with.
type Release struct {
	// Tag is the release's tag, such as v1.2.3.
	Tag string
	// Checksums are lines of `SHA-256  FILE`, as sha256sum and goreleaser write
	// them.
	Checksums io.Reader
	// Downloads is a URL to fetch archives from instead of the published ones;
	// empty: those.
	Downloads string
}

// Manifest fills the manifest in. It is an error if an archive that it names has
// no checksum.
func Manifest(r Release) ([]byte, error) {
	if !tag.MatchString(r.Tag) {
		return nil, fmt.Errorf("the tag %q of the release is no version such as v1.2.3", r.Tag)
	}
	sums, err := readChecksums(r.Checksums)
	if err != nil {
		return nil, err
	}
	fill := func(text string, funcs template.FuncMap) (string, error) {
		parsed, err := template.New(Name).Funcs(funcs).Parse(text)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		err = parsed.Execute(&b, map[string]string{"TagName": r.Tag})
		return b.String(), err
	}
	// krew-release-bot's name for it, so that the bot can use the same template.
	addURIAndSha := func(uri, _ string) (string, error) {
		uri, err := fill(uri, nil)
		if err != nil {
			return "", err
		}
		name := path.Base(uri)
		sum, ok := sums[name]
		if !ok {
			return "", fmt.Errorf("there is no checksum of %s", name)
		}
		if r.Downloads != "" {
			uri = strings.TrimSuffix(r.Downloads, "/") + "/" + name
		}
		return fmt.Sprintf("uri: %s\n    sha256: %s", uri, sum), nil
	}
	filled, err := fill(manifest, template.FuncMap{"addURIAndSha": addURIAndSha})
	if err != nil {
		return nil, fmt.Errorf("filling in krew's manifest: %w", err)
	}
	return []byte(filled), nil
}

var checksum = regexp.MustCompile(`^([0-9a-f]{64}) [ *](\S+)$`)

// readChecksums returns checksums by file name.
func readChecksums(r io.Reader) (map[string]string, error) {
	sums := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		found := checksum.FindSubmatch(line)
		if found == nil {
			return nil, fmt.Errorf("line %d of the checksums is no SHA-256 with a file name: %q", n, line)
		}
		sums[string(found[2])] = string(found[1])
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the checksums: %w", err)
	}
	return sums, nil
}
