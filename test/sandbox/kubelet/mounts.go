package kubelet

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// mounts translates the paths that a container believes in to those that exist.
// It is ordered: the longest mount path comes first.
type mounts []mount

type mount struct{ path, real string }

// mounts finds the directory, or for a subPath the file, of every volumeMount.
func (w *worker) mounts(c *container) (mounts, error) {
	var all mounts
	for _, m := range c.spec.VolumeMounts {
		v := w.record.volume(m.Name)
		if v == nil {
			return nil, fmt.Errorf("container %s mounts volume %s, which the pod does not have", c.spec.Name, m.Name)
		}
		dir := v.dir
		if m.SubPathExpr != "" {
			return nil, fmt.Errorf("container %s: subPathExpr is not supported in the sandbox", c.spec.Name)
		}
		if m.SubPath != "" {
			real, err := w.subPath(c, v, m.SubPath)
			if err != nil {
				return nil, fmt.Errorf("container %s: %w", c.spec.Name, err)
			}
			dir = real
		}
		all = append(all, mount{path: strings.TrimRight(m.MountPath, "/"), real: dir})
	}
	all.sort()
	return all, nil
}

// sort puts the longest path first, so that a mount inside a mount wins.
func (m mounts) sort() {
	sort.SliceStable(m, func(i, j int) bool { return len(m[i].path) > len(m[j].path) })
}

// subPath finds a path inside a volume. A file of a ConfigMap or Secret is copied:
// a real mount keeps showing the file that was there when the container started.
func (w *worker) subPath(c *container, v *volume, path string) (string, error) {
	inside := filepath.Clean("/" + path)
	full := filepath.Join(v.dir, inside)
	if v.content == nil {
		// A directory of an empty volume is made on mounting.
		if _, err := os.Stat(full); os.IsNotExist(err) {
			return full, os.MkdirAll(full, 0o755)
		}
		return full, nil
	}
	data, err := os.ReadFile(full)
	if err != nil {
		return "", fmt.Errorf("subPath %s of volume %s: %w", path, v.name, err)
	}
	copied := filepath.Join(w.scratch(), "containers", c.spec.Name, "subpaths", v.name, inside)
	if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
		return "", fmt.Errorf("subPath %s of volume %s: %w", path, v.name, err)
	}
	return copied, os.WriteFile(copied, data, 0o600)
}

// rewrite replaces every mount path that stands as a whole path prefix.
func (m mounts) rewrite(text string) string {
	if len(m) == 0 {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		if hit, ok := m.at(text, i); ok {
			out.WriteString(hit.real)
			i += len(hit.path)
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return out.String()
}

// at finds a mount path at position i: nothing that could belong to a longer
// path may stand before it, and only a slash or a character that ends a path after.
func (m mounts) at(text string, i int) (mount, bool) {
	if text[i] != '/' || (i > 0 && inPath(text[i-1])) {
		return mount{}, false
	}
	for _, candidate := range m {
		if candidate.path == "" || !strings.HasPrefix(text[i:], candidate.path) {
			continue
		}
		end := i + len(candidate.path)
		if end == len(text) || text[end] == '/' || !inPath(text[end]) {
			return candidate, true
		}
	}
	return mount{}, false
}

func inPath(c byte) bool {
	return c == '/' || c == '.' || c == '-' || c == '_' || c == '~' || c == '%' || c == '@' || c == '+' ||
		('0' <= c && c <= '9') || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z')
}
