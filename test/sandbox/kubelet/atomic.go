package kubelet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The names that a real kubelet uses as well, and that programs which watch
// their files know of.
const (
	dataLink    = "..data"
	newDataLink = "..data_tmp"
)

// writeAtomically gives dir exactly these files, all of them at one moment: every
// file is a link through ..data, and ..data is exchanged by one rename.
func writeAtomically(dir string, content files) error {
	fresh, err := os.MkdirTemp(dir, "..content-")
	if err != nil {
		return fmt.Errorf("write volume: %w", err)
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return fmt.Errorf("write volume: %w", err)
	}
	tops := map[string]bool{}
	for name, f := range content {
		clean := strings.TrimPrefix(filepath.Clean("/"+name), "/")
		path := filepath.Join(fresh, clean)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write volume: %w", err)
		}
		// Readable by us in any case: the process runs as the same user.
		if err := os.WriteFile(path, []byte(f.data), f.mode|0o400); err != nil {
			return fmt.Errorf("write volume: %w", err)
		}
		top, _, _ := strings.Cut(clean, "/")
		tops[top] = true
	}
	old, _ := os.Readlink(filepath.Join(dir, dataLink))
	if err := exchange(dir, filepath.Base(fresh)); err != nil {
		return fmt.Errorf("write volume: %w", err)
	}
	if err := linkTops(dir, tops); err != nil {
		return fmt.Errorf("write volume: %w", err)
	}
	if old != "" {
		return os.RemoveAll(filepath.Join(dir, old))
	}
	return nil
}

func exchange(dir, fresh string) error {
	link := filepath.Join(dir, newDataLink)
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Symlink(fresh, link); err != nil {
		return err
	}
	return os.Rename(link, filepath.Join(dir, dataLink))
}

// linkTops makes the visible names follow ..data.
func linkTops(dir string, tops map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	present := map[string]bool{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") {
			continue
		}
		present[e.Name()] = true
		if !tops[e.Name()] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for top := range tops {
		if !present[top] {
			if err := os.Symlink(filepath.Join(dataLink, top), filepath.Join(dir, top)); err != nil {
				return err
			}
		}
	}
	return nil
}
