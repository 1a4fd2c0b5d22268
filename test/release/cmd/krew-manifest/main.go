// Command krew-manifest prints the plugin's manifest for krew's index, filled in
// for a release.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/ingress-migrate/kubectl-ingress-migrate/krew"
)

func main() {
	tag := flag.String("tag", "", "The release's tag, such as v1.2.3")
	checksums := flag.String("checksums", "dist/checksums.txt", "The file with the archives' SHA-256")
	flag.Parse()
	if err := run(os.Stdout, *tag, *checksums); err != nil {
		fmt.Fprintf(os.Stderr, "krew-manifest: %v\n", err)
		os.Exit(1)
	}
}

func run(w io.Writer, tag, checksums string) error {
	file, err := os.Open(checksums)
	if err != nil {
		return fmt.Errorf("reading the checksums of a release: %w", err)
	}
	defer file.Close()
	manifest, err := krew.Manifest(krew.Release{Tag: tag, Checksums: file})
	if err != nil {
		return err
	}
	_, err = w.Write(manifest)
	return err
}
