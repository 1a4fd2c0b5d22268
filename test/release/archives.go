package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxArchive is what a plugin may weigh, in bytes.
const maxArchive = 20 << 20

// sameFiles compares what two releases publish, and returns the names of the
// archives.
func sameFiles(a, b string) ([]string, error) {
	var archives, different []string
	published := 0
	entries, err := os.ReadDir(a)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		archive := strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".zip")
		if !archive && name != "checksums.txt" && !strings.HasSuffix(name, ".cdx.json") {
			continue // goreleaser's own notes
		}
		first, err := os.ReadFile(filepath.Join(a, name))
		if err != nil {
			return nil, err
		}
		second, err := os.ReadFile(filepath.Join(b, name))
		if err != nil {
			return nil, fmt.Errorf("the second release lacks a file of the first: %w", err)
		}
		if !bytes.Equal(first, second) {
			different = append(different, name)
		}
		published++
		if archive {
			archives = append(archives, name)
		}
	}
	if len(different) > 0 {
		return nil, fmt.Errorf("two releases of one commit differ in %s", strings.Join(different, ", "))
	}
	if len(archives) != 6 || published != 6+6+1 {
		return nil, fmt.Errorf("the release has %d archives and %d files, want 6 archives, 6 lists of what is in them, and the checksums", len(archives), published)
	}
	fmt.Printf("two releases of one commit are the same: %d files\n", published)
	return archives, nil
}

// checkArchives looks at what is in every archive, and at its size.
func checkArchives(dist string, archives []string) error {
	for _, name := range archives {
		raw, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			return err
		}
		if len(raw) > maxArchive {
			return fmt.Errorf("%s has %.1f MiB, more than %d", name, float64(len(raw))/(1<<20), maxArchive>>20)
		}
		read, program := readTar, "kubectl-ingress_migrate"
		if strings.HasSuffix(name, ".zip") {
			read, program = readZip, program+".exe"
		}
		files, err := read(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		slices.Sort(files)
		want := []string{"-rw-r--r-- LICENSE", "-rwxr-xr-x " + program, "-rwxr-xr-x kubectl_complete-ingress_migrate"}
		if !slices.Equal(files, want) {
			return fmt.Errorf("%s holds %q, want %q", name, files, want)
		}
		fmt.Printf("%5.1f MiB  %s\n", float64(len(raw))/(1<<20), name)
	}
	return nil
}

func readTar(raw []byte) ([]string, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var files []string
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		files = append(files, header.FileInfo().Mode().String()+" "+header.Name)
	}
}

func readZip(raw []byte) ([]string, error) {
	reader, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	var files []string
	for _, file := range reader.File {
		files = append(files, file.Mode().String()+" "+file.Name)
	}
	return files, nil
}
